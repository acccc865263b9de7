"""Several tests at once."""

from __future__ import annotations

import numpy as np

from argus_eval.errors import ArgusEvalError
from argus_eval.stats.intervals import FloatArray, Values

__all__ = ["holm"]


def holm(p_values: Values) -> FloatArray:
    """P-values adjusted for their number, so that comparing each with α keeps the family's error at α.

    Holm (1979), *A simple sequentially rejective multiple test procedure*; valid under any dependence.

    Args:
        p_values: shape (k,), in [0, 1].

    Returns:
        Adjusted p-values in the given order, shape (k,).

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p_values, dtype=np.float64)
    if raw.ndim != 1 or not ((raw >= 0) & (raw <= 1)).all():
        raise ArgusEvalError(f"holm: expected p-values in [0, 1] of shape (k,), got {raw}")
    order = np.argsort(raw, kind="stable")
    steps = np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
