"""A profile as tables for the terminal. Names and reasons are printed as text, never as markup."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from argus_eval.core.timing import stage_order
from argus_eval.core.units import format_bytes, format_percent, format_seconds

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from argus_eval.engine.profile import ArmProfile, Profile

__all__ = ["print_profile"]

_LOG_COLUMNS = 120
_UNRELIABLE_RESIDUAL = 0.1


def print_profile(profile: Profile, console: Console | None = None) -> None:
    """Stages by arm, then what was found of each arm alone."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(width=None if sys.stdout.isatty() else _LOG_COLUMNS)
    images = f"{profile.images} image{'s' if profile.images > 1 else ''}"
    console.print(Text(f"{profile.label} on {profile.device}, {profile.dtype}, {images}, medians"))
    for note in profile.notes:
        console.print(Text(f"! {note}"))
    console.print(_stages(profile))
    for arm in profile.arms:
        for line in _about(arm):
            console.print(Text(f"{arm.name}: {line}"), soft_wrap=True)
    console.print(Text("A profile is a diagnosis: whether an arm is faster is for `argus-eval run` to say."))


def _stages(profile: Profile) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, highlight=False)
    table.add_column("stage")
    for arm in profile.arms:
        table.add_column(arm.name, justify="right")
    table.add_column("least here", justify="right")
    for slug in sorted({slug for arm in profile.arms for slug in arm.stages_s}, key=stage_order):
        name = f"  {slug.partition('.')[2]}" if "." in slug else slug
        cells = [_cell(arm, slug) for arm in profile.arms]
        bound = next((arm.bounds[slug] for arm in profile.arms if slug in arm.bounds), None)
        table.add_row(name, *cells, "" if bound is None else format_seconds(bound.least_s))
    step = next((arm.bounds["decode_step"] for arm in profile.arms if "decode_step" in arm.bounds), None)
    if any(arm.decode_step_s is not None for arm in profile.arms):
        cells = [format_seconds(arm.decode_step_s) for arm in profile.arms]
        table.add_section()
        table.add_row("decode step", *cells, "" if step is None else format_seconds(step.least_s))
    table.add_section()
    for name, pick in _TOTALS.items():
        table.add_row(name, *(pick(arm) for arm in profile.arms), "")
    return table


_TOTALS: dict[str, Callable[[ArmProfile], str]] = {
    "to uint8 tiles": lambda arm: format_seconds(arm.to_uint8_tiles_s),
    "to model-ready": lambda arm: format_seconds(arm.to_model_ready_s),
    "TTFT": lambda arm: format_seconds(arm.ttft_s),
    "residual": lambda arm: format_percent(arm.residual),
    "host peak": lambda arm: format_bytes(arm.host_peak_bytes),
    "requests": lambda arm: str(arm.n),
}


def _cell(arm: ArmProfile, slug: str) -> str:
    value_s = arm.stages_s.get(slug)
    if value_s is None:
        return "–"
    share = arm.shares.get(slug)
    return format_seconds(value_s) if share is None else f"{format_seconds(value_s)}  {format_percent(share)}"


def _about(arm: ArmProfile) -> list[str]:
    lines = []
    if arm.errors:
        lines.append(f"{arm.errors} requests failed")
    if arm.residual is not None and arm.residual > _UNRELIABLE_RESIDUAL:
        lines.append(f"{format_percent(arm.residual)} of TTFT is in no stage: the stages are unreliable")
    lines += [
        f"{slug} attains {format_percent(bound.attained)} of its bound ({bound.by})"
        for slug, bound in arm.bounds.items()
        if bound.attained is not None
    ]
    if arm.hot_spots is not None:
        if arm.hot_spots.reason is not None:
            lines.append(f"host hot spots not measured: {arm.hot_spots.reason}")
        lines += [
            f"{format_percent(spot.share):>7}  {spot.function}  {spot.file}{f':{spot.line}' if spot.line else ''}"
            for spot in arm.hot_spots.spots
        ]
    if arm.trace is not None:
        lines.append(f"timeline: {arm.trace}")
    return lines
