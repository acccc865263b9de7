"""The same answers through lmms-eval's evaluator and through our engine give the same numbers.

Six tasks on local copies in the published schemas, with answers that are right, wrong, chatty and empty. lmms-eval
loads its data, builds its prompts and scores by itself; nothing of ours takes part in that.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lmms_eval", reason="lmms-eval is not installed: pip install 'argus-eval[lmms]'")

from lmms_eval import evaluator
from lmms_eval.api.model import lmms
from lmms_eval.api.task import _resolve_hf_datasets_cache_dir
from lmms_eval.tasks import TaskManager

from argus_eval.backends.protocol import ModelFacts
from argus_eval.config import RunConfig
from argus_eval.core.record import Record
from argus_eval.core.response import Response
from argus_eval.core.results import DataResolution, TaskResult
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.engine.accuracy import AccuracyPass, run_accuracy
from argus_eval.engine.accuracy_summary import collect_answers, task_result
from argus_eval.engine.narrator import Silent
from argus_eval.engine.plan import TaskPlan, make_plan
from argus_eval.tasks.lmms.index import task_index
from tests.tasks.lmms.folders import COPIES, write_copy

TASKS = ("pope", "textvqa_val", "chartqa", "ai2d", "ocrbench", "mme", "refcoco_bbox_rec_val", "scienceqa_img")
ROWS = 12


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """lmms-eval keeps a prepared copy by the hub id alone, so two copies of one data set need two caches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LMMS_EVAL_DATASETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        _resolve_hf_datasets_cache_dir.cache_clear()
        yield
    _resolve_hf_datasets_cache_dir.cache_clear()


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copies")
    for task in TASKS:
        write_copy(task, root, ROWS)
    return root


@pytest.fixture(scope="module")
def plans(copies: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, TaskPlan]:
    """Every task opened by us, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        plan = make_plan(
            RunConfig(
                models=("oracle",),
                tasks=tuple(f"lmms:{task}" for task in TASKS),
                data={f"lmms:{task}": str(copies / COPIES[task][1]) for task in TASKS},
                runs_dir=tmp_path_factory.mktemp("runs"),
            )
        )
    return {task.task.name.removeprefix("lmms:"): task for task in plan.tasks}


@pytest.fixture(scope="module")
def answers(plans: dict[str, TaskPlan]) -> dict[tuple[str, int], str]:
    """A mixture: the reference, the next one's, the reference in a sentence, with a stop string, and nothing."""
    found: dict[tuple[str, int], str] = {}
    for task, plan in plans.items():
        targets = [sample.target.answers[0] for sample in _samples(plan)]
        for number, target in enumerate(targets):
            other = targets[(number + 1) % len(targets)]
            forms = (target, other, f"{target}. It is so.", f"{target}\nASSISTANT: {other}", "", target.upper())
            found[task, number] = forms[number % len(forms)]
    return found


