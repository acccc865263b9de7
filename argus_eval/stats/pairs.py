"""Scores of two arms on the same items, and their mean over tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.cluster import Labels
from argus_eval.stats.intervals import FloatArray

__all__ = ["PairedScores", "pool"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedScores:
    """Scores in [0, 1] of two arms on the same items.

    Attributes:
        baseline, arm: shape (n,). Wrong, empty and unparsed answers are zeros.
        clusters: shape (n,), the image of each item; the same image has the same label in every task.
        weights: shape (n,), positive, for a mean over tasks; None weighs items alike.
    """

    baseline: FloatArray
    arm: FloatArray
    clusters: Labels
    weights: FloatArray | None = None

    def __post_init__(self) -> None:
        images = np.asarray(self.clusters).shape
        if self.baseline.ndim != 1 or not self.baseline.shape == self.arm.shape == images:
            raise ArgusEvalError(
                f"paired scores: baseline {self.baseline.shape}, arm {self.arm.shape}, clusters {images}; "
                "join the arms on sample key first"
            )
        for scores in (self.baseline, self.arm):
            if not ((scores >= 0) & (scores <= 1)).all():
                raise ArgusEvalError(
                    "paired scores: a score lies outside [0, 1]; metrics such as CIDEr go through the bootstrap"
                )

    @property
    def n(self) -> int:
        """Number of pairs."""
        return int(self.baseline.size)

    @property
    def lost(self) -> int:
        """Items that score lower under the arm."""
        return int((self.arm < self.baseline).sum())

    @property
    def gained(self) -> int:
        """Items that score higher under the arm."""
        return int((self.arm > self.baseline).sum())

    @property
    def mean_baseline(self) -> float:
        """Weighted mean score of the baseline."""
        return float(np.average(self.baseline, weights=self.weights))

    @property
    def mean_arm(self) -> float:
        """Weighted mean score of the arm."""
        return float(np.average(self.arm, weights=self.weights))


def pool(tasks: Sequence[PairedScores]) -> PairedScores:
    """The macro mean over tasks as one set of weighted pairs: every task weighs the same, whatever its n.

    An image that several tasks ask about stays one cluster.

    Raises:
        ArgusEvalError: no task, or a task without pairs.
    """
    if not tasks or any(task.n == 0 for task in tasks):
        raise ArgusEvalError(
            "mean over tasks: expected at least one task and pairs in each; leave out unmeasured ones"
        )
    total = sum(task.n for task in tasks)
    return PairedScores(
        baseline=np.concatenate([task.baseline for task in tasks]),
        arm=np.concatenate([task.arm for task in tasks]),
        clusters=np.concatenate([np.asarray(task.clusters).astype(str) for task in tasks]),
        weights=np.concatenate([np.full(task.n, total / (len(tasks) * task.n)) for task in tasks]),
    )
