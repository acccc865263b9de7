"""What ``argus-eval score`` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from argus_eval.core.results import Unparsed

__all__ = ["Id", "ScoreReport", "ScoreValue", "listed"]

Id = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreValue:
    """One number: ``value`` is ``None`` where undefined or not measured, ``ci`` where there is no interval."""

    value: float | None
    ci: tuple[float, float] | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """The scores of one file of predictions.

    Attributes:
        task: name of the task.
        n: items of the annotation file.
        metrics: the primary one first.
        unparsed: predictions (rows, for results of detectors) that could not be read; they count as wrong.
        missing: items without a prediction, in the order of the annotations; they count as wrong.
        extra: predictions that belong to no item or repeat one, left out with ``extra=ignore``.
        dropped: parts of readable files that were left out, by reason: boxes of unknown categories, say.
        repairs: what had to be mended to read answers, by kind, with the number of answers.
        ceiling: what the reference itself scores after being written and read in the dialect.
        notes: conditions to state beside the numbers.
    """

    task: str
    n: int
    metrics: Mapping[str, ScoreValue]
    unparsed: Unparsed = field(default_factory=Unparsed)
    missing: tuple[Id, ...] = ()
    extra: tuple[Id, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    repairs: Mapping[str, int] = field(default_factory=dict)
    ceiling: Mapping[str, float | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def listed(ids: Iterable[Id]) -> tuple[Id, ...]:
    """Ids that any file can hold: half a surrogate, which JSON can smuggle in, is written as its escape."""
    return tuple(
        identity.encode("utf-8", "backslashreplace").decode() if isinstance(identity, str) else identity
        for identity in ids
    )
