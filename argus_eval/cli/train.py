"""``argus-eval train``: teach an ArgusVLM on synthetic scenes."""

from __future__ import annotations

import argparse
import dataclasses
import math
import pathlib
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from argus_eval.models.argus.configuration import ArgusPreset
    from argus_eval.models.argus.training.recipe import TrainingRecipe
    from argus_eval.models.argus.training.starting_weights import Part

__all__ = ["add_arguments", "main"]

Name = TypeVar("Name", bound=str)

_STAGES = ("tower", "language", "joint")
_ARCHITECTURES = ("argus", "smolvlm")
_BOX_WRITINGS = ("location-tokens", "digits")
_PARTS = ("tower", "projector", "embedding", "decoder")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("--preset", default="nano", help="whose shape to train (default nano)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/train"), help="folder of the run")
    parser.add_argument("--minutes", type=float, default=60.0, help="time of all stages (default 60)")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="whose minutes: the wall's, or of processor time"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--seed", type=int, default=0, help="of the weights and of the order")
    parser.add_argument(
        "--stages",
        default=",".join(_STAGES),
        metavar="STAGE[=SHARE],…",
        help="which stages, in order, and their shares of the time (default all; their own shares)",
    )
    parser.add_argument(
        "--rates", default="", metavar="STAGE=RATE,…", help="peak learning rates other than the stages' own"
    )
    parser.add_argument(
        "--kinds",
        default="",
        metavar="KIND=WEIGHT,…",
        help="what is asked, and how often in proportion (default: all, weighted)",
    )
    parser.add_argument(
        "--architecture", choices=_ARCHITECTURES, default=_ARCHITECTURES[0], help="argus, or stock SmolVLM classes"
    )
    parser.add_argument(
        "--boxes",
        choices=_BOX_WRITINGS,
        default=_BOX_WRITINGS[0],
        help="how places are written (default %(default)s)",
    )
    parser.add_argument(
        "--pointing",
        type=float,
        default=0.5,
        help="weight of showing the decoder where to look; 0 leaves that to it (default %(default)s)",
    )
    parser.add_argument("--start", type=pathlib.Path, metavar="MODEL", help="trained model to take parts from")
    parser.add_argument("--start-parts", default=",".join(_PARTS), help="which parts (default %(default)s)")
    parser.add_argument("--painters", type=int, default=1, help="processes that paint scenes (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the training itself (default 1)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a number of the shape, as tile_px=256"
    )


def main(arguments: argparse.Namespace) -> int:
    """Trains; prints the folder to give to ``--weights``."""
    import torch

    from argus_eval.errors import ExitCode, UnknownNameError, UsageError
    from argus_eval.models.argus.configuration import PRESETS
    from argus_eval.models.argus.training.session import TrainingSession, train

    if arguments.preset not in PRESETS:
        raise UnknownNameError("argus preset", arguments.preset, PRESETS)
    if arguments.minutes <= 0:
        raise UsageError(f"--minutes: must be positive, got {arguments.minutes}")
    if not 0 <= arguments.pointing < math.inf:
        raise UsageError(f"--pointing: must be 0 or more, got {arguments.pointing}")
    if arguments.device != "cpu" and not torch.cuda.is_available():
        raise UsageError(f"--device: {arguments.device!r}: torch sees no CUDA device here; use cpu")
    torch.set_num_threads(arguments.threads)
    session = TrainingSession(
        recipe=_recipe(arguments),
        shape=_shape(PRESETS[arguments.preset], arguments.set),
        out=arguments.out,
        device=arguments.device,
        painters=arguments.painters,
        resume=arguments.resume,
        architecture=arguments.architecture,
        start=arguments.start,
        start_parts=_parts(arguments.start_parts),
        clock=time.process_time if arguments.clock == "cpu" else time.monotonic,
    )
    print(_estimate(session.recipe.minutes, arguments.clock), file=sys.stderr)  # noqa: T201 - this is the command line
    folder = train(session, lambda line: print(line, file=sys.stderr))  # noqa: T201
    print(folder)  # noqa: T201
    return ExitCode.DONE


