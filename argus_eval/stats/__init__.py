"""Intervals, paired tests, power; pure functions of arrays."""
