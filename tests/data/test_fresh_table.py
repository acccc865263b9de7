"""Fresh scenes: the same for a seed, others for another, none that training or the wheel knows."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from argus_eval.data.bundled.names import NAMES
from argus_eval.data.fresh_seed import fresh_seed
from argus_eval.data.fresh_table import FRESH_ITEMS, FreshTable
from argus_eval.data.resolution import resolve
from argus_eval.errors import UsageError
from argus_eval.tasks.catalog import load_task


def table(sample: str, seed: int, *, shared: tuple[str, ...] = ()) -> FreshTable:
    return FreshTable(name="fresh", sample=sample, seed=seed, shared=shared)


def first(rows: Iterator[Any], count: int) -> list[Any]:
    return list(itertools.islice(rows, count))


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("fresh:0", 0),
        ("fresh:17", 17),
        ("fresh:", None),
        ("fresh:-1", None),
        ("fresh:٣", None),
        ("fresh", None),
        ("fresh:" + "9" * 5000, None),
    ],
)
def test_only_a_seed_is_a_seed(text: str, seed: int | None) -> None:
    assert fresh_seed(text) == seed


@pytest.mark.parametrize("task", NAMES)
def test_every_task_has_fresh_samples_of_its_schema(task: str) -> None:
    found = load_task(task)
    data = resolve(found.spec.source, "fresh:3", strict=True, ci=True, bundled=found.spec.bundled)
    assert data.synthetic
    assert data.resolved == "fresh"
    assert "SYNTHETIC DATA" in (data.banner or "")
    samples = first(found.samples(data.rows()), 4)
    assert all(hasattr(sample, "target") for sample in samples), samples
    assert len({sample.key for sample in samples}) == 4


def test_a_seed_gives_the_same_scenes_and_another_seed_others() -> None:
    one, again, other = (first(table("refcoco", seed).rows(), 3) for seed in (5, 5, 6))
    assert one == again
    assert not {row["image"]["bytes"] for row in one} & {row["image"]["bytes"] for row in other}
    with Image.open(io.BytesIO(one[0]["image"]["bytes"])) as picture:
        assert picture.width >= 300


def test_rows_without_the_image_are_the_same_rows() -> None:
    whole, lean = (first(table("vqav2", 1).rows(columns), 5) for columns in (None, ("question", "question_id")))
    assert [row["question_id"] for row in lean] == [row["question_id"] for row in whole]
    assert "image" not in lean[0]
    assert table("vqav2", 1).count() == FRESH_ITEMS


def test_pope_asks_all_questions_of_a_scene() -> None:
    rows = first(table("pope", 2).rows(("question", "answer", "image_source")), 12)
    assert len({row["image_source"] for row in rows}) < 4
    assert {row["answer"] for row in rows} == {"yes", "no"}


def test_what_the_scenes_cannot_be_asked_is_refused() -> None:
    found = load_task("textvqa")
    with pytest.raises(UsageError, match="cannot be asked"):
        resolve(found.spec.source, "fresh:3", strict=False, ci=False, bundled=None)