def _estimate(minutes: float, clock: str) -> str:
    kind = "processor" if clock == "cpu" else "wall"
    return f"training for {minutes:g} minutes of {kind} time; interrupt it and add --resume to go on later"


def _recipe(arguments: argparse.Namespace) -> TrainingRecipe:
    """The default recipe with what the flags change."""
    from argus_eval.errors import UsageError
    from argus_eval.models.argus.training.questions import QUESTION_KINDS
    from argus_eval.models.argus.training.recipe import STAGE_NAMES, default_recipe

    shares = _numbers("--stages", arguments.stages, "stage", STAGE_NAMES)
    if not shares:
        raise UsageError(f"--stages: no stage is named; there is {', '.join(STAGE_NAMES)}")
    rates = _numbers("--rates", arguments.rates, "stage", STAGE_NAMES)
    for name, rate in rates.items():
        if rate is None or name not in shares:
            raise UsageError(
                f"--rates: {name}: a rate for a stage of --stages is needed, as {next(iter(shares))}=1e-3"
            )
    kinds = _numbers("--kinds", arguments.kinds, "question kind", QUESTION_KINDS)
    recipe = default_recipe(
        arguments.preset, arguments.minutes, device=arguments.device, stages=tuple(shares), seed=arguments.seed
    )
    stages = tuple(
        dataclasses.replace(plan, share=shares[plan.name] or plan.share, rate=rates.get(plan.name) or plan.rate)
        for plan in recipe.stages
    )
    return dataclasses.replace(
        recipe,
        stages=stages,
        boxes=arguments.boxes,
        kinds=tuple((name, weight or 1.0) for name, weight in kinds.items()) or recipe.kinds,
        pointing=arguments.pointing,
    )


def _parts(text: str) -> tuple[Part, ...]:
    from argus_eval.errors import UnknownNameError
    from argus_eval.models.argus.training.starting_weights import PARTS

    named: dict[str, Part] = {part: part for part in PARTS}
    for name in text.split(","):
        if name not in named:
            raise UnknownNameError("part", name, PARTS, "--start-parts")
    return tuple(named[name] for name in text.split(","))


def _numbers(flag: str, text: str, what: str, known: Sequence[Name]) -> dict[Name, float | None]:
    """``name=1.5,other`` as a mapping in the same order; ``None`` where no number was given."""
    from argus_eval.errors import UnknownNameError, UsageError

    names = {str(name): name for name in known}
    found: dict[Name, float | None] = {}
    for part in filter(None, text.split(",")):
        name, given, number = part.partition("=")
        if name not in names:
            raise UnknownNameError(what, name, names, flag)
        try:
            weight = float(number) if given else None
        except ValueError:
            weight = math.nan
        if names[name] in found:
            raise UsageError(f"{flag}: {name} is named twice")
        if weight is not None and not 0 < weight < math.inf:
            raise UsageError(f"{flag}: {part}: a positive number is needed, as {name}=1.5")
        found[names[name]] = weight
    return found


def _shape(preset: ArgusPreset, changes: list[str]) -> ArgusPreset:
    """The preset with ``NAME=VALUE`` applied; only its whole numbers can be changed."""
    from argus_eval.errors import UnknownNameError, UsageError

    numbers = {
        field.name: field for field in dataclasses.fields(preset) if type(getattr(preset, field.name)) is int
    }
    values: dict[str, Any] = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in numbers:
            raise UnknownNameError("number of the shape", name, numbers)
        if not value.isdigit():
            raise UsageError(f"--set: {change}: a whole number is needed, as {name}={getattr(preset, name)}")
        values[name] = int(value)
    return dataclasses.replace(preset, **values)
