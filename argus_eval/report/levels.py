"""The level table: the fastest arm that keeps enough accuracy, and the most accurate that is fast enough."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.units import format_percent, format_seconds
from argus_eval.report.axes import Axis

__all__ = ["KEEP", "UNDER_MS", "Level", "levels"]

KEEP = (0.99, 0.97, 0.95)
UNDER_MS = (50.0, 100.0, 200.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One question and the arm that answers it; ``arm`` says "no arm" where none does."""

    question: str
    arm: str
    latency: str
    accuracy: str


def levels(
    names: tuple[str, ...],
    baselines: tuple[int | None, ...],
    latency: Axis,
    accuracy: Axis,
    unproven: frozenset[int] = frozenset(),
) -> tuple[Level, ...]:
    """Answers over the arms that have both coordinates, by their point estimates.

    Args:
        names: of the arms.
        baselines: for each arm the index of its baseline; a baseline is its own.
        latency: values in milliseconds.
        accuracy: values in [0, 1].
        unproven: arms of which no gain over their baseline was shown; an answer that is one of them says so.
    """
    named = tuple(
        f"{name} (no gain over its baseline shown)" if index in unproven else name
        for index, name in enumerate(names)
    )
    points = [
        (index, x[0], y[0])
        for index, (x, y) in enumerate(zip(latency.values, accuracy.values, strict=True))
        if x is not None and y is not None
    ]
    found = []
    for keep in KEEP:
        kept = [point for point in points if _keeps(point, keep, baselines, accuracy)]
        best = min(kept, key=lambda point: point[1], default=None)
        question = (
            f"fastest that keeps at least {format_percent(keep).replace('.0', '')} of its baseline's accuracy"
        )
        found.append(_level(question, best, named))
    for limit in UNDER_MS:
        fast = [point for point in points if point[1] < limit]
        best = max(fast, key=lambda point: (point[2], -point[1]), default=None)
        found.append(_level(f"most accurate with a {latency.name} under {limit:g} ms", best, named))
    return tuple(found)


def _keeps(
    point: tuple[int, float, float], keep: float, baselines: tuple[int | None, ...], accuracy: Axis
) -> bool:
    parent = baselines[point[0]]
    before = accuracy.values[parent] if parent is not None else None
    return before is not None and point[2] >= keep * before[0]


def _level(question: str, best: tuple[int, float, float] | None, names: tuple[str, ...]) -> Level:
    if best is None:
        return Level(question=question, arm="no arm of this run", latency="", accuracy="")
    return Level(
        question=question,
        arm=names[best[0]],
        latency=format_seconds(best[1] / 1e3),
        accuracy=format_percent(best[2]),
    )
