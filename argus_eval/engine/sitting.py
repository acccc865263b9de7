"""One model's efficiency measurement: what it is given, and what its parts share while it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import ModelPlan, RunPlan
from argus_eval.engine.row_cost import RowCost
from argus_eval.engine.worker_messages import TWIN, WorkerSpec
from argus_eval.engine.workload import Workload
from argus_eval.recipes.catalog import RECIPES
from argus_eval.store import RunWriter

__all__ = ["EfficiencyJob", "Sitting", "needs_own_process", "runs_here", "worker_spec"]


def needs_own_process(model: ModelPlan, recipes: Sequence[str]) -> bool:
    """Whether an arm of ours changes more than its pipeline: threads, allocator, environment."""
    if not runs_here(model):
        return False
    return any(RECIPES.get(name).INFO.scope == "process" for name in recipes if name not in TWIN)


def runs_here(model: ModelPlan) -> bool:
    """Whether the model lives in our processes: one more client of a server would show nothing of it."""
    return model.facts.backend == "transformers"


def worker_spec(plan: RunPlan, model: ModelPlan, arms: Mapping[str, tuple[str, ...]]) -> WorkerSpec:
    """What a measuring process with these arms (id → recipes) loads: the same as the run itself."""
    config, facts = plan.config, model.facts
    return WorkerSpec(
        model=facts.name,
        weights=model.weights,
        device=facts.device,
        dialect=facts.dialect,
        dtype=config.dtype,
        seed=config.setting("seed", 0),
        runs_dir=str(config.runs_dir),
        arms=arms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficiencyJob:
    """One model's share of the efficiency measurement.

    Attributes:
        plan: the whole run. model: the model.
        runners: arm id → runner, the baseline first.
        fresh: builds an arm (its recipes) that has not seen any image.
        twin: builds the A/A arm from scratch.
        start_s: what loading the model took; a process of its own takes about as long.
        done: records that an interrupted run left.
        budget_s: wall time for everything here.
        clock_s: seconds of a monotonic clock.
    """

    plan: RunPlan
    model: ModelPlan
    runners: Mapping[str, ArmRunner]
    fresh: Callable[[tuple[str, ...]], ArmRunner]
    twin: Callable[[], ArmRunner]
    start_s: float
    done: Mapping[str, Record]
    budget_s: float
    clock_s: Callable[[], float]

    def recipes(self) -> dict[str, tuple[str, ...]]:
        """Arm id → its recipes, the twin's behind the baseline's."""
        found = {self.model.arm_id(arm): arm.recipes for arm in self.model.arms}
        baseline = self.model.arm_id(self.model.arms[0])
        return {baseline: found.pop(baseline), self.model.twin_id: TWIN, **found}

    def spec(self, arms: Sequence[str]) -> WorkerSpec:
        """What a process with these arms loads."""
        recipes = self.recipes()
        return worker_spec(self.plan, self.model, {arm: recipes[arm] for arm in arms})


@dataclass(slots=True, kw_only=True)
class Sitting:
    """What the parts of one measurement share.

    Attributes:
        start_s: what a process of its own takes until the model is there, as far as known.
        cost: about how long one image takes under every arm.
        distinct: some arm remembers images, so none may come twice.
        notes: what was left out and why.
    """

    job: EfficiencyJob
    workload: Workload
    writer: RunWriter
    watch: Stopwatch
    narrator: Narrator
    start_s: float
    notes: list[str] = field(default_factory=list)
    distinct: bool = False
    cost: RowCost = field(default=RowCost(short_s=0.0, long_s=0.0))

    def leave_out(self, what: str) -> None:
        """Say now and in the results that something was left out."""
        self.notes.append(what)
        self.narrator.say(what)
