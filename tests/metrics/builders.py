"""Samples and predictions for tests of text metrics."""

from __future__ import annotations

from collections.abc import Mapping

from argus_eval.core.prediction import Answer, Parsed, Prediction
from argus_eval.core.sample import AnswersTarget, Sample


def said(text: str) -> Prediction:
    """A parsed answer."""
    return Parsed(value=Answer(text=text))


def answers_sample(
    *answers: str,
    options: tuple[str, ...] = (),
    attributes: Mapping[str, str] | None = None,
) -> Sample:
    """A sample whose reference is ``answers``."""
    return Sample(
        key="1",
        images=(),
        inputs={},
        target=AnswersTarget(answers=answers),
        cluster="1",
        options=options,
        attributes=attributes or {},
    )
