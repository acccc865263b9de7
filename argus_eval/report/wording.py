"""What arms, verdicts and gains are called, and the sentence that a page and a terminal lead with."""

from __future__ import annotations

from argus_eval.core.results import ArmResult, Comparison, Efficiency, MetricValue, Results, SpeedUp, Verdict
from argus_eval.core.units import format_percent, format_seconds
from argus_eval.report.figures import NOT_MEASURED, Figure, claim_note, interval_text
from argus_eval.report.text import printable

__all__ = [
    "QUANTITY_WORDS",
    "VERDICT_MARKS",
    "VERDICT_NAMES",
    "VERDICT_WORDS",
    "arm_label",
    "arm_name",
    "baseline_of",
    "headline",
    "host_saving",
    "lead_sentence",
    "primary",
    "recipe_label",
    "saved_figure",
    "short_labels",
    "size_words",
    "speed_gist",
]

VERDICT_NAMES = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}
VERDICT_WORDS = {
    Verdict.PASS: "accuracy preserved",
    Verdict.FAIL: "accuracy lost",
    Verdict.INCONCLUSIVE: "not decided",
    Verdict.INVALID: "invalid comparison",
    Verdict.NOT_MEASURED: "accuracy not measured",
}
#: One shape a verdict, so that none is told by colour alone.
VERDICT_MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✕",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INVALID: "!",
    Verdict.NOT_MEASURED: "–",
}

#: Where a claim's sentence goes on to say why a gain may not be claimed (stats/claims.py).
_UNSHOWN = "; accuracy preservation not shown"

#: What the quantities of a speed-up are called.
QUANTITY_WORDS = {
    "ttft": "TTFT",
    "e2e": "end to end",
    "tpot": "TPOT",
    "host": "host work",
    "to_uint8_tiles": "bytes to uint8 tiles",
}

#: Host totals, the one to lead with first (CONTRACTS: stages).
HOST_TOTALS = ("host", "to_model_ready", "to_uint8_tiles")


def host_saving(comparison: Comparison) -> tuple[str, SpeedUp] | None:
    """The host total to lead with, by name, and what the arm did to it."""
    for name in HOST_TOTALS:
        found = comparison.speedup.get(name)
        if found is not None and found.saved_s is not None:
            return name, found
    return None


def saved_figure(comparison: Comparison) -> Figure:
    """Host time saved per image with its interval; the note says where nothing may be claimed of it."""
    found = host_saving(comparison)
    if found is None or found[1].saved_s is None:
        return Figure(text=NOT_MEASURED)
    saving = found[1]
    text = format_seconds(saving.saved_s)
    return Figure(
        text=text,
        value=saving.saved_s,
        interval=interval_text(saving.saved_ci_s, format_seconds, text),
        note=claim_note(saving),
    )


def headline(arm: ArmResult, quantity: str = "ttft_s") -> Efficiency | None:
    """The entry to print a quantity from: cold images first, and among those the one that measured it.

    TTFT and the host totals come from the shortest output, end-to-end and TPOT from the longest.
    """
    longest = quantity in ("e2e_s", "tpot_s")
    ranked = sorted(
        arm.efficiency,
        key=lambda entry: (
            entry.regime != "cold-image",
            getattr(entry, quantity).p50 is None,
            -entry.output_tokens if longest else entry.output_tokens,
        ),
    )
    return ranked[0] if ranked else None


def primary(metrics_of: ArmResult, task: str) -> tuple[str, MetricValue] | None:
    """Name and value of the primary metric of ``task``; ``None`` where the arm has no such task."""
    for result in metrics_of.tasks:
        if result.task == task:
            for name, metric in result.metrics.items():
                if metric.primary:
                    return name, metric
    return None


def arm_name(arm: ArmResult) -> str:
    """What the arm is called beside others of its model: ``lossless``, ``baseline, second time (A/A)``."""
    if arm.role == "aa":
        return "baseline, second time (A/A)"
    return printable(arm.id.removeprefix(f"{arm.model}:"))


def arm_label(arm: ArmResult) -> str:
    """Model and arm; random weights say so in the model's label, and so everywhere."""
    return f"{printable(arm.label or arm.model)}: {arm_name(arm)}"


