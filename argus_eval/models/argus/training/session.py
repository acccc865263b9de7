"""A whole training run: model, painter, stages, scores; what ``argus-eval train`` calls."""

from __future__ import annotations

import dataclasses
import multiprocessing
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from argus_eval.data.scenes.draws import Stream
from argus_eval.errors import UsageError
from argus_eval.models.argus.configuration import ArgusPreset
from argus_eval.models.argus.training.checkpoint import CheckpointFolder, continue_heads
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.feed import SceneFeed
from argus_eval.models.argus.training.held_out import choose_questions, score_held_out
from argus_eval.models.argus.training.language_stage import JointStage, LanguageStage
from argus_eval.models.argus.training.recipe import StageName, TrainingRecipe
from argus_eval.models.argus.training.shards import available_shards, paint_shards, read_shard
from argus_eval.models.argus.training.starting_weights import PARTS, Part, continue_from, informed_start
from argus_eval.models.argus.training.tower_stage import TowerStage, make_heads
from argus_eval.models.argus.training.trainee import Architecture, Trainee, build_trainee
from argus_eval.models.argus.training.trainer import Stage, Trainer, TrainingLog

__all__ = ["TrainingSession", "fresh_trainee", "train"]

_HELD_OUT_SHARDS = 2
_HELD_OUT_QUESTIONS = 100  # of each kind
_ENDLESS = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSession:
    """What to run, and where.

    Attributes:
        recipe: stages and data.
        shape: of the model.
        out: folder of the run.
        device: as torch spells it.
        painters: processes that paint scenes.
        resume: go on from what lies in ``out``.
        architecture: what is trained.
        start: a trained model to take parts from; informed fresh weights when absent.
        start_parts: which parts.
        clock: seconds that the recipe's minutes count: of the wall, or of this process's work (fair where other
            work shares the machine).
    """

    recipe: TrainingRecipe
    shape: ArgusPreset
    out: pathlib.Path
    device: str = "cpu"
    painters: int = 1
    resume: bool = False
    architecture: Architecture = "argus"
    start: pathlib.Path | None = None
    start_parts: tuple[Part, ...] = PARTS
    clock: Callable[[], float] = time.monotonic


def fresh_trainee(shape: ArgusPreset, seed: int, architecture: Architecture = "argus") -> Trainee:
    """A model with informed starting weights, and its processor; the same for the same seed."""
    trainee = build_trainee(shape, seed, architecture)
    informed_start(trainee, seed)
    return trainee


def train(session: TrainingSession, show: Callable[[str], None]) -> pathlib.Path:
    """Runs every stage; the folder that ``--weights`` takes.

    Raises:
        UsageError: ``out`` holds a run and ``resume`` was not asked for, or the other way round.
        EnvironmentError_: no scenes could be painted.
    """
    recipe, out = session.recipe, session.out
    if not session.resume and (out / "training.pt").exists():
        raise UsageError(f"--out: {out}: holds a run already; add --resume to go on, or name another folder")
    out.mkdir(parents=True, exist_ok=True)
    trainee = fresh_trainee(session.shape, recipe.seed, session.architecture)
    if session.start is not None and not session.resume:
        continue_from(trainee, session.start, session.start_parts)
    heads = make_heads(trainee)
    if session.start is not None and {"projector", "embedding"} <= set(session.start_parts):
        continue_heads(heads, session.start)
    folder = CheckpointFolder(path=out, trainee=trainee, heads=heads)
    trainer = Trainer(
        recipe=recipe,
        trainee=trainee,
        feed=SceneFeed(out / "scenes", recipe.seed),
        log=TrainingLog(out / "log.jsonl", show),
        save=folder.save,
        clock=session.clock,
    )
    momenta: Sequence[dict[str, object]] = ()
    if session.resume:
        trainer.progress, momenta = folder.load()
        trainer.feed = SceneFeed(out / "scenes", recipe.seed, trainer.progress.shards)
    trainee.model.to(session.device)
    heads.to(session.device)
    held_out = _held_out(session)
    tower = TowerStage(trainee, heads)
    with _painting(session):
        for index in range(trainer.progress.stage, len(recipe.stages)):
            plan = recipe.stages[index]
            stage = _stage(plan.name, trainer, tower)
            trainer.run_stage(plan, stage, recipe.stage_minutes(index), momenta)
            momenta = ()
            _score(plan.name, trainer, tower, held_out)
    return out / "model"


def _stage(name: StageName, trainer: Trainer, tower: TowerStage) -> Stage:
    match name:
        case "tower":
            return tower
        case "language":
            return LanguageStage(trainer.trainee, trainer.recipe)
        case "joint":
            return JointStage(trainer.trainee, trainer.recipe, tower)


def _score(name: StageName, trainer: Trainer, tower: TowerStage, held_out: Sequence[Example]) -> None:
    """Writes the held-out scores of a stage to the log."""
    trainer.trainee.model.eval()
    if name == "tower":
        with torch.no_grad():
            scores = tower.scores(held_out)
        figures = {
            "category": scores.category,
            "colour": scores.colour,
            "letters": scores.letter,
            "whole_words": scores.word,
        }
        trainer.log.write({"held_out": name, "n": len(held_out), **figures, "box_iou": scores.iou})
        return
    kinds = [kind for kind, _ in trainer.recipe.kinds]
    asked = choose_questions(held_out, kinds, _HELD_OUT_QUESTIONS)
    for score in score_held_out(trainer.trainee, asked):
        trainer.log.write({"held_out": name, **dataclasses.asdict(score)})


def _held_out(session: TrainingSession) -> list[Example]:
    """Validation scenes: painted once, never trained on."""
    folder = session.out / "held_out"
    paint_shards(
        folder,
        session.shape.tile_px,
        [kind for kind, _ in session.recipe.kinds],
        most=_HELD_OUT_SHARDS,
        stream=Stream.VALIDATION,
    )
    return [example for number in available_shards(folder) for example in read_shard(folder, number)]


@contextmanager
def _painting(session: TrainingSession) -> Iterator[None]:
    """Painters at work while the block runs; each paints every n-th shard."""
    kinds = [kind for kind, _ in session.recipe.kinds]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(
            target=paint_shards,
            args=(session.out / "scenes", session.shape.tile_px, kinds),
            kwargs={
                "most": _ENDLESS,
                "keep": session.recipe.kept_shards,
                "first": index,
                "every": session.painters,
            },
            daemon=True,
        )
        for index in range(session.painters)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
