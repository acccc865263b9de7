"""The quantities a chart can have on its axes, over all arms of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.results import ArmResult
from argus_eval.report.text import printable
from argus_eval.report.wording import headline, primary

__all__ = ["MACRO", "MARGIN", "Axis", "beaten", "cost_axes", "score_axes"]

#: The default policy's margin on the group mean (MEASUREMENT §19): a loss within it counts as none.
MARGIN = 0.01
MACRO = "mean of the tasks"

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One quantity over all arms: name as on the axis, and per arm a value with its interval or ``None``.

    ``tasks`` are those that a score is of, by the names they have in the results, and ``metric`` is its metric.
    """

    name: str
    title: str
    values: tuple[tuple[float, float, float] | None, ...]
    lower_is_better: bool
    tasks: tuple[str, ...] = ()
    metric: str = ""


def beaten(points: Sequence[tuple[float, float]]) -> list[int | None]:
    """For each (cost, score) the point on the frontier that beats it, ``None`` for those on the frontier.

    Points are taken from the lowest cost to the highest. One joins the frontier if its score is more than
    :data:`MARGIN` above that of every point already there: within the gate's margin accuracies count as equal.
    Comparing with the frontier alone matters: a chain of small losses would otherwise beat a far better point.
    """
    found: list[int | None] = [None] * len(points)
    frontier: list[tuple[float, int]] = []
    for index in sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1], place)):
        score = points[index][1]
        by = next((other for height, other in frontier if height >= score - MARGIN), None)
        found[index] = by
        if by is None:
            frontier.append((score, index))
    return found


def cost_axes(arms: Sequence[ArmResult]) -> list[Axis]:
    """What an answer costs, times in ms and memory in GiB; only quantities that some arm has."""
    axes = []
    for name, quantity in (("TTFT", "ttft_s"), ("end to end", "e2e_s"), ("TPOT", "tpot_s")):
        values = tuple(_quantile_ms(arm, quantity) for arm in arms)
        axes.append(Axis(name=name, title=f"{name}, ms (log scale)", values=values, lower_is_better=True))
    peaks = tuple(_peak_gib(arm) for arm in arms)
    axes.append(Axis(name="peak memory", title="peak memory, GiB (log scale)", values=peaks, lower_is_better=True))
    energies = tuple(_energy(arm) for arm in arms)
    energy_title = "energy, J per answer (log scale)"
    axes.append(Axis(name="energy", title=energy_title, values=energies, lower_is_better=True))
    kinds = sorted({kind for arm in arms for entry in arm.efficiency for kind in entry.throughput})
    for kind in kinds:
        flows = tuple(_throughput(arm, kind) for arm in arms)
        words = kind.replace("_per_s", " per second").replace("_", " ")
        axes.append(Axis(name=words, title=f"{words} (log scale)", values=flows, lower_is_better=False))
    return [axis for axis in axes if any(value is not None for value in axis.values)]


def score_axes(arms: Sequence[ArmResult]) -> list[Axis]:
    """Primary metrics by task, and their mean first where there are several; only what some arm has."""
    tasks = list(dict.fromkeys(task.task for arm in arms for task in arm.tasks))
    axes = []
    for task in tasks:
        found = [primary(arm, task) for arm in arms]
        values = tuple(_score(item[1].value, item[1].ci) if item else None for item in found)
        metric = next((item[0] for item in found if item), "")
        if any(value is not None for value in values):
            name = printable(task)
            axes.append(
                Axis(
                    name=name,
                    title=f"{name}, {printable(metric)}",
                    values=values,
                    lower_is_better=False,
                    tasks=(task,),
                    metric=metric,
                )
            )
    shares = [axis for axis in axes if all(value is None or 0 <= value[0] <= 1 for value in axis.values)]
    if len(shares) > 1:
        means = tuple(_mean([axis.values[index] for axis in shares]) for index in range(len(arms)))
        if any(value is not None for value in means):
            title = f"{MACRO} ({len(shares)} tasks)"
            every = tuple(axis.tasks[0] for axis in shares)
            axes.insert(0, Axis(name=MACRO, title=title, values=means, lower_is_better=False, tasks=every))
    return axes


def _quantile_ms(arm: ArmResult, quantity: str) -> tuple[float, float, float] | None:
    entry = headline(arm, quantity)
    found = getattr(entry, quantity) if entry else None
    if found is None or found.p50 is None or found.p50 <= 0:
        return None
    low, high = found.ci or (found.p50, found.p50)
    return found.p50 * 1e3, low * 1e3, high * 1e3


def _peak_gib(arm: ArmResult) -> tuple[float, float, float] | None:
    peaks = [entry.memory.device_peak_bytes or entry.memory.host_peak_bytes for entry in arm.efficiency]
    known = [peak / 1024**3 for peak in peaks if peak]
    return (max(known), max(known), max(known)) if known else None


def _energy(arm: ArmResult) -> tuple[float, float, float] | None:
    known = [entry.energy_j for entry in arm.efficiency if entry.energy_j]
    return (known[0], known[0], known[0]) if known else None


def _throughput(arm: ArmResult, kind: str) -> tuple[float, float, float] | None:
    known = [flow for entry in arm.efficiency if (flow := entry.throughput.get(kind))]
    return (max(known), max(known), max(known)) if known else None


def _score(value: float | None, ci: Interval | None) -> tuple[float, float, float] | None:
    if value is None:
        return None
    low, high = ci or (value, value)
    return value, low, high


def _mean(values: Sequence[tuple[float, float, float] | None]) -> tuple[float, float, float] | None:
    """Mean over tasks; its interval takes tasks as independent. ``None`` unless every task is there."""
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return None
    mean = sum(value[0] for value in known) / len(known)
    half = math.hypot(*((value[2] - value[1]) / 2 for value in known)) / len(known)
    return mean, mean - half, mean + half