@pytest.fixture(scope="module")
def theirs(
    copies: Path, answers: dict[tuple[str, int], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Results of lmms-eval itself, started where the copies lie under their hub ids."""
    arguments = argparse.Namespace(
        process_with_media=False,
        output_path=str(tmp_path_factory.mktemp("submissions")),
        reasoning_tags='[["<think>", "</think>"], ["<analysis>", "</analysis>"]]',
    )
    folders = sorted({str(task_index()[task].path.parent) for task in TASKS})
    here = Path.cwd()
    os.chdir(copies)
    try:
        results = evaluator.simple_evaluate(
            model=Recorded(answers),
            tasks=list(TASKS),
            task_manager=TaskManager(include_defaults=False, include_path=folders, model_name="argus_eval"),
            cli_args=arguments,
            log_samples=False,
            bootstrap_iters=0,
        )
    finally:
        os.chdir(here)
    assert results is not None
    return dict(results["results"])


class Recorded(lmms):
    """A model that says what it is told to, as lmms-eval's own chat models take their requests."""

    is_simple = False

    def __init__(self, answers: dict[tuple[str, int], str]) -> None:
        super().__init__()
        self._answers = answers

    def generate_until(self, requests: list[Any]) -> list[str]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> str:
        """Cut where lmms-eval's own adapters cut: at the task's stop strings, the few-shot delimiter aside."""
        _, _, generation, doc_id, task, _ = request.args
        answer = self._answers[task, doc_id]
        for stop in generation["until"]:
            answer = answer if stop == "\n\n" else answer.split(stop)[0]
        return answer

    def generate_until_multi_round(self, requests: list[Any]) -> list[str]:
        raise NotImplementedError

    def loglikelihood(self, requests: list[Any]) -> list[Any]:
        raise NotImplementedError


@pytest.mark.parametrize("task", TASKS)
def test_every_metric_is_what_lmms_eval_gives(
    task: str, plans: dict[str, TaskPlan], answers: dict[tuple[str, int], str], theirs: dict[str, Any]
) -> None:
    ours = _our_result(plans[task], answers)

    expected = {
        name.partition(",")[0]: value
        for name, value in theirs[task].items()
        if isinstance(value, int | float) and "stderr" not in name and name != "samples"
    }
    assert expected, theirs[task]
    assert {name: metric.value for name, metric in ours.metrics.items()} == expected
    primary = next(iter(ours.metrics))
    assert ours.metrics[primary].primary


def test_the_mixture_tells_right_from_wrong(theirs: dict[str, Any]) -> None:
    for task in TASKS:
        values = [
            value for name, value in theirs[task].items() if isinstance(value, float) and "stderr" not in name
        ]
        assert any(value > 0 for value in values), task


@pytest.mark.parametrize(
    ("task", "metric", "bounded"),
    [
        ("pope", "pope_accuracy", True),
        ("chartqa", "relaxed_overall", True),
        ("ai2d", "exact_match", True),
        ("textvqa_val", "exact_match", True),
        ("refcoco_bbox_rec_val", "refcoco_IoU", True),
    ],
)
def test_means_have_scores_of_samples_and_an_interval(
    task: str, metric: str, bounded: bool, plans: dict[str, TaskPlan], answers: dict[tuple[str, int], str]
) -> None:
    records = _records(plans[task], answers)
    found = _our_result(plans[task], answers).metrics[metric]

    scores = [record.scores[metric] for record in records]
    assert all(score is not None for score in scores)
    assert math.isclose(sum(score or 0 for score in scores) / len(scores), found.value or 0, abs_tol=1e-9)
    assert found.ci is not None
    assert found.ci[0] <= (found.value or 0) <= found.ci[1]


@pytest.mark.parametrize(("task", "metric"), [("pope", "pope_f1_score"), ("mme", "mme_perception_score")])
def test_what_is_no_mean_has_neither(
    task: str, metric: str, plans: dict[str, TaskPlan], answers: dict[tuple[str, int], str]
) -> None:
    assert all(metric not in record.scores for record in _records(plans[task], answers))
    assert _our_result(plans[task], answers).metrics[metric].ci is None


def test_a_submission_file_is_no_metric_and_nothing_is_written(
    plans: dict[str, TaskPlan],
    answers: dict[tuple[str, int], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert list(_our_result(plans["textvqa_val"], answers).metrics) == ["exact_match"]
    assert _our_result(plans["ocrbench"], answers).metrics["ocrbench_accuracy"].value is not None
    assert list(tmp_path.iterdir()) == []


def test_an_aggregation_that_adds_up_in_a_global_gives_the_same_twice(
    plans: dict[str, TaskPlan], answers: dict[tuple[str, int], str]
) -> None:
    first, again = (_our_result(plans["ocrbench"], answers).metrics["ocrbench_accuracy"].value for _ in range(2))

    assert first == again
    assert first is not None
    assert first > 0


def test_samples_carry_the_bytes_of_the_data_set_and_their_prompt(plans: dict[str, TaskPlan]) -> None:
    import pyarrow.parquet as parquet

    folder = Path(plans["pope"].data.source)
    row = parquet.read_table(next(folder.rglob("*.parquet"))).to_pylist()[0]
    sample = next(_samples(plans["pope"]))

    assert sample.images[0].data == row["image"]["bytes"]
    assert sample.inputs["prompt"] == row["question"] + "\nAnswer the question using a single word or phrase."
    assert plans["pope"].task.prompt_for(sample, "argus").user == sample.inputs["prompt"]
    assert plans["pope"].task.spec.decoding.max_new_tokens == 128
    assert sample.target == AnswersTarget(answers=(row["answer"],))


def test_limits_are_the_tasks_own(plans: dict[str, TaskPlan]) -> None:
    limits = {task: plan.task.spec.decoding.max_new_tokens for task, plan in plans.items()}

    assert limits["chartqa"] == 16
    assert limits["textvqa_val"] == 1024  # it states none


def _samples(plan: TaskPlan) -> Any:
    return (item for item in plan.samples() if isinstance(item, Sample))


def _records(plan: TaskPlan, answers: dict[tuple[str, int], str]) -> list[Record]:
    writer = _Kept()
    task = plan.task.name.removeprefix("lmms:")
    job = AccuracyPass(plan=plan, model=_FACTS, runners={"told": _Told(task, answers)}, batch_size=5, done={})
    run_accuracy(job, writer, Silent())  # type: ignore[arg-type]
    return writer.records


def _our_result(plan: TaskPlan, answers: dict[tuple[str, int], str]) -> TaskResult:
    collected = collect_answers(plan, _records(plan, answers))
    data = DataResolution(requested="local", resolved="local", fingerprint="", n=ROWS)
    return task_result(collected, "told", data, "", 0)


class _Kept:
    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, records: list[Record]) -> None:
        self.records.extend(records)


class _Told:
    def __init__(self, task: str, answers: dict[tuple[str, int], str]) -> None:
        self._task, self._answers = task, answers

    def answer(self, questions: list[Any]) -> list[Response]:
        return [Response(text=self._answers[self._task, int(question.sample.key)]) for question in questions]


_FACTS = ModelFacts(
    name="told",
    backend="told",
    family="told",
    staged=False,
    dialect=None,
    capabilities=None,
    weights="none",
    label="told",
    measures_speed=False,
    device="",
)
