"""What caches may take over, and that pictures are decoded once."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.measure.stages import StageRecorder
from argus_eval.recipes import prefix_cache, vision_cache
from argus_eval.recipes.prefix_cache import reusable
from tests.pipeline.images import AWKWARD, request

IMAGE = 9
ids = st.lists(st.sampled_from([1, 2, IMAGE]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("kept", "new", "same", "expected"),
    [
        ([1, 2, 3], [1, 2, 4, 5], True, 2),
        ([1, 2, 3], [1, 2, 3], True, 2),  # one position is always left to compute
        ([1, 9, 9, 2, 3], [1, 9, 9, 2, 4], True, 4),
        ([1, 9, 9, 2, 3], [1, 9, 9, 2, 4], False, 1),
        ([1, 9, 2, 9, 3], [1, 9, 2, 9, 4], True, 4),
        ([1, 9, 2, 5, 5], [1, 9, 2, 9, 4], True, 1),  # the second picture is not in it
        ([7, 1], [1, 7], True, 0),
    ],
)
def test_what_a_prompt_takes_over(kept: list[int], new: list[int], same: bool, expected: int) -> None:
    assert reusable(kept, new, IMAGE, same) == expected


@given(kept=ids, new=ids, same=st.booleans())
def test_taken_over_positions_agree_and_pictures_are_whole(kept: list[int], new: list[int], same: bool) -> None:
    length = reusable(kept, new, IMAGE, same)
    assert 0 <= length < len(new)
    assert kept[:length] == new[:length]
    inside, all_of_them = new[:length].count(IMAGE), new.count(IMAGE)
    assert inside in (0, all_of_them)
    assert same or inside == 0


class Counting:
    """A part that counts how often it is asked."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.calls = inner, 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.inner(*args)


def counted(pipeline: Any) -> tuple[Any, Counting, Counting]:
    decoder, vision = Counting(pipeline.decoder), Counting(pipeline.vision)
    return dataclasses.replace(pipeline, decoder=decoder, vision=vision), decoder, vision


def test_a_known_picture_is_neither_decoded_nor_encoded_again(pipeline: Any) -> None:
    watched, decoder, vision = counted(pipeline)
    cached = vision_cache.apply(watched)
    for _ in range(2):
        for kind in ("palette", "grey"):
            cached.run(request(AWKWARD[kind], tokens=1), StageRecorder())
    assert (decoder.calls, vision.calls) == (2, 2)
    both = dataclasses.replace(request(AWKWARD["grey"], tokens=1), images=(AWKWARD["grey"], AWKWARD["palette"]))
    expected = pipeline.run(both, StageRecorder()).token_ids
    assert cached.run(both, StageRecorder()).token_ids == expected
    assert vision.calls == 3
    assert cached.run(dataclasses.replace(both, images=()), StageRecorder()).token_ids


def test_the_cache_lets_go_of_what_was_used_longest_ago(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_eval.recipes.vision_cache._MOST_BYTES", 1)
    watched, decoder, _ = counted(pipeline)
    cached = vision_cache.apply(watched)
    for kind in ("palette", "grey", "grey", "palette"):
        cached.run(request(AWKWARD[kind], tokens=1), StageRecorder())
    assert decoder.calls == 3


def test_a_cached_batch_answers_like_stock(pipeline: Any) -> None:
    cached, silent = vision_cache.apply(pipeline), StageRecorder(enabled=False)
    asked = [request(AWKWARD[kind], tokens=3) for kind in ("palette", "grey")]
    for one in asked:
        cached.run(one, silent)
    expected = pipeline.run_prepared([pipeline.host_inputs(one, silent) for one in asked], asked[0].decoding)
    found = cached.run_prepared([cached.host_inputs(one, silent) for one in asked], asked[0].decoding)
    assert [one.token_ids for one in found] == [one.token_ids for one in expected]


def test_the_second_question_prefills_only_itself(pipeline: Any) -> None:
    cached = prefix_cache.apply(pipeline)
    lengths: list[int] = []

    def note(module: Any, args: Any, kwargs: Any) -> None:
        lengths.append(kwargs["inputs_embeds"].shape[1])

    handle = pipeline.model.base_model.language_model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        for question in ("What is it?", "Where is it?"):
            cached.run(request(AWKWARD["palette"], prompt=question, tokens=1), StageRecorder())
        cached.run(request(AWKWARD["grey"], prompt="Where is it?", tokens=1), StageRecorder())
    finally:
        handle.remove()
    assert lengths[1] < 20 < lengths[0]
    assert lengths[2] > 64  # another picture: its visual tokens have to be read
