"""Scores of boxes out of token probabilities, in dialects with location tokens and with digits."""

from __future__ import annotations

import math
import re

import pytest

from argus_eval.core.geometry import ImageSize, UnitBox
from argus_eval.core.prediction import Parsed, Prediction, Region, Regions
from argus_eval.core.response import Response
from argus_eval.engine.token_scores import with_token_scores
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext

CONTEXT = ParseContext(image_size=ImageSize(640, 480), may_be_empty=True)
BOXES = (UnitBox(0.1, 0.2, 0.3, 0.4), UnitBox(0.5, 0.5, 0.75, 0.9), UnitBox(0.05, 0.6, 0.2, 0.8))
PROBABILITIES = (0.9, 0.2, 0.6)


def tokens_of(text: str) -> list[str]:
    """Special tokens whole, digits one by one, the rest in words."""
    return re.findall(r"<[^<>]*>|\d|[^\d<]+|<", text)


def answer(name: str, *, label: str = "cat") -> tuple[Response, list[str]]:
    """Three boxes; every token with a digit has its box's probability, all others 1/2."""
    dialect = DIALECTS.get(name)
    texts: list[str] = []
    logprobs: list[float] = []
    for box, probability in zip(BOXES, PROBABILITIES, strict=True):
        tokens = tokens_of(dialect.encode([Region(box=box, label=label)], CONTEXT))
        texts += tokens
        logprobs += [math.log(probability if any(map(str.isdigit, t)) else 0.5) for t in tokens]
    text = "".join(texts)
    return Response(text=text, token_logprobs=tuple(logprobs), token_texts=tuple(texts)), texts


def scored(name: str, response: Response) -> Prediction:
    dialect = DIALECTS.get(name)
    prediction = dialect.decode(response.text, CONTEXT)
    return with_token_scores(prediction, response, lambda text: dialect.decode(text, CONTEXT))


def scores(prediction: Prediction) -> list[float | None]:
    assert isinstance(prediction, Parsed)
    assert isinstance(prediction.value, Regions)
    return [region.score for region in prediction.value.regions]


@pytest.mark.parametrize("name", ["argus", "internvl", "paligemma", "florence-2", "deepseek-vl2", "cogvlm"])
def test_a_box_has_the_probability_of_its_numbers(name: str) -> None:
    response, _ = answer(name)
    assert scores(scored(name, response)) == pytest.approx(PROBABILITIES, abs=1e-12)


def test_nothing_is_scored_without_probabilities_or_with_another_text() -> None:
    response, texts = answer("argus")
    bare = Response(text=response.text)
    assert scores(scored("argus", bare)) == [None, None, None]
    other = Response(text=response.text, token_logprobs=(0.0,) * 9, token_texts=tuple(texts[:9]))
    assert scores(scored("argus", other)) == [None, None, None]


def test_what_the_model_wrote_itself_stays() -> None:
    text = '[{"box_2d": [1, 2, 3, 4], "label": "cat", "confidence": 0.25}]'
    tokens = tokens_of(text)
    response = Response(text=text, token_logprobs=(-1.0,) * len(tokens), token_texts=tuple(tokens))
    assert scores(scored("gemini", response)) == [0.25]
