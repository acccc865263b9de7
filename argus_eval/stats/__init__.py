"""Intervals, paired tests, power; pure functions of arrays.

intervals      proportions, means of replicates, quantiles with their minimum n
cluster        means of scores whose items share images
bounded_mean   bounds of a mean when few values deviate
bootstrap      corpus metrics, resampled by image
multiple       Holm
latency        speed-ups from interleaved replicates, looks, stopping
detectable     the smallest speed-up a run can claim
claims         when a speed-up may be put into words
processes      may blocks of one process stand in for processes
drift          did the machine change; what did measuring cost
verdict        what can be said about accuracy
pairs          scores of two arms on the same items
preservation   is accuracy preserved
policy         one group that has to pass, a guard on each task
validity       when two arms cannot be compared
flips          answers that change although nothing should
power          how many pairs an accuracy question needs
"""
