"""Examples: the same for the same seed, of their own stream, and in the words the tasks use."""

from __future__ import annotations

import json
import pathlib

import numpy as np

from argus_eval.data.scenes import Stream
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.scene import content_fingerprint
from argus_eval.models.argus.training.examples import (
    TRAINING_PROFILE,
    Example,
    example_from_json,
    example_to_json,
    make_example,
)
from argus_eval.models.argus.training.feed import SceneFeed
from argus_eval.models.argus.training.shards import SHARD_EXAMPLES, available_shards, read_shard, write_shard
from argus_eval.parsing.argus import DIALECT
from argus_eval.tasks.prompts import PROMPTS


def test_a_seed_is_an_example(examples: list[Example]) -> None:
    again = make_example(3, 64, ("refcoco",))
    np.testing.assert_array_equal(again.pixels, examples[3].pixels)
    assert again.things == examples[3].things


def test_training_scenes_are_none_of_the_bundled_or_validation_ones() -> None:
    def prints(stream: Stream) -> set[str]:
        return {content_fingerprint(generate_scene(seed, TRAINING_PROFILE, stream=stream)) for seed in range(60)}

    training, bundled, validation = prints(Stream.TRAINING), prints(Stream.BUNDLED), prints(Stream.VALIDATION)
    assert len(training) == 60
    assert not training & bundled
    assert not training & validation


def test_questions_are_worded_as_the_tasks_word_them(examples: list[Example]) -> None:
    opening = PROMPTS["grounding"].for_style("argus").user.removesuffix("{expression}")
    ending = PROMPTS["short_answer"].for_style("argus").user.removeprefix("{question}")
    questions = [question for example in examples for question in example.questions]
    assert {question.kind for question in questions} >= {"refcoco", "pope", "vqav2"}
    for question in questions:
        if question.kind == "refcoco":
            assert question.prompt.startswith(opening)
            assert not isinstance(question.target, str)
            numbers = [int(part.split(">")[0]) / DIALECT.bins.scale for part in question.answer.split("<loc_")[1:]]
            np.testing.assert_allclose(numbers, question.target, atol=0.5 / 999 + 1e-9)
        elif question.kind in ("pope", "vqav2", "textvqa"):
            assert question.prompt.endswith(ending)
            assert question.answer


def test_examples_survive_the_disk(examples: list[Example], tmp_path: pathlib.Path) -> None:
    content = json.loads(json.dumps(example_to_json(examples[0])))
    again = example_from_json(content, examples[0].pixels)
    assert again.things == examples[0].things
    assert again.questions == examples[0].questions
    write_shard(tmp_path, 4, examples)
    (tmp_path / "000005.npy").write_bytes(b"half a shard")
    assert available_shards(tmp_path) == [4]
    np.testing.assert_array_equal(read_shard(tmp_path, 4)[1].pixels, examples[1].pixels)


def test_fresh_shards_come_before_repeated_ones(examples: list[Example], tmp_path: pathlib.Path) -> None:
    for number in range(3):
        write_shard(tmp_path, number, examples)
    feed = SceneFeed(tmp_path, seed=0)
    feed.take(3 * len(examples))
    assert (feed.seen, feed.repeats) == (3, 0)
    feed.take(1)
    assert feed.repeats == 1
    assert SceneFeed(tmp_path, seed=0, seen=3).seen == 3
    assert len(examples) <= SHARD_EXAMPLES
