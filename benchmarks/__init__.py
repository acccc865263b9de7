"""Scripts that measure, each with its raw results in ``results/``."""
