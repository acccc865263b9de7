"""Where the time of one model goes, stage by stage and arm by arm: a diagnosis, never a claim.

All arms are resident together and every image is run under each of them, in an order drawn anew for each round.
Medians only: whether an arm is faster is for ``run`` to say, with replicates and an A/A arm.
"""

from __future__ import annotations

import itertools
import pathlib
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Lengths
from argus_eval.core.timing import STAGES, Timing
from argus_eval.engine.narrator import Narrator
from argus_eval.errors import SampleError
from argus_eval.measure.hot_spots import HotSpots, sample_hot_spots
from argus_eval.measure.trace import write_trace

__all__ = ["DECODE_STEPS", "SCHEMA", "ArmProfile", "Bound", "Depth", "Profile", "ProfileJob", "profile_arms"]

SCHEMA = "argus-eval/profile/1"
#: "host": bytes to model-ready tensors. "all": a whole request with one output token, and a decode step.
Depth = Literal["host", "all"]
_WARM_UP_ROUNDS = 2
_LEAST_ROUNDS = 3
#: Steps of the decode loop that one longer answer shows.
DECODE_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileJob:
    """What is profiled.

    Attributes:
        runners: arm name → runner, the baseline first.
        requests: one a distinct image.
        depth: how far a request goes.
        rounds: most requests an arm. budget_s: wall time for all of them together; the smaller limit wins.
        hot_spots_s: how long to sample host work of each arm; 0 leaves it out.
        trace_dir: where timelines are written; ``None`` for none.
        seed: of the order.
    """

    runners: Mapping[str, ArmRunner]
    requests: Sequence[Request]
    depth: Depth
    rounds: int
    budget_s: float
    hot_spots_s: float = 0.0
    trace_dir: pathlib.Path | None = None
    seed: int = 0
    clock_s: Callable[[], float] = time.perf_counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The least a stage can cost here, and the share of that bound it attains (1: nothing left to gain)."""

    least_s: float
    attained: float | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmProfile:
    """Medians of one arm, in seconds; ``None`` where the pipeline cannot see it or it was not asked for.

    Attributes:
        name: the arm. n: measured requests. errors: those that failed.
        stages_s: stage slug → median; sub-stages ``parent.child`` are part of their parent.
        shares: top-level stage → part of TTFT, or of ``to_model_ready_s`` where only the host was looked at.
        residual: part of TTFT that no stage accounts for, median over requests.
        decode_step_s: one step of the decode loop behind a prompt, from a few longer answers.
        tiles, prompt_tokens: of a typical request (the median).
        bounds: stage → what it must cost at least on this machine.
        hot_spots: host lines of Python, sampled while nothing is timed.
        trace: file with a timeline of one request.
    """

    name: str
    n: int
    errors: int
    stages_s: Mapping[str, float]
    shares: Mapping[str, float]
    to_uint8_tiles_s: float | None
    to_model_ready_s: float | None
    ttft_s: float | None
    residual: float | None
    decode_step_s: float | None = None
    tiles: int | None = None
    prompt_tokens: int | None = None
    host_peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    hot_spots: HotSpots | None = None
    trace: str | None = None
    bounds: Mapping[str, Bound] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile of one model."""

    model: str
    label: str
    weights: str
    device: str
    dtype: str
    depth: Depth
    images: int
    arms: tuple[ArmProfile, ...]
    environment: Mapping[str, object]
    notes: tuple[str, ...] = ()
    schema: str = field(default=SCHEMA)


