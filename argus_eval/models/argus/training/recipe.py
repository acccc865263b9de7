"""What a training run does: its stages, how long each takes, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from argus_eval.models.argus.training.box_writing import BoxWriting

__all__ = ["StageName", "StagePlan", "TrainingRecipe", "STAGE_NAMES", "default_recipe"]

StageName = Literal["tower", "language", "joint"]
STAGE_NAMES: tuple[StageName, ...] = ("tower", "language", "joint")


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """One stage.

    Attributes:
        name: *tower* learns dense labels; *language* learns answers over a frozen tower; *joint* learns both.
        share: of the run's minutes, in proportion to the other stages.
        batch: scenes a step.
        rate: peak learning rate; it rises over ``warmup_steps`` and falls to zero over the last ``cooldown`` of
            the stage's time.
        warmup_steps: steps of linear rise.
        cooldown: share of the stage's time.
    """

    name: StageName
    share: float
    batch: int
    rate: float
    warmup_steps: int = 30
    cooldown: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """A run.

    Attributes:
        preset: whose shape is trained.
        minutes: all stages together.
        stages: in order.
        kinds: question kinds with the weight they are drawn with; the questions of a kind share it.
        text_tokens: tokens of packed questions and answers a scene.
        boxes: how places are written.
        location_sigma: width of the soft targets of coordinates, in bins.
        pointing: weight of showing the decoder where to look while it writes a place.
        seed: of the weights and of every choice; scenes are numbered and need none.
        kept_shards: shards of scenes that stay on the disk.
    """

    preset: str
    minutes: float
    stages: tuple[StagePlan, ...]
    kinds: tuple[tuple[str, float], ...] = (
        ("refcoco", 5.0),
        ("vqav2", 2.5),
        ("pope", 2.0),
        ("coco_detection", 0.8),
        ("textvqa", 1.0),
        ("ocrbench", 0.25),
    )
    text_tokens: int = 224
    boxes: BoxWriting = "location-tokens"
    location_sigma: float = 8.0
    pointing: float = 0.5
    seed: int = 0
    kept_shards: int = 400

    def stage_minutes(self, index: int) -> float:
        """Minutes of the ``index``-th stage."""
        return self.minutes * self.stages[index].share / sum(stage.share for stage in self.stages)


def default_recipe(
    preset: str,
    minutes: float,
    *,
    device: str = "cpu",
    stages: tuple[StageName, ...] = STAGE_NAMES,
    seed: int = 0,
) -> TrainingRecipe:
    """The recipe for a machine: small batches and many steps on a CPU, large ones on a GPU."""
    fast = device != "cpu"
    plans = {
        "tower": StagePlan(name="tower", share=0.5, batch=256 if fast else 8, rate=3e-3),
        "language": StagePlan(name="language", share=0.3, batch=128 if fast else 8, rate=3e-3),
        "joint": StagePlan(name="joint", share=0.2, batch=128 if fast else 8, rate=1e-3),
    }
    return TrainingRecipe(preset=preset, minutes=minutes, stages=tuple(plans[name] for name in stages), seed=seed)
