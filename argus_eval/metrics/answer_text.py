"""What a text metric reads out of a prediction."""

from __future__ import annotations

from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed

__all__ = ["EMPTY_ANSWER", "MISSING", "answer_text"]

EMPTY_ANSWER = "empty answer"
MISSING = "missing"


def answer_text(prediction: Prediction) -> str | None:
    """The predicted text, or ``None`` where nothing was read.

    An empty answer is a text like any other: official scripts compare it (ANLS gives 1 for an empty reference,
    POPE reads it as "yes"), so :data:`EMPTY_ANSWER` reads as ``""``, while a missing prediction is ``None``.
    """
    if isinstance(prediction, Unparsed):
        return "" if prediction.reason == EMPTY_ANSWER else None
    assert isinstance(prediction, Parsed)
    return prediction.value.text if isinstance(prediction.value, Answer) else None
