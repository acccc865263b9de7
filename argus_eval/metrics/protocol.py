"""The two kinds of metric.

A :class:`SampleMetric` gives each sample its own value and the task's value is their mean. A
:class:`CorpusMetric` is a function of all samples together (AP, CIDEr, F1); it exposes *statistics* of each
sample, from which the value over any weighted subset follows, so that a paired bootstrap can resample it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample

__all__ = ["CorpusMetric", "Metric", "MetricInfo", "SampleMetric"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricInfo:
    """What a page must say about one number.

    Attributes:
        name: as in CONTRACTS ("acc@0.5").
        higher_is_better: direction.
        bounded: lies in [0, 1]; others (CIDEr) stay out of means.
        reference: the implementation it is held against by a parity test.
        binary: a sample's value is 0 or 1 (sample metrics only).
    """

    name: str
    higher_is_better: bool
    bounded: bool
    reference: str
    binary: bool = False


class SampleMetric(Protocol):
    """One value a sample; the first of ``infos`` is the primary one."""

    @property
    def infos(self) -> tuple[MetricInfo, ...]: ...

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """A value for every name in ``infos``; an unparsed prediction gets the worst one."""
        ...


class CorpusMetric(Protocol):
    """A value of all samples together; the first of ``infos`` is the primary one."""

    @property
    def infos(self) -> tuple[MetricInfo, ...]: ...

    def statistics(self, prediction: Prediction, sample: Sample) -> Any:
        """What this sample contributes; opaque to the caller."""
        ...

    def reduce(
        self, statistics: Sequence[Any], weights: NDArray[np.float64] | None = None
    ) -> Mapping[str, float | None]:
        """Every named value over the samples, each counted ``weights[i]`` times (once, where ``None``).

        A value that is not defined on these samples (no small objects, say) is ``None``.
        """
        ...


Metric = SampleMetric | CorpusMetric
