"""The timed passes of a run, with the cache state under which a request is made (MEASUREMENT §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from argus_eval.backends.protocol import ArmRunner
from argus_eval.core.record import Record
from argus_eval.core.request import Decoding
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.engine.blocks import Measure, TimedPass
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.stats.intervals import minimum_requests

__all__ = ["PassSettings", "Window", "host_pass", "latency_pass"]

_MOST_ROWS = 11
#: Host work, short and long answers never share an image where an arm remembers images.
PARTS = 3
_OTHER_QUESTION = "What can be seen in this image?"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassSettings:
    """What all passes of one model have in common.

    Attributes:
        model: its name. regime: cache state. seed: of the order.
        done: records that an interrupted run left.
        distinct: arms that keep results of images they have seen; no image may come twice.
    """

    model: str
    regime: str
    seed: int
    done: Mapping[str, Record]
    distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a pass has to end, as shares of the budget, and how long it may warm up.

    Attributes:
        share: its regular end. reach: its end while it has fewer than ten replicates.
        warmup_s: seconds of warm-up.
    """

    share: float
    reach: float
    warmup_s: float


def host_pass(settings: PassSettings, arms: Mapping[str, ArmRunner], window: Window, *, images: int) -> TimedPass:
    """Host work only, on at least ``images`` images."""
    part = 0

    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        if settings.regime.startswith("warm-"):
            arms[arm].host(item.with_length(1))
        return arms[arm].host(item.with_length(1)), None

    return TimedPass(
        name="host",
        model=settings.model,
        regime="host",
        arms=tuple(arms),
        measure=measure,
        quantity="to_model_ready",
        share=window.share,
        reach=window.reach,
        most_rows=_MOST_ROWS,
        images_wanted=images,
        in_any_case=True,
        done=settings.done,
        tokens=0,
        seed=settings.seed,
        warmup_s=window.warmup_s,
        distinct=settings.distinct,
        part=(part, PARTS) if settings.distinct else (0, 1),
    )


def latency_pass(
    settings: PassSettings, arms: Mapping[str, ArmRunner], window: Window, *, tokens: int
) -> TimedPass:
    """Whole requests of a fixed output length; the price of stage timers is read from the shortest.

    Of the shortest, which the headline is about, as many images are wanted as a 90th percentile needs.
    """
    part = 1 if tokens == 1 else 2
    return TimedPass(
        name="latency",
        model=settings.model,
        regime=settings.regime,
        arms=tuple(arms),
        measure=_request(arms, settings.regime, tokens, stages=True),
        untimed=_request(arms, settings.regime, tokens, stages=False) if tokens == 1 else None,
        quantity="ttft" if tokens == 1 else "e2e",
        share=window.share,
        reach=window.reach,
        most_rows=_MOST_ROWS,
        images_wanted=minimum_requests(0.9) if tokens == 1 else 0,
        in_any_case=tokens == 1,
        done=settings.done,
        tokens=tokens,
        seed=settings.seed,
        warmup_s=window.warmup_s,
        distinct=settings.distinct,
        part=(part, PARTS) if settings.distinct else (0, 1),
    )


def _request(arms: Mapping[str, ArmRunner], regime: str, tokens: int, *, stages: bool) -> Measure:
    def measure(arm: str, item: WorkItem) -> tuple[Timing, Response | None]:
        _prime(arms[arm], regime, item)
        # Hashed after the clock has stopped: every measured request can be compared with the baseline's.
        response = arms[arm].time(item.with_length(tokens), stages=stages, hashes=True)
        if response.timing is None or response.timing.ttft_ns is None:
            raise SampleError("the backend gave no time to first token")
        return response.timing, response

    return measure


def _prime(runner: ArmRunner, regime: str, item: WorkItem) -> None:
    """Bring the caches into the state that the regime names, outside every clock."""
    if regime == "warm-image":
        other = replace(item.request, prompt=_OTHER_QUESTION, decoding=Decoding(max_new_tokens=1))
        runner.time(other, stages=False)
    elif regime == "warm-prefix":
        runner.time(item.with_length(1), stages=False)
