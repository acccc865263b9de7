"""Models across the bridge: ours inside lmms-eval's evaluator, and lmms-eval's inside our engine."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lmms_eval", reason="lmms-eval is not installed: pip install 'argus-eval[lmms]'")

from lmms_eval import evaluator
from lmms_eval.api.task import _resolve_hf_datasets_cache_dir
from lmms_eval.models import get_model
from lmms_eval.tasks import TaskManager

from argus_eval.backends.protocol import Question
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.config import RunConfig
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.sample import Sample
from argus_eval.engine.asking import ask
from argus_eval.engine.narrator import Silent
from argus_eval.engine.plan import make_plan
from argus_eval.engine.run import Finished, execute
from argus_eval.errors import EnvironmentError_, SampleError, UnknownNameError, UsageError
from argus_eval.models import checkpoints
from argus_eval.tasks.catalog import load_task
from argus_eval.tasks.lmms.index import task_index
from tests.tasks.lmms.folders import COPIES, write_copy

TASKS = ("pope", "chartqa")
CHECKPOINT = Path(checkpoints.__file__).parent / "argus/checkpoints/argus-nano"


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
        write_copy(task, root, 6)
    return root


@pytest.fixture(scope="module")
def oracle(copies: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run of ours on two tasks of lmms-eval."""
    config = RunConfig(
        models=("oracle",),
        tasks=tuple(f"lmms:{task}" for task in TASKS),
        data={f"lmms:{task}": str(copies / COPIES[task][1]) for task in TASKS},
        efficiency=False,
        runs_dir=tmp_path_factory.mktemp("runs"),
    )
    return execute(config, Silent())


def _in_lmms_eval(model_args: str, task: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(root)
    results = evaluator.simple_evaluate(
        model="argus_eval",
        model_args=model_args,
        batch_size=2,
        tasks=[task],
        task_manager=TaskManager(
            include_defaults=False, include_path=str(task_index()[task].path.parent), model_name="argus_eval"
        ),
        cli_args=argparse.Namespace(process_with_media=False, output_path=str(root), reasoning_tags=None),
        log_samples=False,
        bootstrap_iters=0,
    )
    assert results is not None
    return dict(results["results"][task])


@pytest.mark.parametrize("task", TASKS)
def test_a_recorded_run_of_ours_scores_the_same_in_lmms_eval(
    task: str, oracle: Finished, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = _in_lmms_eval(f"model=replay:{oracle.run.path}", task, copies, monkeypatch)

    ours = next(found for found in oracle.results.arms[0].tasks if found.task == f"lmms:{task}")
    for name, metric in ours.metrics.items():
        assert metric.value == theirs[f"{name},none"]
    assert next(iter(ours.metrics.values())).value == 1.0


def test_an_answer_is_the_same_on_both_sides_of_the_bridge(copies: Path) -> None:
    plan = make_plan(
        RunConfig(models=("oracle",), tasks=("lmms:pope",), data={"lmms:pope": str(copies / COPIES["pope"][1])})
    ).tasks[0]
    facts = model_facts("argus-nano", weights=str(CHECKPOINT), device="cpu", dialect=None)
    samples = [item for item in plan.samples() if isinstance(item, Sample)][:2]
    questions = [ask(plan, sample, facts, Decoding(max_new_tokens=6)) for sample in samples]
    through = model_facts(
        f"lmms:argus_eval?model=argus-nano&weights={CHECKPOINT}", weights=None, device="cpu", dialect=None
    )

    answers = [_answers(name, questions) for name in (facts.name, through.name)]

    assert answers[0] == answers[1]
    assert any(answers[0])


def _answers(name: str, questions: list[Question]) -> list[str]:
    weights = str(CHECKPOINT) if name == "argus-nano" else None
    facts = model_facts(name, weights=weights, device="cpu", dialect=None)
    backend = load_backend(facts, weights=weights, dtype=None, runs_dir=Path(), seed=0)
    try:
        found = [backend.runner(()).answer([question])[0] for question in questions]
    finally:
        backend.close()
    assert all(isinstance(answer, Response) for answer in found), found
    return [answer.text for answer in found if isinstance(answer, Response)]


def test_a_model_of_lmms_eval_answers_a_task_of_ours(tmp_path: Path) -> None:
    config = RunConfig(
        models=("lmms:dummy?response=yes",), tasks=("pope",), data={"": "bundled"}, limit=6, runs_dir=tmp_path
    )

    arm = execute(config, Silent()).results.arms[0]

    metrics = arm.tasks[0].metrics
    assert metrics["yes_ratio"].value == 1.0
    assert metrics["recall"].value == 1.0
    assert arm.backend == "lmms"
    assert arm.efficiency == ()


def test_what_its_adapter_cannot_do_is_the_samples_error(tmp_path: Path) -> None:
    backend = load_backend(
        model_facts("lmms:dummy", weights=None, device="cpu", dialect=None),
        weights=None,
        dtype=None,
        runs_dir=tmp_path,
        seed=0,
    )
    sample = next(
        item
        for item in make_plan(RunConfig(models=("oracle",), tasks=("pope",), data={"": "bundled"}))
        .tasks[0]
        .samples()
        if isinstance(item, Sample)
    )
    request = Request(key="1", images=(), prompt="?", decoding=Decoding(max_new_tokens=1), prefix="<box>")

    answer = backend.runner(()).answer([Question(task=load_task("pope"), sample=sample, request=request)])[0]

    assert isinstance(answer, SampleError)
    with pytest.raises(SampleError, match="not timed"):
        backend.runner(()).time(request)


def test_names_and_arguments_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="qwen2_5_vl"):
        model_facts("lmms:qwen25_vl", weights=None, device="cpu", dialect=None)
    facts = model_facts("lmms:dummy?no_such_file=1", weights=None, device="cpu", dialect=None)
    assert not facts.measures_speed
    broken = model_facts("lmms:argus_eval?colour=red", weights=None, device="cpu", dialect=None)
    with pytest.raises(UsageError, match="does not know colour"):
        load_backend(broken, weights=None, dtype=None, runs_dir=Path(), seed=0)


def test_both_forms_are_registered() -> None:
    assert get_model("argus_eval").is_simple is False
    assert get_model("argus_eval", force_simple=True).is_simple is True


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("lmms:mmbench_en_dev", "judge"),
        ("lmms:vstar_bench_direct_attributes_nope", "unknown"),
        ("lmms:videomme", "video"),
    ],
)
def test_tasks_that_cannot_run_say_why_before_any_data(name: str, reason: str) -> None:
    from argus_eval.tasks.catalog import expand

    with pytest.raises(UsageError, match=reason):
        load_task(expand([name])[0])


def test_data_that_are_not_there_say_what_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    task = load_task("lmms:pope")

    with pytest.raises(UsageError, match="no such file or folder"):
        task.open(str(tmp_path / "absent"), strict=False, ci=False)
    with pytest.raises(UsageError, match="needs split 'test'"):
        task.open(str(tmp_path), strict=False, ci=False)
    with pytest.raises(UsageError, match="no bundled sample"):
        task.open("bundled", strict=False, ci=False)
    with pytest.raises(EnvironmentError_, match="--data lmms:pope=PATH"):
        task.open(None, strict=False, ci=False)
