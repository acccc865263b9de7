"""The accuracy pass over data that is not all good."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from argus_eval.backends.resolve import model_facts
from argus_eval.data.resolution import resolve
from argus_eval.engine.accuracy import AccuracyPass, run_accuracy, survey
from argus_eval.engine.narrator import Silent
from argus_eval.engine.plan import TaskPlan
from argus_eval.errors import UsageError
from argus_eval.store import RunWriter
from argus_eval.tasks.catalog import load_task


def plan_of(file: Path, task: str = "refcoco") -> TaskPlan:
    found = load_task(task)
    data = resolve(found.spec.source, str(file), strict=False, ci=False, bundled=None)
    return TaskPlan(task=found, data=data, limit=None)


@pytest.fixture
def row(tmp_path: Path) -> dict[str, object]:
    Image.new("RGB", (20, 10)).save(tmp_path / "i.png")
    return {"question_id": "7", "image": "i.png", "answer": ["left"], "bbox": [1, 2, 3, 4]}


def written(tmp_path: Path, *rows: dict[str, object]) -> Path:
    file = tmp_path / "val.jsonl"
    file.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")
    return file


def test_bad_rows_that_share_an_id_are_counted_one_by_one(tmp_path: Path, row: dict[str, object]) -> None:
    bad = [{**row, "bbox": [1, 2, 3]}, {**row, "bbox": [1, 2, 3, float("nan")]}, {**row, "bbox": [1, 2, 0, 4]}]
    seen = survey(plan_of(written(tmp_path, row, *bad, row)))
    assert seen.n == 1
    assert sorted(seen.bad_rows.values()) == [
        "bbox has no area",
        "bbox is not 4 numbers",
        "bbox is not finite",
        "repeats another sample",
    ]


def test_rows_and_exclusions_add_up(tmp_path: Path, row: dict[str, object]) -> None:
    junk: list[dict[str, object]] = [{"question_id": "7"}, {**row, "answer": []}, {**row, "image": "absent.png"}]
    plan = plan_of(written(tmp_path, row, *junk * 5))
    seen = survey(plan)
    assert seen.n + len(seen.bad_rows) == plan.planned() == 16


def test_data_without_any_sample_is_refused_with_the_reasons(tmp_path: Path, row: dict[str, object]) -> None:
    plan = plan_of(written(tmp_path, {**row, "bbox": None}, {**row, "bbox": [1, 2, 3]}))
    facts = model_facts("oracle", weights=None, device="cpu", dialect=None)
    job = AccuracyPass(plan=plan, model=facts, runners={}, batch_size=1, done={})
    run = RunWriter.create(tmp_path / "run", {})
    with RunWriter(run) as writer, pytest.raises(UsageError, match="no row makes a sample"):
        run_accuracy(job, writer, Silent())
