"""The flip floor: which samples, at what cost, and what it says of an arm."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from argus_eval.backends.protocol import Question
from argus_eval.backends.resolve import model_facts
from argus_eval.core.record import Record
from argus_eval.core.results import FlipCheck, Verdict
from argus_eval.engine.accuracy_summary import TaskAnswers
from argus_eval.engine.flip_floor import (
    FLOOR_SHARE,
    AccuracyPace,
    FloorJob,
    FloorSample,
    FloorSubset,
    floor_obstacle,
    run_floor,
)
from argus_eval.engine.flips import check_flips
from argus_eval.engine.narrator import Silent
from argus_eval.engine.plan import ModelPlan
from argus_eval.errors import SampleError
from argus_eval.recipes.compose import ArmPlan
from argus_eval.store import RunDirectory, RunWriter
from tests.engine.fakes import Answering, question_of

BASELINE = "argus-nano:baseline"
L1 = ArmPlan(name="uint8-transfer", recipes=("uint8-transfer",))


def model_of(*arms: ArmPlan, backend: str = "transformers") -> ModelPlan:
    facts = dataclasses.replace(
        model_facts("argus-nano", weights=None, device="cpu", dialect=None), backend=backend
    )
    arms = (ArmPlan(name="baseline", recipes=()), *arms)
    return ModelPlan(facts=facts, arms=arms, weights=None, dropped=())


def subset_of(keys: Sequence[str], *, seed: int = 0, **limits: int) -> list[str]:
    subset = FloorSubset(seed=seed, **limits)
    for key in keys:
        subset.offer("t", question_of(key), f"sha256:{key}")
    return [sample.question.sample.key for sample in subset.chosen()]


KEYS = [f"k{number}" for number in range(1000)]


def test_the_subset_is_random_and_the_same_for_a_resumed_run() -> None:
    chosen = subset_of(KEYS)
    assert len(set(chosen)) == 200
    assert chosen == subset_of(list(reversed(KEYS)))
    assert chosen != subset_of(KEYS, seed=1)
    # A uniform draw of 200 of 1000: its mean place is 499.5 with a standard error of 18.
    assert abs(np.mean([int(key[1:]) for key in chosen]) - 499.5) < 4 * 18
    # What is asked first is what a smaller draw would have asked.
    assert chosen[:50] == subset_of(KEYS, most=50)
    assert len(subset_of(KEYS[:30])) == 30


def test_the_subset_holds_few_bytes() -> None:
    subset = FloorSubset(seed=0, most_bytes=1000)
    for key in KEYS:
        subset.offer("t", question_of(key, image_bytes=300), "")
    assert len(subset.chosen()) == 3
    assert [s.question.sample.key for s in subset.chosen()] == subset_of(KEYS)[:3]


def job_of(folder: Path, runner: Answering, *, samples: int, pace: AccuracyPace) -> list[Record]:
    known = (folder / "manifest.json").exists()
    run = RunDirectory(folder) if known else RunWriter.create(folder, {"run_id": "x"})
    chosen = [FloorSample(task="t", question=question_of(key), content=key) for key in KEYS[:samples]]
    done = {record.key: record for record in run.records()}
    job = FloorJob(arm=BASELINE, runner=cast(Any, runner), samples=chosen, done=done, pace=pace)
    with RunWriter(run) as writer:
        run_floor(job, writer, Silent(), lambda: runner.clock() / 1e9)
    return [record for record in run.records() if record.role == "measured"]


def test_each_sample_is_asked_alone(tmp_path: Path) -> None:
    runner = Answering(seconds=0.1)
    pace = AccuracyPace(spent_s=1000, made=400, answers=400)
    records = job_of(tmp_path, runner, samples=200, pace=pace)
    assert runner.batches == [1] * 40  # a tenth of 400 answers
    assert [record.sample for record in records] == KEYS[:40]
    assert {record.pass_name for record in records} == {"floor"}
    assert len({record.key for record in records}) == 40
    # Finished is finished: nothing is asked again, whatever time there would be.
    assert job_of(tmp_path, runner, samples=200, pace=dataclasses.replace(pace, answers=4000)) == records
    assert len(runner.batches) == 40


@pytest.mark.parametrize("made", [4000, 2000])
def test_a_tenth_of_the_accuracy_pass_is_all_it_takes(tmp_path: Path, made: int) -> None:
    runner = Answering(seconds=0.5)
    # 4000 answers at 0.1 s each: 400 s, of which the floor may take 40.
    pace = AccuracyPace(spent_s=0.1 * made, made=made, answers=4000)
    records = job_of(tmp_path, runner, samples=200, pace=pace)
    assert len(records) == pytest.approx(FLOOR_SHARE * 400 / 0.5, abs=1)


def test_an_interrupted_floor_goes_on(tmp_path: Path) -> None:
    pace = AccuracyPace(spent_s=1000, made=400, answers=400)
    runner = Answering(seconds=0.1, dies_after=20)
    with pytest.raises(KeyboardInterrupt):
        job_of(tmp_path, runner, samples=200, pace=pace)
    kept = [record.sample for record in RunDirectory(tmp_path).records()]
    assert 0 < len(kept) <= 20
    again = Answering(seconds=0.1)
    # The accuracy pass was complete: what it took is not known any more.
    records = job_of(tmp_path, again, samples=200, pace=AccuracyPace(spent_s=0.1, made=0, answers=400))
    assert [record.sample for record in records] == KEYS[:40]
    assert len(again.batches) == 40 - len(kept)
    assert len({record.block for record in records}) == 40


def test_a_failed_answer_is_a_record(tmp_path: Path) -> None:
    class Failing(Answering):
        def answer(self, questions: Sequence[Question]) -> list[Any]:
            super().answer(questions)
            return [SampleError("no")]

    pace = AccuracyPace(spent_s=100, made=20, answers=20)
    records = job_of(tmp_path, Failing(seconds=0.1), samples=5, pace=pace)
    assert [(record.status, record.error) for record in records] == [("error", "no")] * 2


def test_only_who_needs_a_floor_pays_for_one() -> None:
    assert floor_obstacle(model_of(L1), 8) is None
    assert "alone" in (floor_obstacle(model_of(L1), 1) or "")
    assert "serves" in (floor_obstacle(model_of(L1, backend="openai"), 8) or "")
    assert floor_obstacle(model_of(), 8) is not None
    assert floor_obstacle(model_of(ArmPlan(name="x", recipes=("token-splice",))), 8) is not None


def records_of(arm: str, pass_name: str, changed: Sequence[bool], *, images: int | None = None) -> list[Record]:
    """Answers on samples 0 … n − 1; one that changed has other tokens than the baseline's."""
    return [
        Record(
            key=f"{arm}{pass_name}{number}",
            pass_name=cast(Any, pass_name),
            arm=arm,
            task="t",
            sample=str(number),
            replicate=0,
            block=0,
            order=number,
            status="ok",
            text="same words",
            hashes={"tokens": f"{arm}{pass_name}" if moved else "b"},
            image=str(number % images if images else number),
        )
        for number, moved in enumerate(changed)
    ]


