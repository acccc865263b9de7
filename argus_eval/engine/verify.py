"""``argus-eval verify`` without its command line: a model's accuracy pass, held against published scores."""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import argus_eval
from argus_eval.backends.protocol import ModelFacts
from argus_eval.backends.resolve import model_facts
from argus_eval.config import RunConfig
from argus_eval.core.published import PublishedScore
from argus_eval.core.results import ArmResult, TaskResult
from argus_eval.data.fresh_seed import fresh_seed
from argus_eval.data.resolution import SYNTHETIC
from argus_eval.engine.accuracy import survey
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import TaskPlan, make_plan
from argus_eval.engine.run import Finished, execute
from argus_eval.engine.verify_cells import Cell, Status, judge, without_measurement
from argus_eval.engine.verify_ledger import Verification
from argus_eval.errors import ExitCode, IncompleteError, UsageError
from argus_eval.models.catalog import model_card, model_names
from argus_eval.store import RunDirectory

__all__ = ["Subject", "Verified", "exit_code", "subject_of", "verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose published scores are looked at, and what answers for it.

    Attributes:
        model: name of the registry entry that scores were published for.
        runs_as: what is run: the same name, ``hf:…``, ``replay:RUN`` or an endpoint.
        dialect: how it writes boxes, where only the registry entry knows.
    """

    model: str
    runs_as: str
    dialect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Cells in the order of the published list, and the lines that belong into the ledger."""

    cells: tuple[Cell, ...]
    entries: tuple[Verification, ...]
    run: pathlib.Path | None


def subject_of(typed: str, published_as: str | None, runs_dir: pathlib.Path) -> Subject:
    """Which registry entry's scores ``typed`` is held against.

    Args:
        typed: what was typed as the model.
        published_as: ``--as``; ``None`` takes the name itself, or of a recording the model that was recorded.
        runs_dir: where a recording's id is looked for.

    Raises:
        UsageError: nobody can have published a score of this, or it is not said whose scores are meant.
    """
    kind, colon, rest = typed.partition(":")
    if kind == "oracle":
        raise UsageError("verify oracle: it answers with the references, so it can verify nothing; name a model")
    if kind == "replay" and rest:
        recorded = _recorded_model(rest, runs_dir)
        name = published_as or recorded
        if name not in model_names():
            raise UsageError(f"verify {typed}: it recorded {recorded!r}; say with --as whose scores are meant")
    elif colon and published_as is None:
        raise UsageError(f"verify {typed}: say with --as NAME whose published scores it is held against")
    else:
        name = published_as or typed
    card = model_card(name, "verify --as" if published_as else "verify")
    if typed.lower() in (card.name, *card.aliases):
        return Subject(model=card.name, runs_as=card.name)
    return Subject(model=card.name, runs_as=typed, dialect=card.dialect)


def _recorded_model(text: str, runs_dir: pathlib.Path) -> str:
    """The model whose answers a run holds.

    Raises:
        UsageError: the answers are those of an oracle or of random weights.
    """
    run = RunDirectory.find(text, runs_dir)
    arms = run.manifest().get("arms") or []
    arm = next((arm for arm in arms if isinstance(arm, dict) and arm.get("role") == "baseline"), None)
    if arm is None:
        raise UsageError(f"{run.path}: the run has no baseline arm to verify")
    if arm.get("backend") in ("oracle", "replay"):
        raise UsageError(f"{run.path}: recorded from {arm.get('model')}, which is no model; nothing to verify")
    if arm.get("weights") == "random":
        raise UsageError(f"{run.path}: recorded from random weights, which can verify nothing")
    return str(arm.get("model"))


def verify(
    subject: Subject,
    scores: Sequence[PublishedScore],
    tasks: Collection[str] | None,
    config: RunConfig,
    narrator: Narrator,
) -> Verified:
    """Measure what scores were published for, on the benchmarks themselves, and judge each score.

    Args:
        subject: the model.
        scores: published scores, of any model.
        tasks: only these; ``None`` for every one with a published score.
        config: how to run; models, tasks, recipes and passes are set here.
        narrator: told what happens.

    Raises:
        UsageError: no score of the model is on file for these tasks, or it asks for what can verify nothing.
        IncompleteError: there are no weights whose accuracy could be measured.
        EnvironmentError_: data or a checkpoint is not there.
    """
    wanted = [score for score in scores if score.model == subject.model and score.task is not None]
    if tasks is not None:
        wanted = [score for score in wanted if score.task in tasks]
    if not wanted:
        among = f" on {', '.join(sorted(tasks))}" if tasks is not None else ""
        raise UsageError(
            f"no published score of {subject.model}{among} is on file for a split that a task has; "
            "`argus-eval verify --list` shows those that are"
        )
    names = tuple(dict.fromkeys(str(score.task) for score in wanted))
    config = replace(
        config,
        models=(subject.runs_as,),
        tasks=names,
        recipes="baseline",
        strict_data=True,
        efficiency=False,
        dialect=config.dialect or subject.dialect,
    )
    _refuse_what_proves_nothing(subject, config)
    for plan in make_plan(config).tasks:
        _refuse_a_copy_of_the_sample(plan)
    finished = execute(config, narrator, command=f"argus-eval verify {subject.runs_as}")
    arm = next(arm for arm in finished.results.arms if arm.role == "baseline")
    return _judged(subject, wanted, arm, config, finished)


def _refuse_what_proves_nothing(subject: Subject, config: RunConfig) -> None:
    for task, source in config.data.items():
        if source == "bundled" or fresh_seed(source) is not None:
            where = f"--data {task}={source}" if task else f"--data {source}"
            raise UsageError(f"{where}: a synthetic sample can verify nothing; give the benchmark itself")
    weights = config.weights.get(subject.runs_as, config.weights.get(""))
    if weights == "random":
        raise UsageError("--weights random: random weights can verify nothing; give a checkpoint")
    facts: ModelFacts = model_facts(subject.runs_as, weights=weights, device=config.device, dialect=config.dialect)
    if facts.weights == "random":
        raise IncompleteError(
            f"{subject.runs_as}: no weights were published, so there is no accuracy to measure; "
            "give a checkpoint with --weights PATH|HUB_ID"
        )


def _refuse_a_copy_of_the_sample(plan: TaskPlan) -> None:
    """The bundled sample written to files is as synthetic as the bundled sample."""
    name = plan.task.name
    if plan.task.spec.bundled is None:
        return
    bundled = make_plan(RunConfig(models=("oracle",), tasks=(name,), data={"": "bundled"})).tasks[0]
    whole = replace(plan, limit=None)
    if whole.planned() == bundled.planned() and survey(whole).fingerprint == survey(bundled).fingerprint:
        raise UsageError(f"--data {plan.data.requested}: a copy of {name}'s synthetic sample can verify nothing")


def _judged(
    subject: Subject, scores: Sequence[PublishedScore], arm: ArmResult, config: RunConfig, finished: Finished
) -> Verified:
    results = {result.task: result for result in arm.tasks}
    # A finished run is not made again, so the date is that of its results.
    written_s = (finished.run.path / "results.json").stat().st_mtime
    date = datetime.datetime.fromtimestamp(written_s, datetime.UTC).date().isoformat()
    cells: list[Cell] = []
    entries: list[Verification] = []
    for score in scores:
        result = results.get(str(score.task))
        if result is None or result.data.resolved in SYNTHETIC:
            cells.append(without_measurement(score, "only a synthetic sample was there"))
            continue
        cell = judge(score, result, config.limit, date)
        cells.append(cell)
        if cell.status is not Status.UNVERIFIED:
            entries.append(_entry(cell, subject, arm, result, config))
    return Verified(cells=tuple(cells), entries=tuple(entries), run=finished.run.path)


def _entry(cell: Cell, subject: Subject, arm: ArmResult, result: TaskResult, config: RunConfig) -> Verification:
    score = cell.published
    assert score is not None
    assert score.tolerance is not None
    assert cell.value is not None
    assert cell.difference is not None
    return Verification(
        model=cell.model,
        task=cell.task,
        metric=cell.metric,
        status=cell.status,
        date=cell.date,
        n=cell.n,
        published=score.value,
        tolerance=score.tolerance,
        source=score.source,
        value=cell.value,
        ci=cell.ci,
        difference=cell.difference,
        weights=_weights(subject, config),
        backend=arm.backend,
        device=arm.device,
        dtype=arm.dtype,
        data=result.data.fingerprint,
        prompt=result.prompt_fingerprint,
        version=argus_eval.__version__,
    )


def _weights(subject: Subject, config: RunConfig) -> str:
    """The checkpoint as others can recognise it: never a path of this machine."""
    given = config.weights.get(subject.runs_as, config.weights.get(""))
    if given is not None:
        return pathlib.Path(given).name if pathlib.Path(given).exists() else given
    if subject.runs_as == subject.model:
        return model_card(subject.model).hub_id or "shipped"
    kind, _, rest = subject.runs_as.partition(":")
    if kind == "openai":
        return f"{kind}:{rest.partition('@')[0]}"
    return f"{kind}:{pathlib.Path(rest).name if pathlib.Path(rest).exists() else rest}"


def exit_code(cells: Sequence[Cell]) -> ExitCode:
    """0 if all are verified, 1 if one deviates, 3 if one could not be decided."""
    statuses = {cell.status for cell in cells}
    if Status.DEVIATES in statuses:
        return ExitCode.GATE_FAILED
    return ExitCode.INCONCLUSIVE if Status.UNVERIFIED in statuses else ExitCode.DONE
