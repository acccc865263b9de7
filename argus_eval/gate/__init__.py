"""Policies and verdicts over finished runs."""
