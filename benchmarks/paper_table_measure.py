"""Arms of the paper's table, and the interleaved blocks they are measured in."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import pathlib
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from argus_eval.core.request import Decoding, Request
from argus_eval.core.timing import Timing
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import blueprint_of, build_random
from argus_eval.pipeline.pipeline import Pipeline
from argus_eval.recipes.compose import apply_recipes, plan_arms
from argus_eval.recipes.protocol import Target
from benchmarks.paper_table_images import NamedImage

__all__ = ["Arm", "Measured", "arms_of", "machine", "measure"]

_ARMS = "baseline,baseline@pil,ladder,lossless"
_LABELS = {"baseline@pil": "baseline@pil (legacy processor)", "baseline again": "baseline again (A/A)"}
_WARMUP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm ready to run."""

    name: str
    label: str
    recipes: tuple[str, ...]
    pipeline: Pipeline

    @property
    def device(self) -> str:
        """Where its model lies."""
        return str(self.pipeline.device)

    @property
    def notes(self) -> tuple[str, ...]:
        """What its pipeline has to say about itself."""
        return self.pipeline.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds of every request by arm and metric, in the order of blocks and images; what was compared besides."""

    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    stages: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    cpu_seconds: dict[str, list[float]] = field(default_factory=dict)
    ids_equal: dict[str, bool] = field(default_factory=dict)
    largest: dict[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """For the file of raw results; times rounded to a microsecond."""
        return {
            "seconds": {
                arm: {name: _rounded(times) for name, times in by.items()} for arm, by in self.seconds.items()
            },
            "median_stages_s": {
                arm: {slug: round(float(np.median(times)), 6) for slug, times in by.items()}
                for arm, by in self.stages.items()
            },
            "cpu_seconds": {arm: _rounded(times) for arm, times in self.cpu_seconds.items()},
            "ids_equal": self.ids_equal,
            "largest_pixel_difference": self.largest,
        }


def arms_of(name: str, device: str | None, *, host_only: bool) -> list[Arm]:
    """Pipelines of every arm around one model: its true size, or, for host work alone, a tiny one in its place."""
    place = device or ("cuda" if torch.cuda.is_available() and not host_only else "cpu")
    card = model_card(name)
    dtype = torch.bfloat16 if place.startswith("cuda") else torch.float32
    built = build_random(card, scale="tiny" if host_only else "true", seed=0, dtype=dtype)
    # The processor always has its published settings: it decides what the host has to do.
    processor = blueprint_of(card).processor if host_only else built.processor
    baseline = pipeline_for(card.family, built.model.to(place), processor)
    target = Target(
        model=name, family=card.family, staged=baseline.staged, backend="transformers", device=baseline.device.type
    )
    arms = [_arm("baseline", baseline), _arm("baseline again", pipeline_for(card.family, built.model, processor))]
    plans = plan_arms(_ARMS, target)[0][1:]
    arms += [_arm(plan.name, apply_recipes(baseline, plan.recipes)) for plan in plans]
    if not any(arm.name == "lossless" for arm in arms):
        lossless = plan_arms("lossless", target)[0][-1]
        arms.append(_arm("lossless", apply_recipes(baseline, lossless.recipes)))
    return arms


def _arm(name: str, pipeline: Pipeline) -> Arm:
    return Arm(name=name, label=_LABELS.get(name, name), recipes=pipeline.recipes, pipeline=pipeline)


def measure(arms: Sequence[Arm], images: Sequence[NamedImage], blocks: int, *, host_only: bool) -> Measured:
    """Blocks of all arms on all images, arms in a new random order for each image."""
    rng = np.random.default_rng(0)
    found = Measured(
        seconds={arm.name: {} for arm in arms},
        stages={arm.name: {} for arm in arms},
        cpu_seconds={arm.name: [] for arm in arms},
    )
    _compare(arms, images, found)
    for arm in arms:
        for count in range(_WARMUP):
            _timed(arm, _request(images[count % len(images)], f"warm-up {count}"), host_only)
    gc.collect()
    for block in range(blocks):
        for image in images:
            for position in rng.permutation(len(arms)):
                arm = arms[position]
                # No two requests ask the same: what remembers prompts must not gain by repetition.
                request = _request(image, f"{arm.name} {block}")
                before = time.process_time()
                timing = _timed(arm, request, host_only)
                found.cpu_seconds[arm.name].append(time.process_time() - before)
                _note(found, arm.name, timing)
    return found


def _compare(arms: Sequence[Arm], images: Sequence[NamedImage], found: Measured) -> None:
    """Ids and pixels of every arm against the first one's, on every image."""
    for arm in arms:
        found.ids_equal[arm.name], found.largest[arm.name] = True, 0.0
    for image in images:
        request = _request(image, "the same for all")
        stock = arms[0].pipeline.prepare(request, StageRecorder(enabled=False)).tensors
        for arm in arms:
            tensors = arm.pipeline.prepare(request, StageRecorder(enabled=False)).tensors
            found.ids_equal[arm.name] &= torch.equal(stock["input_ids"], tensors["input_ids"])
            difference = (stock["pixel_values"] - tensors["pixel_values"]).abs().max()
            found.largest[arm.name] = max(found.largest[arm.name], float(difference))


def _request(image: NamedImage, words: str) -> Request:
    return Request(
        key="benchmark",
        images=(image.image,),
        prompt=f"What is in the picture? ({words})",
        decoding=Decoding(max_new_tokens=1, fixed_length=True),
    )


def _timed(arm: Arm, request: Request, host_only: bool) -> Timing:
    cuda = arm.device.startswith("cuda")
    recorder = StageRecorder(events=(lambda: torch.cuda.Event(enable_timing=True)) if cuda else None)  # type: ignore[arg-type,return-value,no-untyped-call]
    if cuda:
        torch.cuda.synchronize()
    if host_only:
        return arm.pipeline.run_host(request, recorder)
    timing = arm.pipeline.run(request, recorder).timing
    assert timing is not None
    return timing


def _note(found: Measured, arm: str, timing: Timing) -> None:
    named = {
        "to_uint8_tiles": timing.to_uint8_tiles_ns,
        "to_model_ready": timing.to_model_ready_ns,
        "ttft": timing.ttft_ns,
    }
    for metric, nanoseconds in named.items():
        if nanoseconds is not None:
            found.seconds[arm].setdefault(metric, []).append(nanoseconds / 1e9)
    for slug, nanoseconds in timing.stages_ns.items():
        found.stages[arm].setdefault(slug, []).append(nanoseconds / 1e9)


def _rounded(times: Sequence[float]) -> list[float]:
    return [round(value, 6) for value in times]


def machine() -> dict[str, Any]:
    """Hardware, load and versions that the numbers belong to."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "torch_threads": torch.get_num_threads(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("torch", "torchvision", "transformers", "tokenizers", "pillow", "numpy")
        },
    }


def _cpu_name() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