def short_labels(results: Results) -> dict[str, str]:
    """Arm id → name for tables and charts: without the model where there is only one."""
    alone = len({arm.model for arm in results.arms}) == 1
    return {arm.id: arm_name(arm) if alone else arm_label(arm) for arm in results.arms}


def recipe_label(arm: ArmResult) -> str:
    """The recipes of an arm in words; empty where its name already says them."""
    recipes = printable(" + ".join(arm.recipes))
    return "" if recipes.replace(" ", "") == arm_name(arm).replace(" ", "") else recipes


def size_words(parameters: int | None) -> str:
    """A number of parameters.

    >>> size_words(2_169_000_000), size_words(8_344_000), size_words(None)
    ('2.17 B', '8.34 M', 'unknown')
    """
    if parameters is None:
        return "unknown"
    return f"{parameters / 1e9:.2f} B" if parameters >= 1e9 else f"{parameters / 1e6:.3g} M"


def lead_sentence(comparison: Comparison, baseline: ArmResult | None) -> str:
    """The verdict in words: host work saved and its share of TTFT, TTFT, accuracy.

    A gain is named only where its claim holds; otherwise the sentence of the comparison says why it does not.
    """
    parts = list(_said_once(_host_words(comparison, baseline), _ttft_words(comparison)))
    parts.append(printable(comparison.sentence) or VERDICT_WORDS[comparison.verdict])
    return "; ".join(part.rstrip(".;") for part in parts) + "."


def speed_gist(comparison: Comparison) -> str:
    """Every quantity that was measured, by what was shown of it; empty where none was."""
    kinds = ("faster", "slower", "faster, but accuracy not shown", "no gain shown")
    told: dict[str, list[str]] = {kind: [] for kind in kinds}
    for name, speedup in comparison.speedup.items():
        if speedup.median is None:
            continue
        if speedup.claim:
            words = "faster"
        elif speedup.shown == "faster":
            words = "faster, but accuracy not shown"
        else:
            words = speedup.shown or "no gain shown"
        told[words].append(QUANTITY_WORDS.get(name, printable(name)))
    return "; ".join(f"{words}: {', '.join(names)}" for words, names in told.items() if names)


def _host_words(comparison: Comparison, baseline: ArmResult | None) -> str:
    found = host_saving(comparison)
    if found is None or found[1].saved_s is None:
        return f"Host work saved: {NOT_MEASURED}"
    saving = found[1]
    if not saving.claim or saving.saved_s is None:
        return _upper(printable(saving.sentence)) or "Host work: no difference shown"
    change = _signed_seconds(-saving.saved_s)
    ends = saving.saved_ci_s
    interval = interval_text((-ends[1], -ends[0]), _signed_seconds, change) if ends else ""
    entry = headline(baseline) if baseline else None
    whole = entry.ttft_s.p50 if entry else None
    share = f", {format_percent(saving.saved_s / whole)} of the baseline's TTFT on this device" if whole else ""
    return " ".join(part for part in ("Host work", change, "an image", interval) if part) + share


def _ttft_words(comparison: Comparison) -> str:
    ttft = comparison.speedup.get("ttft")
    if ttft is None:
        return f"TTFT {NOT_MEASURED}"
    return _upper(printable(ttft.sentence)) or "TTFT: no difference shown"


def _said_once(host: str, ttft: str) -> tuple[str, ...]:
    """Two sentences; one, where the same accuracy is what keeps both from being claims."""
    (first, but, why), (second, again, reason) = host.partition(_UNSHOWN), ttft.partition(_UNSHOWN)
    return (f"{first}, {second}{but}{why}",) if but and again and why == reason else (host, ttft)


def _signed_seconds(seconds: float) -> str:
    text = format_seconds(seconds)
    return f"+{text}" if seconds > 0 else text


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def baseline_of(results: Results, arm: ArmResult) -> ArmResult | None:
    """The arm that ``arm`` is compared with."""
    for comparison in results.comparisons:
        if comparison.arm == arm.id:
            return next((other for other in results.arms if other.id == comparison.baseline), None)
    return None
