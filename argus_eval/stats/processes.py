"""May blocks of one process stand in for processes.

A process has its own memory layout, its own thread placement, its own luck. If processes differ, blocks inside one
of them repeat the same luck, and an interval over blocks is too narrow. It may be used only where this is shown
not to matter on the machine at hand (MEASUREMENT §9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.intervals import FloatArray, check_level

__all__ = ["MOST_INFLATION", "ProcessVariance", "process_variance"]

#: Factor by which blocks may understate the variance of a mean and still be called replicates; 1.5 makes a 95 %
#: interval an 89 % one
MOST_INFLATION = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessVariance:
    """Variance of block effects within and between processes.

    Attributes:
        inflation: between-process over within-process mean square; 1 where processes do not differ.
        upper: upper confidence bound of the true inflation.
        processes, blocks: the design.
    """

    inflation: float
    upper: float
    processes: int
    blocks: int

    @property
    def negligible(self) -> bool:
        """Whether blocks may stand in for processes: shown, not merely not refuted."""
        return self.upper <= MOST_INFLATION


def process_variance(effects: FloatArray, *, level: float = 0.95) -> ProcessVariance | None:
    """One-way analysis of variance of block effects by process.

    ``F / F_{1−level; P−1, P(B−1)}`` bounds ``1 + B σ²_process / σ²_block``, the factor by which the variance of a
    mean over blocks is understated when processes are ignored (Searle, Casella & McCulloch, *Variance Components*,
    §3.6).

    Args:
        effects: shape (processes, blocks), mean paired log-ratios of A/A blocks.
        level: confidence of the upper bound.

    Returns:
        The result, or None for fewer than two processes or two blocks in each.
    """
    check_level(level)
    if effects.ndim != 2 or not np.isfinite(effects).all():
        raise ArgusEvalError(f"process variance: expected finite effects (processes, blocks), got {effects.shape}")
    processes, blocks = effects.shape
    if min(processes, blocks) < 2:
        return None
    between = blocks * float(effects.mean(axis=1).var(ddof=1))
    within = float(effects.var(axis=1, ddof=1).mean())
    if within == 0:
        same = between == 0
        inflation = 1.0 if same else float("inf")
        return ProcessVariance(inflation=inflation, upper=inflation, processes=processes, blocks=blocks)
    inflation = between / within
    quantile = float(special.fdtri(processes - 1, processes * (blocks - 1), 1 - level))
    return ProcessVariance(inflation=inflation, upper=inflation / quantile, processes=processes, blocks=blocks)
