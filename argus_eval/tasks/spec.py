"""What a task file says, once it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from argus_eval.core.request import Decoding
from argus_eval.data.source import SourceSpec

__all__ = ["BOX_PARSER", "GROUPS", "KINDS", "Kind", "OracleValue", "TaskSpec"]

Kind = Literal[
    "grounding",
    "vqa",
    "choice",
    "yes_no",
    "document",
    "detection",
    "captioning",
    "dense_captioning",
    "text_spotting",
]
KINDS: tuple[str, ...] = get_args(Kind)

GROUPS = ("all", "all-vqa", "all-ocr", "all-grounding", "all-detection", "all-captioning", "paper")
"""Groups of CONTRACTS. Every task with a group is in ``all``; one without is run by its own name only."""

BOX_PARSER = "box"
"""The parser of answers with boxes: the model's dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleValue:
    """What a metric must read when the best reference is given as the answer, on the bundled sample."""

    value: float
    tolerance: float = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A benchmark: data, prompt, limits, parser, metrics.

    Attributes:
        name: as typed on the command line; the stem of its file.
        title: as pages show it.
        kind: what sort of answer is asked for.
        version: raised whenever a change makes scores incomparable.
        groups: groups it belongs to; "all" is implied where there is any.
        source: where the data is published.
        prompt: name of the prompt set in :mod:`argus_eval.tasks.prompts`.
        prompt_version: version of it that the task was written for.
        decoding: limits of the answer.
        parser: "box", or the name of an answer parser.
        metrics: names in the metric registry, in order.
        primary: name of the value that stands for the task ("acc@0.5").
        oracle: value name → what the oracle must read; :meth:`oracle_for` knows the dialects.
        ceilings: dialect → value name → what the oracle can read in a dialect too coarse for ``oracle``.
        needs: capability that a model must have ("grounding"); a model without reads *unsupported*.
        bundled: name of the bundled synthetic sample.
        notes: what a page must say beside the numbers (leakage, deviations from the published split).
    """

    name: str
    title: str
    kind: Kind
    version: int
    source: SourceSpec
    prompt: str
    prompt_version: int
    decoding: Decoding
    parser: str
    metrics: tuple[str, ...]
    primary: str
    groups: tuple[str, ...] = ()
    oracle: Mapping[str, OracleValue] = field(default_factory=dict)
    ceilings: Mapping[str, Mapping[str, OracleValue]] = field(default_factory=dict)
    needs: str | None = None
    bundled: str | None = None
    notes: tuple[str, ...] = ()

    def oracle_for(self, dialect: str | None) -> Mapping[str, OracleValue]:
        """What the oracle must read when it writes boxes in ``dialect``."""
        return {**self.oracle, **self.ceilings.get(dialect or "", {})}

    @property
    def answers_with_boxes(self) -> bool:
        """Answers are read by the model's dialect."""
        return self.parser == BOX_PARSER
