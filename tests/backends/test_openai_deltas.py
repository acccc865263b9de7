"""Tokens in a stream: their texts, probabilities and ids, and what a hostile server may put in their place."""

from __future__ import annotations

import asyncio
import json
import math
import re

import pytest

from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.openai.deltas import read_delta
from argus_eval.backends.protocol import Question
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.geometry import ImageSize, UnitBox
from argus_eval.core.prediction import Parsed, Region, Regions
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.engine.token_scores import with_token_scores
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext
from tests.backends.fake_server import (
    DONE,
    ROLE,
    Call,
    FakeServer,
    end,
    event,
    head,
    part,
    refuse,
    send_json,
    usage_event,
)

CONTEXT = ParseContext(image_size=ImageSize(640, 480), may_be_empty=True)
BOXES = (UnitBox(0.1, 0.2, 0.3, 0.4), UnitBox(0.5, 0.5, 0.75, 0.9))
PROBABILITIES = (0.9, 0.3)


def chunk(content: list[object]) -> bytes:
    return json.dumps({"choices": [{"delta": {"content": "x"}, "logprobs": {"content": content}}]}).encode()


def test_probabilities_and_texts() -> None:
    found = read_delta(chunk([{"token": " a", "logprob": -0.5}, {"token": "", "logprob": 1e-9}]))
    assert found.logprobs == (-0.5, 0.0)
    assert found.token_texts == (" a", "")


@pytest.mark.parametrize("wrong", [None, "x", "NaN", 5, -1e300, [], {}, 10**400])
def test_what_is_no_probability_leaves_the_counts_unequal(wrong: object) -> None:
    data = chunk([{"token": "a", "logprob": -1}, {"token": "b", "logprob": "HERE"}])
    found = read_delta(data.replace(b'"HERE"', b"NaN" if wrong == "NaN" else json.dumps(wrong).encode()))
    assert found.logprobs == (-1.0,)
    assert found.token_texts == ("a", "b")
    assert found.carries_token


@pytest.mark.parametrize("content", [None, 3, "text", [1, None, "x"], {"a": 1}])
def test_other_shapes_are_none(content: object) -> None:
    data = json.dumps({"choices": [{"delta": {}, "logprobs": {"content": content}}]}).encode()
    assert read_delta(data).token_texts == ()


async def boxes(call: Call, writer: asyncio.StreamWriter) -> None:
    """Two boxes, a token a chunk; the numbers of a box have its probability, all other tokens 1/2."""
    if call.method == "GET":
        await (
            send_json(writer, {"data": [{"id": "tiny"}]})
            if call.path == "/models"
            else refuse(writer, "404 -", "-")
        )
        return
    wanted = call.body.get("logprobs")
    await head(writer)
    opening = ROLE.replace(b'"choices"', b'"prompt_token_ids": [7, 8, 9], "choices"')
    await part(writer, opening)
    count, stream = 0, b""
    for box, probability in zip(BOXES, PROBABILITIES, strict=True):
        text = DIALECTS.get("internvl").encode([Region(box=box, label="cat")], CONTEXT)
        for token in re.findall(r"<[^<>]*>|\d|[^\d<]+|<", text):
            logprob = math.log(probability if token.isdigit() else 0.5)
            more = {"logprobs": {"content": [{"token": token, "logprob": logprob}]}} if wanted else {}
            stream += event(content=token, token_ids=[count], **more)
            count += 1
    await part(writer, stream + event(delta={}, finish_reason="stop") + usage_event(count) + DONE)
    await end(writer)


@pytest.mark.parametrize("asked_for", [True, False])
def test_boxes_of_a_server_are_scored(asked_for: bool) -> None:
    decoding = Decoding(max_new_tokens=99, token_logprobs=asked_for)
    request = Request(key="1", images=(), prompt="Where?", decoding=decoding)
    with FakeServer({"v1": boxes, "root": boxes}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            (response,) = backend.runner(()).answer([Question(task=None, sample=None, request=request)])  # type: ignore[arg-type]
        finally:
            backend.close()
    assert isinstance(response, Response)
    dialect = DIALECTS.get("internvl")
    prediction = dialect.decode(response.text, CONTEXT)
    scored = with_token_scores(prediction, response, lambda text: dialect.decode(text, CONTEXT))
    assert isinstance(scored, Parsed)
    assert isinstance(scored.value, Regions)
    expected = PROBABILITIES if asked_for else (None, None)
    assert [region.score for region in scored.value.regions] == pytest.approx(expected)
    assert bool(response.token_texts) == asked_for
    assert response.hashes == {"ids": fingerprint([7, 8, 9])}
    assert response.token_ids == tuple(range(len(response.token_ids)))
