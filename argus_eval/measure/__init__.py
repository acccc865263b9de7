"""Clocks, stages, memory, energy, environment, noise."""
