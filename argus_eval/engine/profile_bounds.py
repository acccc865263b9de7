"""What each stage of a profile costs at least: host stages by the cheapest code, the device's by the roofline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from argus_eval.core.request import Request
from argus_eval.engine.profile import DECODE_STEPS, ArmProfile, Bound
from argus_eval.measure.host_floors import decode_floor_s, process_floor_s
from argus_eval.measure.roofline import (
    Ceilings,
    Shapes,
    decode_step_work,
    lower_bound_s,
    prefill_work,
    vision_work,
)

__all__ = ["with_bounds"]


def with_bounds(
    arms: tuple[ArmProfile, ...],
    request: Request,
    shapes: Shapes | None,
    ceilings: Ceilings | None,
    bytes_a_weight: int,
) -> tuple[ArmProfile, ...]:
    """The same arms with a lower bound beside every stage that has one.

    Args:
        arms: as measured.
        request: one of the profiled requests; its first image is what host floors are measured on.
        shapes: of the model's card; ``None`` for a checkpoint that has none, which leaves the device out.
        ceilings: of this machine; ``None`` leaves the device out.
        bytes_a_weight: of the model's dtype.
    """
    host = _host_bounds(request, arms[0], shapes) if arms else {}
    return tuple(
        replace(arm, bounds=_attained({**host, **_device_bounds(arm, shapes, ceilings, bytes_a_weight)}, arm))
        for arm in arms
    )


def _host_bounds(request: Request, baseline: ArmProfile, shapes: Shapes | None) -> dict[str, tuple[float, str]]:
    if not request.images:
        return {}
    data = request.images[0].data
    try:
        found = {"image_decode": (decode_floor_s(data), "the fastest decoder installed")}
        if shapes is not None and shapes.tile_px is not None and baseline.tiles is not None:
            floor_s = process_floor_s(data, baseline.tiles, shapes.tile_px)
            found["image_process"] = (floor_s, "one uint8 resize and one normalising pass")
    except OSError:
        return {}
    return found


def _device_bounds(
    arm: ArmProfile, shapes: Shapes | None, ceilings: Ceilings | None, bytes_a_weight: int
) -> dict[str, tuple[float, str]]:
    if shapes is None or ceilings is None:
        return {}
    found = {}
    if arm.tiles is not None:
        work = vision_work(shapes, arm.tiles, bytes_a_weight)
        found["vision"] = (lower_bound_s(work, ceilings), "roofline")
    if arm.prompt_tokens is not None:
        work = prefill_work(shapes, arm.prompt_tokens, bytes_a_weight)
        found["prefill"] = (lower_bound_s(work, ceilings), "roofline")
        work = decode_step_work(shapes, arm.prompt_tokens + DECODE_STEPS // 2, bytes_a_weight)
        found["decode_step"] = (lower_bound_s(work, ceilings), "roofline")
    return found


def _attained(bounds: Mapping[str, tuple[float, str]], arm: ArmProfile) -> dict[str, Bound]:
    found = {}
    for slug, (least_s, by) in bounds.items():
        measured_s = arm.decode_step_s if slug == "decode_step" else arm.stages_s.get(slug)
        if measured_s is not None:
            found[slug] = Bound(least_s=least_s, attained=least_s / measured_s if measured_s else None, by=by)
    return found
