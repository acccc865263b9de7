"""Intervals, paired tests, power; pure functions of arrays.

intervals      proportions, means of replicates, quantiles with their minimum n
cluster        means of scores whose items share images
bounded_mean   bounds of a mean when few values deviate
bootstrap      corpus metrics, resampled by image
multiple       Holm
latency        speed-ups from interleaved replicates, looks, stopping
claims         when a speed-up may be put into words
verdict        what can be said about accuracy
"""
