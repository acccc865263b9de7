"""Rules and numbers of a gate as they read, in the terminal, in Markdown and in JUnit alike."""

from __future__ import annotations

from argus_eval.core.units import format_bytes, format_seconds
from argus_eval.gate.outcome import ArmCheck, CheckOutcome, RuleResult
from argus_eval.stats.preservation import Margin
from argus_eval.stats.verdict import Verdict

__all__ = ["SIGNS", "headline", "margin_words", "points", "verdict_words", "rule_line", "tested_words"]

#: One shape a verdict, so that none is told by colour alone.
SIGNS = {
    Verdict.PASS: "✓",
    Verdict.PASS_IDENTICAL: "✓",
    Verdict.FAIL: "✕",
    Verdict.INCONCLUSIVE: "?",
    Verdict.INVALID: "!",
    Verdict.NOT_MEASURED: "–",
}


def verdict_words(verdict: Verdict) -> str:
    """The verdict for people."""
    return verdict.value.replace("_", " ")


def points(difference: float) -> str:
    """A signed difference of shares in points.

    >>> points(-0.0041)
    '−0.41'
    """
    return f"{100 * difference:+.2f}".replace("-", "−")


def margin_words(margin: Margin) -> str:
    """What may be lost.

    >>> margin_words(Margin(absolute=0.01)), margin_words(Margin(keep=0.99))
    ('−1 point(s)', '99 % kept')
    """
    parts = []
    if margin.keep < 1:
        parts.append(f"{100 * margin.keep:g} % kept")
    if margin.absolute or not parts:
        parts.append(f"−{100 * margin.absolute:g} point(s)")
    return " and ".join(parts)


def tested_words(result: RuleResult) -> str:
    """The number with its interval and what it had to clear; empty where nothing was measured."""
    if result.preservation is not None:
        return _accuracy_words(result)
    if result.value is None:
        return ""
    form = {"s": format_seconds, "bytes": format_bytes}.get(result.unit)
    if form is not None:
        return form(result.value)
    if result.unit == "share":
        return f"{100 * result.value:.2g} %"
    ends = f" [{result.interval[0]:.3f}, {result.interval[1]:.3f}]" if result.interval else ""
    return f"{result.value:.3f}×{ends}"


def _accuracy_words(result: RuleResult) -> str:
    tested = result.preservation
    assert tested is not None
    if tested.difference is None:
        return ""
    words = f"{points(tested.difference)} points"
    if tested.interval is not None:
        low, high, percent = tested.interval.low, tested.interval.high, 100 * tested.interval.level
        what = "" if tested.margin.keep == 1 else f" of arm − {tested.margin.keep:g} × baseline"
        words += f" [{points(low)}, {points(high)}]{what} ({percent:.3g} %)"
    return f"{words}, margin {margin_words(tested.margin)}"


def rule_line(result: RuleResult) -> str:
    """One rule in one line, without its verdict."""
    words = tested_words(result)
    return f"{result.subject}: {words}; {result.reason}" if words else f"{result.subject}: {result.reason}"


def headline(outcome: CheckOutcome) -> str:
    """The gate in one line."""
    decided = [arm for arm in outcome.arms if arm.verdict is outcome.verdict]
    names = ", ".join(arm.arm for arm in decided)
    warned = " (only warned of)" if outcome.verdict is Verdict.INCONCLUSIVE and outcome.exit_code == 0 else ""
    return (
        f"{verdict_words(outcome.verdict)}{warned}: {names}: {_why(decided[0]) if decided else 'nothing judged'}"
    )


def _why(arm: ArmCheck) -> str:
    """What decided an arm."""
    found = [rule for rule in arm.rules if rule.counted is arm.verdict and rule.verdict is arm.verdict]
    if arm.verdict.preserved:
        found = [rule for rule in found if rule.kind != "validity"]
    reasons = list(dict.fromkeys(rule.reason for rule in found))
    more = f" (and {len(reasons) - 2} more)" if len(reasons) > 2 else ""
    return ("; ".join(reasons[:2]) or "no rule") + more
