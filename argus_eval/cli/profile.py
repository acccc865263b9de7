"""``argus-eval profile``: where the time of one model goes, stage by stage and arm by arm."""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import shutil
import sys
from typing import TYPE_CHECKING

from argus_eval.config import RunConfig, parse_assignments, parse_budget

if TYPE_CHECKING:
    from argus_eval.backends.protocol import Backend
    from argus_eval.core.request import Request
    from argus_eval.core.sample import EncodedImage
    from argus_eval.engine.narrator import Narrator
    from argus_eval.engine.plan import ModelPlan, TaskPlan
    from argus_eval.engine.profile import ArmProfile, Profile

__all__ = ["add_arguments", "main"]

# Any task would do: its bundled scenes are only looked at, and every model can be asked to read.
_TASK, _PROMPT = "textvqa", "Describe this image."
_IMAGES, _MEMORY_IMAGES = 24, 4
_INSIDE_NSYS = "ARGUS_EVAL_UNDER_NSYS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    what = parser.add_argument_group("what")
    what.add_argument("--model", required=True, metavar="M", help="one registry name or hf:ID_OR_PATH")
    what.add_argument("--recipes", metavar="ARM[,ARM…]", help="as for run (default: baseline,lossless)")
    what.add_argument("--weights", metavar="PATH|HUB_ID|random", help="checkpoint (default: the published one)")
    what.add_argument("--device", default="auto", help="auto, cpu or cuda")
    what.add_argument("--dtype", help="of the weights (default: the checkpoint's)")
    what.add_argument(
        "--images",
        type=pathlib.Path,
        action="append",
        default=[],
        metavar="FILE|DIR",
        help="your own encoded images; repeatable (default: bundled synthetic scenes)",
    )
    what.add_argument("--prompt", default=_PROMPT, help="what is asked about --images")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--stages",
        choices=("host", "all"),
        default="all",
        help="host: bytes to model-ready tensors; all: a whole request with one token (default)",
    )
    how.add_argument("--rounds", type=int, default=40, metavar="N", help="most requests an arm (default 40)")
    how.add_argument("--budget", default="2m", metavar="TIME", help="wall time of the timed rounds (default 2m)")
    how.add_argument(
        "--no-memory",
        action="store_true",
        help="leave out peak memory, for which --stages all loads the model once more for each arm",
    )
    how.add_argument(
        "--hot-spots", type=float, default=0.0, metavar="SECONDS", help="sample host work of each arm with py-spy"
    )
    how.add_argument("--trace", type=pathlib.Path, metavar="DIR", help="write a torch timeline of each arm")
    how.add_argument("--nsys", type=pathlib.Path, metavar="FILE", help="record the command with Nsight Systems")
    how.add_argument("--seed", type=int, default=0, help="of the order and of random weights")
    parser.add_argument("--json", metavar="PATH|-", help="write the numbers as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Prints a table of stages, or JSON."""
    from argus_eval.errors import ExitCode, UsageError

    if "," in arguments.model:
        raise UsageError("--model: profile takes one model; run it once for each")
    if arguments.rounds < 3:
        raise UsageError(f"--rounds {arguments.rounds}: a median needs at least 3")
    if arguments.nsys is not None and _INSIDE_NSYS not in os.environ:
        return _under_nsys(arguments.nsys)
    profile = _profile(arguments)
    if arguments.json is not None:
        from argus_eval.cli.output import write_json
        from argus_eval.core.codec import to_json

        write_json(to_json(profile), arguments.json)
    if arguments.json != "-":
        from argus_eval.cli.profile_table import print_profile

        print_profile(profile)
    return ExitCode.INCOMPLETE if any(arm.n == 0 for arm in profile.arms) else ExitCode.DONE


def _under_nsys(target: pathlib.Path) -> int:
    """Run the same command once more as a child of Nsight Systems."""
    import subprocess

    from argus_eval.errors import EnvironmentError_

    program = shutil.which("nsys")
    if program is None:
        raise EnvironmentError_("--nsys: nsys is not on PATH; install NVIDIA Nsight Systems, or use --trace DIR")
    command = [program, "profile", "--force-overwrite=true", "--trace=cuda,nvtx,osrt", f"--output={target}"]
    command += [sys.executable, "-m", "argus_eval", *sys.argv[1:]]
    return subprocess.run(command, env={**os.environ, _INSIDE_NSYS: "1"}, check=False).returncode  # noqa: S603


def _profile(arguments: argparse.Namespace) -> Profile:
    from argus_eval.backends.resolve import load_backend
    from argus_eval.cli.narrate import StderrNarrator
    from argus_eval.engine.plan import make_plan
    from argus_eval.engine.profile import Profile, ProfileJob, profile_arms
    from argus_eval.errors import UsageError
    from argus_eval.measure.environment import capture_environment

    narrator = StderrNarrator()
    plan = make_plan(_config(arguments))
    (model,) = plan.models
    if not model.facts.measures_speed or model.facts.backend != "transformers":
        raise UsageError(f"--model {arguments.model}: only models that run in this process have stages to profile")
    requests = _own_images(arguments) if arguments.images else _bundled(plan.tasks, model, arguments.seed)
    narrator.say(f"loading {model.facts.label}")
    backend = load_backend(
        model.facts,
        weights=model.weights,
        dtype=arguments.dtype,
        runs_dir=pathlib.Path("runs"),
        seed=arguments.seed,
    )
    try:
        job = ProfileJob(
            runners={arm.name: backend.runner(arm.recipes) for arm in model.arms},
            requests=requests,
            depth=arguments.stages,
            rounds=arguments.rounds,
            budget_s=parse_budget(arguments.budget),
            hot_spots_s=arguments.hot_spots,
            trace_dir=arguments.trace,
            seed=arguments.seed,
        )
        arms = _bounded(profile_arms(job, narrator), requests[0], model, backend)
    finally:
        backend.close()
    if arguments.stages == "all" and not arguments.no_memory:
        arms = tuple(_with_memory(arm, model, requests, arguments, narrator) for arm in arms)
    return Profile(
        model=model.facts.name,
        label=model.facts.label,
        weights=model.facts.weights,
        device=backend.loaded.device,
        dtype=backend.loaded.dtype,
        depth=arguments.stages,
        images=len(requests),
        arms=arms,
        environment=capture_environment(),
        notes=(*model.dropped, *backend.loaded.notes),
    )


def _with_memory(
    arm: ArmProfile, model: ModelPlan, requests: list[Request], arguments: argparse.Namespace, narrator: Narrator
) -> ArmProfile:
    """Peaks of the arm in a process of its own; what lives beside it would be counted too."""
    from argus_eval.core.request import Decoding
    from argus_eval.engine.worker_messages import WorkerSpec
    from argus_eval.engine.worker_process import WorkerProcess
    from argus_eval.errors import SampleError

    if not arm.n:
        return arm
    narrator.say(f"{arm.name}: peak memory, in a process of its own")
    spec = WorkerSpec(
        model=model.facts.name,
        weights=model.weights,
        device=arguments.device,
        dialect=None,
        dtype=arguments.dtype,
        seed=arguments.seed,
        runs_dir="runs",
        arms={arm.name: next(plan.recipes for plan in model.arms if plan.name == arm.name)},
    )
    one_token = Decoding(max_new_tokens=1, fixed_length=True)
    asked = [dataclasses.replace(request, decoding=one_token) for request in requests[:_MEMORY_IMAGES]]
    with WorkerProcess(spec) as process:
        try:
            peaks = process.memory(arm.name, asked)
        except SampleError as problem:
            narrator.warn(f"{arm.name}: {problem}")
            return arm
    return dataclasses.replace(arm, host_peak_bytes=peaks.host, device_peak_bytes=peaks.device_allocated)


def _config(arguments: argparse.Namespace) -> RunConfig:
    weights = [] if arguments.weights is None else [arguments.weights]
    return RunConfig(
        models=(arguments.model,),
        tasks=(_TASK,),
        recipes=arguments.recipes,
        weights=parse_assignments(weights, "--weights", [arguments.model]),
        data={"": "bundled"},
        device=arguments.device,
        dtype=arguments.dtype,
    )


def _own_images(arguments: argparse.Namespace) -> list[Request]:
    """One request for each distinct readable image, in name order."""
    from argus_eval.core.request import Decoding, Request
    from argus_eval.data.images import encoded_image
    from argus_eval.errors import SampleError, UsageError

    found: dict[str, tuple[pathlib.Path, EncodedImage]] = {}
    for place in arguments.images:
        files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
        for file in files:
            try:
                image = encoded_image(file)
            except SampleError as problem:
                raise UsageError(f"--images {file}: {problem}") from problem
            if image.size is not None:
                found.setdefault(image.sha256, (file, image))
    if not found:
        raise UsageError(f"--images {', '.join(map(str, arguments.images))}: no image that can be read")
    decoding = Decoding(max_new_tokens=1, fixed_length=True)
    return [
        Request(key=str(file), images=(image,), prompt=arguments.prompt, decoding=decoding)
        for file, image in found.values()
    ]


def _bundled(tasks: tuple[TaskPlan, ...], model: ModelPlan, seed: int) -> list[Request]:
    from argus_eval.engine.workload import make_workload

    return [item.request for item in make_workload(tasks, model.facts, images=_IMAGES, seed=seed).items]


def _bounded(
    arms: tuple[ArmProfile, ...], request: Request, model: ModelPlan, backend: Backend
) -> tuple[ArmProfile, ...]:
    """Lower bounds beside the stages; a model of the registry has shapes to work them out from."""
    import torch

    from argus_eval.engine.profile_bounds import with_bounds
    from argus_eval.measure.roofline import measure_ceilings
    from argus_eval.models.catalog import model_card, model_names

    shapes = model_card(model.facts.name).architecture if model.facts.name in model_names() else None
    device, dtype = backend.loaded.device.partition(":")[0], backend.loaded.dtype
    ceilings = measure_ceilings(device, dtype) if shapes is not None else None
    return with_bounds(arms, request, shapes, ceilings, bytes_a_weight=getattr(torch, dtype).itemsize)
