"""What a run will do, worked out before any weight is loaded: models, arms, tasks, data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from argus_eval.backends.protocol import ModelFacts
from argus_eval.backends.resolve import model_facts
from argus_eval.config import RunConfig
from argus_eval.core.sample import Sample
from argus_eval.data.resolution import ResolvedData
from argus_eval.data.rows import BadRow
from argus_eval.errors import IncompatibleError, UsageError
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.recipes.compose import ArmPlan, plan_arms
from argus_eval.recipes.protocol import Target
from argus_eval.tasks.catalog import expand, load_task
from argus_eval.tasks.reading import expressible
from argus_eval.tasks.task import Task

__all__ = ["ModelPlan", "RunPlan", "TaskPlan", "make_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """One task with the data it runs on.

    ``token_scores``: ask for log probabilities, to rank boxes by those of the tokens of their numbers.
    """

    task: Task
    data: ResolvedData
    limit: int | None
    only: frozenset[str] = frozenset()
    token_scores: bool = False

    @property
    def display(self) -> str:
        """How files and pages call it: a synthetic sample never passes for the benchmark."""
        return f"{self.task.name}[synthetic]" if self.data.synthetic else self.task.name

    def samples(self) -> Iterator[Sample | BadRow]:
        """Samples in data-set order, streamed, at most ``limit``; rows no sample can be made of are among them.

        With ``only`` those of these keys.
        """
        found = self.task.samples(self.data.rows())
        if self.only:
            found = (item for item in found if item.key in self.only)
        for count, item in enumerate(found):
            if self.limit is not None and count >= self.limit:
                return
            yield item

    def planned(self) -> int | None:
        """How many samples there will be; ``None`` where only reading everything would tell."""
        total = len(self.only) or self.data.count_samples()
        if total is None:
            return self.limit
        return total if self.limit is None else min(total, self.limit)

    def supported_by(self, model: ModelFacts) -> bool:
        """The model was made for this kind of question."""
        return self.obstacle(model) is None

    def obstacle(self, model: ModelFacts) -> str | None:
        """Why the task cannot be put to ``model``; ``None`` if it can."""
        spec = self.task.spec
        if spec.needs is not None and model.capabilities is not None and spec.needs not in model.capabilities:
            return f"{model.name} was not made for {spec.needs}"
        if not spec.answers_with_boxes:
            return None
        if model.dialect is None:
            return f"{model.name} declares no box dialect; give --dialect"
        dialect = DIALECTS.get(model.dialect)
        if not expressible(spec, labels=dialect.labels, points=dialect.points):
            return f"the {dialect.name} dialect cannot express {spec.kind}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """One model with its arms, the baseline first."""

    facts: ModelFacts
    arms: tuple[ArmPlan, ...]
    weights: str | None
    dropped: tuple[str, ...]

    def arm_id(self, arm: ArmPlan) -> str:
        """``model:arm``."""
        return f"{self.facts.name}:{arm.name}"

    @property
    def twin_id(self) -> str:
        """The A/A arm's id."""
        return f"{self.facts.name}:baseline (A/A)"

    @property
    def measures_accuracy(self) -> bool:
        """Answers of random weights mean nothing."""
        return self.facts.weights != "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """Everything that is going to happen."""

    config: RunConfig
    models: tuple[ModelPlan, ...]
    tasks: tuple[TaskPlan, ...]
    banners: tuple[str, ...]


def make_plan(config: RunConfig) -> RunPlan:
    """Resolve every name, file and data set of a configuration.

    Raises:
        UsageError: a name, path or combination is wrong.
        EnvironmentError_: data or a checkpoint cannot be reached.
    """
    # Names first: a typo must not wait for a data set or a network time-out.
    tasks = [load_task(name) for name in expand(config.tasks)]
    models = tuple(_plan_model(name, config) for name in config.models)
    planned = tuple(_plan_task(task, config) for task in tasks)
    banners = [plan.data.banner for plan in planned if plan.data.banner]
    for model in models:
        if not model.measures_accuracy:
            banners.append(f"weights: {model.facts.label}: speed is measured, accuracy is NOT MEASURED")
        banners.extend(model.dropped)
    return RunPlan(config=config, models=models, tasks=planned, banners=tuple(dict.fromkeys(banners)))


def _plan_model(name: str, config: RunConfig) -> ModelPlan:
    weights = config.weights.get(name, config.weights.get(""))
    facts = model_facts(name, weights=weights, device=config.device, dialect=config.dialect)
    if config.regime == "cold-process" and facts.measures_speed and facts.backend != "transformers":
        raise IncompatibleError(
            f"--regime cold-process: {name} is served by a process that is not ours to restart"
        )
    target = Target(
        model=name,
        family=facts.family,
        staged=facts.staged,
        backend=facts.backend,
        device=facts.device,
        regime=config.regime,
    )
    arms, dropped = plan_arms(config.recipes, target)
    return ModelPlan(facts=facts, arms=arms, weights=weights, dropped=dropped)


def _plan_task(task: Task, config: RunConfig) -> TaskPlan:
    requested = config.data.get(task.name, config.data.get(""))
    data = task.open(requested, strict=config.strict_data, ci=config.in_ci)
    plan = TaskPlan(
        task=task,
        data=data,
        limit=config.limit,
        only=frozenset(config.samples),
        token_scores=task.spec.kind == "detection" and bool(config.setting("detection.token_scores", 0)),
    )
    if next(iter(plan.samples()), None) is None:
        if plan.only:
            keys = ", ".join(sorted(plan.only))
            raise UsageError(f"{task.name}: no sample {keys} in {data.source}; keys are those of records.jsonl")
        raise UsageError(f"{task.name}: the data set is empty: {data.source}")
    return plan
