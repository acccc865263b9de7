"""MMMU: multiple choice by option, open questions by the official script's reading of the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.answer_text import answer_text
from argus_eval.metrics.exact_match import ACCURACY, accepted_answers
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["MMMU_ACCURACY", "MmmuAccuracy", "open_answer_matches"]

_KEY_PHRASES = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_NO_ANSWER = frozenset(":,.!?;'")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MmmuAccuracy:
    """1 where the option is the right one or the open answer contains the reference.

    Unlike the official script, an answer in which no option is found is wrong; there it is drawn at random.
    """

    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="accuracy",
            higher_is_better=True,
            bounded=True,
            binary=True,
            reference="MMMU-Benchmark/MMMU eval_utils.py (no random choice for unreadable answers)",
        ),
    )

    def score(self, prediction: Prediction, sample: Sample) -> Mapping[str, float]:
        """1 or 0."""
        if sample.options:
            return ACCURACY.score(prediction, sample)
        text = answer_text(prediction)
        return {"accuracy": float(text is not None and open_answer_matches(text, accepted_answers(sample)))}


def open_answer_matches(text: str, references: tuple[str, ...]) -> bool:
    """Whether a tail of a sentence that looks like the answer contains a reference, or a number in it equals one.

    >>> open_answer_matches("So the result is 3.14159.", ("3.14",)), open_answer_matches("A cat.", ("dog",))
    (True, False)
    """
    wanted = {form for reference in references for form in _forms(reference)}
    said = {form for candidate in _candidates(text) for form in _forms(candidate)}
    words = [form for form in wanted if isinstance(form, str)]
    if any(isinstance(form, float) and form in wanted for form in said):
        return True
    return any(word in form for form in said if isinstance(form, str) for word in words)


def _candidates(text: str) -> Iterator[str]:
    phrases = list(_key_phrases(text)) or [text.strip().strip(".").lower()]
    for phrase in phrases:
        yield phrase
        for pattern in _NUMBERS:
            yield from pattern.findall(phrase)


def _key_phrases(text: str) -> Iterator[str]:
    # The original splits sentences at ". " before a capital after it has lower-cased: only line breaks split.
    lines = text.strip().strip(".").lower().split("\n")
    for i, line in enumerate(lines):
        markers = (*_KEY_PHRASES, "=") if i == len(lines) - 1 else _KEY_PHRASES
        tails = [line.split(marker)[-1].strip() for marker in markers if marker in line]
        if not tails:
            continue
        shortest = _first_shortest(tails)
        if shortest and shortest not in _NO_ANSWER:
            yield shortest


def _first_shortest(tails: list[str]) -> str:
    # The original starts over at an empty tail, so an empty one is replaced by whatever comes next.
    found = ""
    for tail in tails:
        if not found or len(tail) < len(found):
            found = tail
    return found


def _forms(text: str) -> list[str | float]:
    stripped = text.strip()
    try:
        return [round(float(stripped.replace(",", "")), 2)]
    except ValueError:
        lowered = stripped.lower()
        # A single letter must stand at the edge of a word to count.
        return [" " + lowered, lowered + " "] if len(lowered) == 1 else [lowered]


MMMU_ACCURACY = MmmuAccuracy()
