"""The ablation ladder: which recipes are on, and what each set gains, costs and keeps of its promise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.results import ArmResult, Comparison, Fidelity, FlipCheck, Results, SpeedUp, TaskComparison
from argus_eval.core.units import format_percent
from argus_eval.report.figures import NOT_MEASURED, Figure, change_figure, difference_figure
from argus_eval.report.strip import peak_bytes, verdict_slug
from argus_eval.report.text import printable
from argus_eval.report.wording import VERDICT_MARKS, VERDICT_NAMES, arm_label, arm_name, recipe_label, saved_figure

__all__ = ["Ladder", "Rung", "Whisker", "ladders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An interval of a speed-up on the ladder's log scale, as shares of its width."""

    low: float
    middle: float
    high: float
    claim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One arm of the ladder."""

    name: str
    recipes: str
    on: tuple[bool, ...]
    ttft: Figure
    whisker: Whisker | None
    host: Figure
    memory: Figure
    worst: Figure
    worst_task: str
    verdict_mark: str
    verdict_words: str
    verdict_slug: str
    fidelity: tuple[str, ...]
    broken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Every arm compared with one baseline, the fewest recipes first. ``one`` is where no change lies."""

    baseline: str
    recipes: tuple[str, ...]
    rungs: tuple[Rung, ...]
    one: float


def ladders(results: Results) -> tuple[Ladder, ...]:
    """One ladder a baseline that something is compared with."""
    arms = {arm.id: arm for arm in results.arms}
    baselines = dict.fromkeys(comparison.baseline for comparison in results.comparisons)
    return tuple(
        _ladder(arms[baseline], [c for c in results.comparisons if c.baseline == baseline and c.arm in arms], arms)
        for baseline in baselines
        if baseline in arms
    )


def _ladder(baseline: ArmResult, comparisons: list[Comparison], arms: dict[str, ArmResult]) -> Ladder:
    # sorted() is stable: arms with equally many recipes keep the order they were asked for
    ordered = sorted(comparisons, key=lambda comparison: len(arms[comparison.arm].recipes))
    recipes = tuple(dict.fromkeys(recipe for c in ordered for recipe in arms[c.arm].recipes))
    reach = _reach([c.speedup.get("ttft") for c in ordered])
    return Ladder(
        baseline=arm_label(baseline),
        recipes=tuple(map(printable, recipes)),
        rungs=tuple(_rung(c, arms[c.arm], baseline, recipes, reach) for c in ordered),
        one=_place(1.0, reach),
    )


def _reach(speedups: Sequence[SpeedUp | None]) -> tuple[float, float]:
    """Ends of the ladder's scale as logarithms; 1 always lies inside."""
    ends = [end for speedup in speedups if speedup for end in (*(speedup.ci or ()), speedup.median) if end]
    logs = [math.log(end) for end in ends if end > 0] + [0.0]
    pad = max(0.05 * (max(logs) - min(logs)), 0.01)
    return min(logs) - pad, max(logs) + pad


def _place(ratio: float, reach: tuple[float, float]) -> float:
    return (math.log(ratio) - reach[0]) / (reach[1] - reach[0])


def _rung(
    comparison: Comparison,
    arm: ArmResult,
    baseline: ArmResult,
    recipes: tuple[str, ...],
    reach: tuple[float, float],
) -> Rung:
    ttft = comparison.speedup.get("ttft")
    worst = _worst(comparison)
    return Rung(
        name=arm_name(arm),
        recipes=recipe_label(arm),
        on=tuple(recipe in arm.recipes for recipe in recipes),
        ttft=change_figure(ttft),
        whisker=_whisker(ttft, reach),
        host=saved_figure(comparison),
        memory=_memory(arm, baseline),
        worst=difference_figure(worst.difference, worst.ci, worst.metric) if worst else Figure(text=NOT_MEASURED),
        worst_task=printable(worst.task) if worst else "",
        verdict_mark=VERDICT_MARKS[comparison.verdict],
        verdict_words=VERDICT_NAMES[comparison.verdict],
        verdict_slug=verdict_slug(comparison.verdict),
        fidelity=(*_fidelity(comparison.fidelity), *_flips(comparison.flips)),
        broken=bool(comparison.fidelity and comparison.fidelity.broken),
    )


def _whisker(speedup: SpeedUp | None, reach: tuple[float, float]) -> Whisker | None:
    if speedup is None or not speedup.median or speedup.median <= 0:
        return None
    low, high = speedup.ci or (speedup.median, speedup.median)
    if low <= 0:
        return None
    places = (_place(low, reach), _place(speedup.median, reach), _place(high, reach))
    return Whisker(low=places[0], middle=places[1], high=places[2], claim=speedup.claim)


def _worst(comparison: Comparison) -> TaskComparison | None:
    """The task that lost most; ``None`` where no difference was measured."""
    measured = [row for row in comparison.tasks if row.difference is not None]
    return min(measured, key=lambda row: row.difference or 0.0) if measured else None


def _memory(arm: ArmResult, baseline: ArmResult) -> Figure:
    here, before = peak_bytes(arm), peak_bytes(baseline)
    if here is None or not before:
        return Figure(text=NOT_MEASURED)
    change = here / before - 1
    return Figure(text=format_percent(change, signed=True), value=change)


def _fidelity(fidelity: Fidelity | None) -> tuple[str, ...]:
    if fidelity is None:
        return (NOT_MEASURED,)
    words = [f"class {fidelity.loss_class.value}"]
    if fidelity.broken:
        words.append(f"BROKEN: {printable(fidelity.broken)}")
    if fidelity.ids_equal is not None:
        words.append("ids equal" if fidelity.ids_equal else "ids differ")
    if fidelity.pixels_hash_equal:
        words.append("pixels hash-equal")
    elif fidelity.pixels_max_abs_diff is not None:
        words.append(f"pixels differ by at most {fidelity.pixels_max_abs_diff:g}")
    if fidelity.tokens_equal_share is not None:
        words.append(f"{format_percent(fidelity.tokens_equal_share)} of token sequences identical")
    if fidelity.logits_max_abs_diff is not None:
        words.append(f"first-token logits differ by at most {fidelity.logits_max_abs_diff:.2g}")
    if fidelity.first_token_kl is not None:
        words.append(f"first-token KL {fidelity.first_token_kl:.2g}")
    return (*words, f"n = {fidelity.n}")


def _flips(flips: FlipCheck | None) -> tuple[str, ...]:
    """Changed answers against the floor, in the words of the results."""
    return () if flips is None else (printable(flips.reason),)
