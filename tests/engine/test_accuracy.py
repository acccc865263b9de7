"""The accuracy pass over data that is not all good."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from argus_eval.backends.protocol import Question
from argus_eval.backends.resolve import model_facts
from argus_eval.core.record import record_key
from argus_eval.core.response import Lengths, Response
from argus_eval.core.sample import Sample
from argus_eval.data.fingerprint import sample_fingerprint
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


class Ahead:
    """Answers with the image's name and notes what was announced before it."""

    looks_ahead = False

    def __init__(self) -> None:
        self.announced: list[str] = []
        self.asked: list[str] = []

    def expect(self, questions: Sequence[Question]) -> None:
        self.announced += [question.sample.key for question in questions]

    def answer(self, questions: Sequence[Question]) -> list[Response]:
        self.asked += [question.sample.key for question in questions]
        return [Response(text="", lengths=Lengths(output_tokens=None)) for _ in questions]


@pytest.mark.parametrize("done", [0, 3])
def test_every_announced_batch_is_asked_next_and_the_first_is_not_announced(
    tmp_path: Path, row: dict[str, object], done: int
) -> None:
    rows = [{**row, "question_id": str(number), "answer": [f"thing {number}"]} for number in range(7)]
    plan = plan_of(written(tmp_path, *rows))
    facts = model_facts("oracle", weights=None, device="cpu", dialect=None)
    samples = [item for item in plan.samples() if isinstance(item, Sample)]
    finished = {
        record_key("accuracy", "a", plan.display, sample.key): sample_fingerprint(sample)
        for sample in samples[:done]
    }
    runner = Ahead()
    job = AccuracyPass(plan=plan, model=facts, runners={"a": runner}, batch_size=3, done=finished)  # type: ignore[dict-item]
    with RunWriter(RunWriter.create(tmp_path / "run", {})) as writer:
        run_accuracy(job, writer, Silent())
    keys = [sample.key for sample in samples]
    assert runner.asked == keys[done:]
    # What an interrupted run has finished is neither asked nor prepared.
    assert runner.announced == keys[3:]


def test_only_the_batch_at_hand_and_the_next_are_ever_held_ready(tmp_path: Path, row: dict[str, object]) -> None:
    """Whatever the number of arms: the next in turn prepares while the one at hand answers."""
    rows = [{**row, "question_id": str(number), "answer": [f"thing {number}"]} for number in range(7)]
    plan = plan_of(written(tmp_path, *rows))
    facts = model_facts("oracle", weights=None, device="cpu", dialect=None)
    ready: list[int] = []

    class Counting(Ahead):
        def expect(self, questions: Sequence[Question]) -> None:
            super().expect(questions)
            ready.append(sum(len(arm.announced) - len(arm.taken()) for arm in arms.values()))

        def taken(self) -> list[str]:
            return [key for key in self.asked if key in self.announced]

    arms = {name: Counting() for name in "abc"}
    job = AccuracyPass(plan=plan, model=facts, runners=arms, batch_size=3, done={})  # type: ignore[arg-type]
    with RunWriter(RunWriter.create(tmp_path / "run", {})) as writer:
        run_accuracy(job, writer, Silent())
    assert max(ready) == 2 * 3
    assert all(len(arm.asked) == 7 for arm in arms.values())
    assert arms["a"].announced == arms["a"].asked[3:]
    assert arms["b"].announced == arms["b"].asked
