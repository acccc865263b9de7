"""Reversible optimisations of a pipeline, one file each."""
