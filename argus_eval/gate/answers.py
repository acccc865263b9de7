"""What a gate knows of an arm's answers, from a run or a stored baseline: columns with one entry a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from argus_eval.data.resolution import SYNTHETIC
from argus_eval.metrics.protocol import CorpusMetric

__all__ = ["ArmAnswers", "ArmTask", "Corpus", "is_synthetic", "short_name", "without_mark"]

_MARK = "[synthetic]"


def is_synthetic(task: str, resolved: str) -> bool:
    """Whether a task ran on synthetic scenes."""
    return resolved in SYNTHETIC or task.endswith(_MARK)


def without_mark(task: str) -> str:
    """The task's name as policies and catalogues have it.

    >>> without_mark("refcoco[synthetic]")
    'refcoco'
    """
    return task.removesuffix(_MARK)


def short_name(arm: str, model: str) -> str:
    """The arm without its model.

    >>> short_name("argus-nano:lossless", "argus-nano")
    'lossless'
    """
    return arm.removeprefix(f"{model}:")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corpus:
    """What a corpus metric (AP, CIDEr) takes from each answered sample, in the order of the samples."""

    metric: CorpusMetric
    statistics: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmTask:
    """One arm's answers to one task.

    Attributes:
        task: display name. metric: its primary metric.
        higher_is_better: of the metric as it is printed; ``scores`` are always better when higher.
        requested, resolved: data source asked for and used.
        fingerprint: of the data set; empty where unknown. prompt: fingerprint of the prompt; empty where unknown.
        planned: samples that were to be answered; ``None`` where unknown.
        samples: keys, shape (n,), each once.
        images: content hash of each sample's image; the cluster.
        contents: hash of each whole sample; "" where unknown.
        outputs: hash of each answer; "" where unknown.
        texts: the answers; ``None`` where only hashes were stored.
        answered: shape (n,); False where the request failed.
        unparsed: shape (n,); True where the answer could not be read.
        scores: shape (n,), in [0, 1], 0 where not answered; ``None`` where no single sample has one.
        corpus: statistics of a metric that is computed over all samples; ``None`` for others.
        duplicates: keys that occur more than once.
        problems: what is wrong with the records themselves; makes any verdict INVALID.
        absence: why there is nothing to compare; ``None`` where there is.
        supported: False where the model was not made for the task, which then stays out of everything.
    """

    task: str
    metric: str
    higher_is_better: bool = True
    requested: str = ""
    resolved: str = ""
    fingerprint: str = ""
    prompt: str = ""
    planned: int | None = None
    samples: tuple[str, ...] = ()
    images: npt.NDArray[np.str_]
    contents: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    texts: tuple[str | None, ...] | None = None
    answered: npt.NDArray[np.bool_]
    unparsed: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64] | None = None
    corpus: Corpus | None = None
    duplicates: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    absence: str | None = None
    supported: bool = True

    @property
    def n(self) -> int:
        """Samples with a record."""
        return len(self.samples)

    @property
    def synthetic(self) -> bool:
        """Not the benchmark but the bundled sample."""
        return is_synthetic(self.task, self.resolved)

    @property
    def value(self) -> float | None:
        """The metric over all answered samples, as it is printed; ``None`` where there is none."""
        if self.corpus is not None and self.scores is None:
            return self.corpus.metric.reduce(self.corpus.statistics).get(self.metric) if self.n else None
        if self.scores is None or not self.answered.any():
            return None
        mean = float(self.scores[self.answered].mean())
        return mean if self.higher_is_better else 1 - mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmAnswers:
    """One arm of a run or a stored baseline.

    Attributes:
        source: run id, or name of the stored baseline, for people.
        arm: its id. model: its model. recipes: in their order.
        role: "baseline", "variant" or "stored".
        weights: "trained", "random" or "none".
        tasks: display name → answers.
    """

    source: str
    arm: str
    model: str
    role: str
    weights: str
    recipes: tuple[str, ...]
    tasks: Mapping[str, ArmTask]

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.arm} ({self.source})"
