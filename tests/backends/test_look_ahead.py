"""Preparing the next questions beside the model: the same answers, and the wait is taken from the model's time."""

from __future__ import annotations

import dataclasses
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
import torch

from argus_eval.backends.protocol import LooksAhead, Question
from argus_eval.backends.transformers_local import LocalRunner
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.errors import SampleError
from argus_eval.recipes import overlap, vision_cache
from tests.pipeline.images import AWKWARD, request


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a local arm looks at of a question."""

    request: Request


@pytest.fixture(scope="module")
def argus_pipeline() -> Any:
    from argus_eval.models.argus.build import build_argus
    from argus_eval.models.families import pipeline_for

    torch.set_num_threads(1)
    built = build_argus("nano", seed=3)
    return pipeline_for("argus", built.model, built.processor)


def questions(*kinds: str) -> list[Question]:
    return [cast(Question, Asked(request(AWKWARD[kind], tokens=3))) for kind in kinds]


def tokens(answers: list[Response | SampleError]) -> list[Any]:
    return [answer.token_ids if isinstance(answer, Response) else str(answer) for answer in answers]


def test_expected_questions_are_prepared_while_nobody_waits(argus_pipeline: Any) -> None:
    prepared, allowed = threading.Event(), threading.Event()

    def decoder(data: bytes) -> Any:
        if allowed.is_set() or not waiting:
            return argus_pipeline.decoder(data)
        assert threading.current_thread() is not threading.main_thread()
        assert allowed.wait(20)
        prepared.set()
        return argus_pipeline.decoder(data)

    waiting = False
    runner = LocalRunner(dataclasses.replace(argus_pipeline, decoder=decoder))
    first, second = questions("palette"), questions("grey", "palette")
    runner.expect(first)
    for _, made, _ in runner._expected.values():
        made.result()
    waiting = True
    runner.expect(second)  # would never return if it prepared in this thread
    found = runner.answer(first)
    assert not prepared.is_set()
    allowed.set()
    found += runner.answer(second)
    assert prepared.is_set()
    plain = LocalRunner(argus_pipeline)
    assert tokens(found) == tokens(plain.answer(first) + plain.answer(second))


def test_nothing_is_kept_of_what_was_answered(argus_pipeline: Any) -> None:
    runner = LocalRunner(argus_pipeline)
    asked = questions("grey", "palette")
    runner.expect(asked)
    runner.answer(asked)
    assert not runner._expected


def test_a_broken_picture_fails_where_it_is_asked_and_nothing_else_does(argus_pipeline: Any) -> None:
    runner = LocalRunner(argus_pipeline)
    broken = cast(Question, Asked(request(dataclasses.replace(AWKWARD["grey"], data=b"no picture"), tokens=3)))
    asked = [*questions("grey"), broken, *questions("palette")]
    runner.expect(asked)
    good, bad, other = runner.answer(asked)
    assert isinstance(good, Response)
    assert isinstance(other, Response)
    assert isinstance(bad, SampleError)
    assert "decoded" in str(bad)


@pytest.mark.parametrize("recipe", [False, True])
def test_only_the_recipe_looks_ahead_where_throughput_is_measured(argus_pipeline: Any, recipe: bool) -> None:
    runner = LocalRunner(overlap.apply(argus_pipeline) if recipe else argus_pipeline)
    assert isinstance(runner, LooksAhead)
    assert runner.looks_ahead is recipe


def test_the_number_of_threads_is_left_as_it_was(argus_pipeline: Any) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        runner = LocalRunner(argus_pipeline)
        asked = questions("grey")
        runner.expect(asked)
        runner.answer(asked)
        with ThreadPoolExecutor(1) as later:
            assert (torch.get_num_threads(), later.submit(torch.get_num_threads).result()) == (2, 2)
    finally:
        torch.set_num_threads(before)


def test_parts_run_in_one_thread_at_a_time(argus_pipeline: Any) -> None:
    """Also where the questions at hand were not announced, as those of the first batch."""
    inside, most = 0, 0

    def decoder(data: bytes) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.05)
        inside -= 1
        return argus_pipeline.decoder(data)

    runner = LocalRunner(dataclasses.replace(argus_pipeline, decoder=decoder))
    runner.expect(questions("palette", "grey"))
    runner.answer(questions("grey", "palette"))
    assert most == 1


def test_a_pipeline_that_remembers_is_not_prepared_in_the_background(argus_pipeline: Any) -> None:
    runner = LocalRunner(vision_cache.apply(argus_pipeline))
    asked = questions("grey", "palette")
    runner.expect(asked)
    assert not runner._expected
    assert tokens(runner.answer(asked)) == tokens(LocalRunner(argus_pipeline).answer(asked))