def profile_arms(job: ProfileJob, narrator: Narrator) -> tuple[ArmProfile, ...]:
    """Measure every arm's stages, interleaved, then look at each arm alone for hot spots and a timeline."""
    measured: dict[str, list[_Request]] = defaultdict(list)
    errors: dict[str, int] = defaultdict(int)
    rng = np.random.default_rng(job.seed)
    names = list(job.runners)
    began_s = job.clock_s()
    for count in range(_WARM_UP_ROUNDS + job.rounds):
        spent_s = job.clock_s() - began_s
        # Rounds cost alike; the next must fit, but for the few without which there is no median.
        if count >= _WARM_UP_ROUNDS + _LEAST_ROUNDS and spent_s * (count + 1) / count > job.budget_s:
            break
        request = job.requests[count % len(job.requests)]
        for index in rng.permutation(len(names)):
            name = names[index]
            try:
                found = _run(job.runners[name], request, job.depth)
            except SampleError:
                errors[name] += 1
                continue
            if count >= _WARM_UP_ROUNDS:
                measured[name].append(found)
        narrator.progress("profiling", count + 1, _WARM_UP_ROUNDS + job.rounds)
    return tuple(_arm(job, name, measured[name], errors[name], narrator) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    timing: Timing
    lengths: Lengths | None


def _run(runner: ArmRunner, request: Request, depth: Depth) -> _Request:
    if depth == "host":
        return _Request(timing=runner.host(request), lengths=None)
    response = runner.time(replace(request, decoding=Decoding(max_new_tokens=1, fixed_length=True)))
    if response.timing is None:
        raise SampleError("the backend took no times")
    return _Request(timing=response.timing, lengths=response.lengths)


def _decode_step_s(job: ProfileJob, name: str) -> float | None:
    """Median over a few answers of some tokens; every one of these is a step behind the first."""
    steps = []
    for request in itertools.islice(itertools.cycle(job.requests), _LEAST_ROUNDS):
        decoding = Decoding(max_new_tokens=1 + DECODE_STEPS, fixed_length=True)
        try:
            timing = job.runners[name].time(replace(request, decoding=decoding), stages=False).timing
        except SampleError:
            continue
        if timing is not None and timing.ttft_ns is not None and timing.e2e_ns is not None:
            steps.append((timing.e2e_ns - timing.ttft_ns) / DECODE_STEPS)
    return _median(steps)


def _arm(job: ProfileJob, name: str, measured: Sequence[_Request], errors: int, narrator: Narrator) -> ArmProfile:
    timings = [request.timing for request in measured]
    lengths = [request.lengths for request in measured if request.lengths is not None]
    stages = _stage_medians(timings)
    ttft_s = _median([timing.ttft_ns for timing in timings])
    ready_s = _median([timing.to_model_ready_ns for timing in timings])
    whole_s = ttft_s if job.depth == "all" else ready_s
    residuals = [value for timing in timings if (value := timing.residual()) is not None]
    hot_spots, trace = None, None
    if timings and job.hot_spots_s:
        narrator.say(f"{name}: sampling host work for {job.hot_spots_s:g} s")
        hot_spots = sample_hot_spots(_host_work(job, name), duration_s=job.hot_spots_s)
    if timings and job.trace_dir is not None:
        path = job.trace_dir / f"{name.replace('/', '-')}.json"
        write_trace(lambda: _run(job.runners[name], job.requests[0], job.depth), path)
        trace = str(path)
    return ArmProfile(
        name=name,
        n=len(timings),
        errors=errors,
        stages_s=stages,
        shares={slug: value / whole_s for slug, value in stages.items() if whole_s and "." not in slug},
        to_uint8_tiles_s=_median([timing.to_uint8_tiles_ns for timing in timings]),
        to_model_ready_s=ready_s,
        ttft_s=ttft_s,
        residual=float(np.median(residuals)) if residuals else None,
        decode_step_s=_decode_step_s(job, name) if timings and job.depth == "all" else None,
        tiles=_typical([one.tiles for one in lengths]),
        prompt_tokens=_typical([one.prompt_tokens for one in lengths]),
        hot_spots=hot_spots,
        trace=trace,
    )


def _host_work(job: ProfileJob, name: str) -> Callable[[], object]:
    runner, requests = job.runners[name], list(job.requests)
    turn = iter(range(1 << 62))

    def work() -> None:
        request = requests[next(turn) % len(requests)]
        try:
            runner.host(request)
        except SampleError:
            # Counted when it was measured.
            return

    return work


def _stage_medians(timings: Sequence[Timing]) -> dict[str, float]:
    """Median of every stage over the requests, a request without it counting as zero, in pipeline order."""
    seen = {slug for timing in timings for slug in timing.stages_ns}
    ordered = [slug for slug in STAGES if slug in seen] + sorted(seen.difference(STAGES))
    return {
        slug: float(np.median([timing.stages_ns.get(slug, 0) for timing in timings])) / 1e9 for slug in ordered
    }


def _typical(values: Sequence[int | None]) -> int | None:
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) / 1e9 if known else None