def checked(
    arm: Sequence[bool], floor: Sequence[bool], plan: ArmPlan = L1, batch_size: int = 8
) -> FlipCheck | None:
    arms = {
        BASELINE: records_of(BASELINE, "accuracy", [False] * len(arm)),
        f"argus-nano:{plan.name}": records_of("arm", "accuracy", arm),
    }
    answers = {"t": TaskAnswers(plan=cast(Any, None), records=arms, statistics={})}
    return check_flips(model_of(plan), plan, answers, records_of(BASELINE, "floor", floor), batch_size)


def flips(count: int, n: int) -> list[bool]:
    return [number < count for number in range(n)]


@pytest.mark.parametrize(
    ("arm", "floor", "verdict", "words"),
    [
        ((0, 400), (1, 200), Verdict.PASS, "floor 1 of 200: within floor + 1 point"),
        ((3, 400), (0, 200), Verdict.INCONCLUSIVE, "flips 3 of 400"),
        ((40, 400), (2, 200), Verdict.FAIL, "above floor + 1 point"),
        ((0, 400), (0, 20), Verdict.NOT_MEASURED, "a floor needs 50"),
        ((0, 400), (0, 0), Verdict.NOT_MEASURED, "not measured"),
    ],
)
def test_an_arm_is_held_against_the_floor(
    arm: tuple[int, int], floor: tuple[int, int], verdict: Verdict, words: str
) -> None:
    found = checked(flips(*arm), flips(*floor))
    assert found is not None
    assert found.verdict is verdict
    assert words in found.reason
    assert (found.arm.changed, found.arm.n) == arm
    if floor[1]:
        assert found.floor is not None
        assert (found.floor.changed, found.floor.n) == floor
    else:
        assert found.floor is None


def test_where_there_is_no_floor_the_reason_is_said() -> None:
    found = checked(flips(1, 100), [], batch_size=1)
    assert found is not None
    assert "flips 1 of 100" in found.reason
    assert "given alone" in found.reason


def test_hashes_decide_for_an_arm_that_claims_equality() -> None:
    assert checked(flips(1, 100), [], ArmPlan(name="x", recipes=("token-splice",))) is None
    assert checked([], []) is None
