"""The loop around the stages: schedule, log, checkpoints, resuming."""

from __future__ import annotations

import json
import pathlib
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import nn

from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.feed import SceneFeed
from argus_eval.models.argus.training.optimizer import make_optimizers
from argus_eval.models.argus.training.recipe import StagePlan, TrainingRecipe
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["Progress", "Stage", "TrainingLog", "Trainer"]

_LOG_EVERY_S = 20.0
_SAVE_EVERY_S = 180.0
_LARGEST_GRADIENT = 1.0


class Stage(Protocol):
    """What the loop needs of a stage."""

    def modules(self) -> list[tuple[str, nn.Module]]:
        """What is trained, with names that say which matrices lie inside layers."""
        ...

    def loss(self, examples: Sequence[Example]) -> tuple[torch.Tensor, dict[str, float]]:
        """The loss of a batch, and what to log about it."""
        ...


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run has come; all of it is stored in a checkpoint."""

    stage: int = 0
    step: int = 0  #: within the stage
    stage_s: float = 0.0  #: seconds spent in the stage
    total_s: float = 0.0
    scenes: int = 0
    shards: int = 0


class TrainingLog:
    """Lines of ``log.jsonl``, also shown to the caller."""

    def __init__(self, path: pathlib.Path, show: Callable[[str], None]) -> None:
        self._path, self._show = path, show

    def write(self, line: dict[str, Any]) -> None:
        """Appends a line; numbers are rounded to five digits."""
        rounded = {key: round(value, 5) if isinstance(value, float) else value for key, value in line.items()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rounded) + "\n")
        self._show("  ".join(f"{key} {value}" for key, value in rounded.items()))


@dataclass(slots=True, kw_only=True)
class Trainer:
    """Runs the stages of a recipe on a model.

    Attributes:
        recipe: what to do.
        trainee: trained in place.
        feed: where scenes come from.
        log: where figures go.
        save: called with the progress now and then, and at the end of each stage.
        clock: monotonic seconds.
    """

    recipe: TrainingRecipe
    trainee: Trainee
    feed: SceneFeed
    log: TrainingLog
    save: Callable[[Progress, Sequence[torch.optim.Optimizer]], None]
    progress: Progress = field(default_factory=Progress)
    clock: Callable[[], float] = time.monotonic

    def run_stage(
        self, plan: StagePlan, stage: Stage, minutes: float, momenta: Sequence[dict[str, Any]] = ()
    ) -> None:
        """Trains one stage to the end of its time, from wherever the progress stands in it.

        Args:
            plan: batch, rates.
            stage: what is learnt.
            minutes: its whole time.
            momenta: states of the optimizers, when the stage had begun before.
        """
        self.trainee.model.requires_grad_(False)
        for _, module in stage.modules():
            module.requires_grad_(True)
        self.trainee.model.train()
        optimizers = make_optimizers(stage.modules(), plan.rate)
        for optimizer, state in zip(optimizers, momenta, strict=False):
            optimizer.load_state_dict(state)
        progress, length = self.progress, minutes * 60
        begun, logged, saved = self.clock(), self.clock(), self.clock()
        before_s, before_total_s = progress.stage_s, progress.total_s
        sums: dict[str, list[float]] = defaultdict(list)
        while progress.stage_s < length:
            rate = plan.rate * _schedule(progress.step, progress.stage_s / length, plan)
            figures = self._step(stage, plan.batch, optimizers, rate)
            for name, value in figures.items():
                sums[name].append(value)
            now = self.clock()
            progress.step += 1
            progress.stage_s, progress.total_s = before_s + now - begun, before_total_s + now - begun
            progress.scenes += plan.batch
            progress.shards = self.feed.seen
            if now - logged > _LOG_EVERY_S or progress.stage_s >= length:
                self._report(plan, sums, rate, length)
                sums.clear()
                logged = now
            if now - saved > _SAVE_EVERY_S:
                self.save(progress, optimizers)
                saved = self.clock()
        progress.stage, progress.step, progress.stage_s = progress.stage + 1, 0, 0.0
        self.save(progress, ())

    def _step(
        self, stage: Stage, batch: int, optimizers: Sequence[torch.optim.Optimizer], rate: float
    ) -> dict[str, float]:
        device = self.trainee.embedding.device
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss, figures = stage.loss(self.feed.take(batch))
        loss.backward()
        trained = [parameter for _, module in stage.modules() for parameter in module.parameters()]
        norm = torch.nn.utils.clip_grad_norm_(trained, _LARGEST_GRADIENT)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {"loss": float(loss.detach()), **figures, "gradient": float(norm)}

    def _report(self, plan: StagePlan, sums: dict[str, list[float]], rate: float, length: float) -> None:
        progress = self.progress
        line: dict[str, Any] = {
            "stage": plan.name,
            "step": progress.step,
            "minutes": round(progress.total_s / 60, 2),
            "left": round((length - progress.stage_s) / 60, 2),
            "scenes": progress.scenes,
            "shards": progress.shards,
            "repeats": self.feed.repeats,
            "rate": rate,
        }
        self.log.write({**line, **{name: sum(values) / len(values) for name, values in sums.items()}})


def _schedule(step: int, share: float, plan: StagePlan) -> float:
    """The learning rate as a share of its peak: a rise by steps, a plateau, a fall by time."""
    rise = min(1.0, (step + 1) / plan.warmup_steps)
    fall = min(1.0, max(0.0, 1 - share) / plan.cooldown)
    return rise * fall
