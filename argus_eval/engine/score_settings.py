"""Settings of ``argus-eval score``: what ``--set name=value`` may say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from argus_eval.errors import UsageError

__all__ = ["COMPAT", "ScoreSettings", "parse_settings"]

#: Variants of a task's metrics by name; "official" is what the published numbers are.
COMPAT = ("official", "strict", "clean", "evalai", "vqav2", "pycocotools")

_VALUES: dict[str, tuple[str, ...]] = {
    "ci": ("on", "off"),
    "compat": COMPAT,
    "extra": ("error", "ignore"),
    "scores": ("auto", "constant"),
    "tokenizer": ("ptb", "none"),
}
_NAMES = (*_VALUES, "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """How to score.

    Attributes:
        ci: compute intervals.
        extra: what to do with predictions that belong to no item or repeat one.
        tokenizer: of captions: the official scorer's, or none for text that is tokenised already.
        categories: file with the names a detector could choose from; by default the annotations' own.
        compat: "official"; "strict" (ANLS as in its paper); "clean" (ChartQA without currency signs and
            separators); "evalai" or "vqav2" (the other benchmark's normaliser); "pycocotools" (an annotation with
            id 0 can be found but does not count).
        scores: the model's confidences where it gave one for every box, or constant for all.
    """

    ci: bool = True
    extra: Literal["error", "ignore"] = "error"
    tokenizer: Literal["ptb", "none"] = "ptb"
    categories: Path | None = None
    compat: str = "official"
    scores: Literal["auto", "constant"] = "auto"


def parse_settings(pairs: Sequence[str]) -> ScoreSettings:
    """Settings from ``name=value`` strings; a later one wins.

    Raises:
        UsageError: not of that form, no such setting, or a value that it does not have.
    """
    given: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise UsageError(f"--set {pair}: expected name=value")
        if name not in _NAMES:
            raise UsageError(f"--set {pair}: {name!r} is unknown; it is one of {', '.join(_NAMES)}")
        if name in _VALUES and value not in _VALUES[name]:
            raise UsageError(f"--set {pair}: {name} is one of {', '.join(_VALUES[name])}")
        given[name] = value
    return ScoreSettings(
        ci=given.get("ci", "on") == "on",
        extra="ignore" if given.get("extra") == "ignore" else "error",
        tokenizer="none" if given.get("tokenizer") == "none" else "ptb",
        categories=Path(given["categories"]) if "categories" in given else None,
        compat=given.get("compat", "official"),
        scores="constant" if given.get("scores") == "constant" else "auto",
    )
