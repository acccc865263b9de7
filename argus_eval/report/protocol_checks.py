"""Did the measuring go as the protocol asks: warm-up, timers, drift, throttling, caches, processes, lengths."""

from __future__ import annotations

from collections.abc import Iterator

from argus_eval.core.loss_class import LossClass
from argus_eval.core.results import Efficiency, Results, Verdict
from argus_eval.core.units import format_percent
from argus_eval.report.check import Check, State
from argus_eval.report.figures import interval_text, latency_figure
from argus_eval.report.text import printable
from argus_eval.report.wording import QUANTITY_WORDS, short_labels

__all__ = ["protocol_checks"]

#: More reruns than this flag a run (MEASUREMENT §13), as a share of the blocks that count.
_MOST_RERUNS = 0.2
#: A run that ends because its intervals are narrow enough (±2 %) shows differences of 3 to 5 %.
_SHARP = 0.05

Entry = tuple[str, Efficiency]


def protocol_checks(results: Results) -> tuple[Check, ...]:
    """A check for everything of the protocol that this run looked at; nothing for what it did not."""
    labels = short_labels(results)
    entries = [(labels[arm.id], entry) for arm in results.arms for entry in arm.efficiency]
    return (
        *_warm_up(entries),
        *_timers(entries),
        *_drift(entries),
        *_reruns(entries),
        *_caches(entries),
        *_processes(entries),
        *_ends(entries),
        *_detectable(results),
        *_lengths(results),
        *_natural_ends(entries),
        *_flips(results),
    )


def _warm_up(entries: list[Entry]) -> Iterator[Check]:
    found = [(label, entry.warmup) for label, entry in entries if entry.warmup is not None]
    if not found:
        return
    restless = sorted({label for label, warmup in found if not warmup.settled})
    requests = max(warmup.requests for _, warmup in found)
    words = f"up to {requests} requests before a pass, on images that are not measured"
    if restless:
        words += f"; not settled when its time was up: {', '.join(restless)}"
    else:
        words += "; nothing was compiled any more and no trend was left"
    yield Check(name="Warm-up", state="open" if restless else "good", words=words)


def _timers(entries: list[Entry]) -> Iterator[Check]:
    found = [(label, entry.instrumentation) for label, entry in entries if entry.instrumentation is not None]
    if not found:
        return
    label, worst = max(found, key=lambda item: (item[1].hides_stages, item[1].upper))
    words = f"stage timers cost at most {format_percent(worst.upper)} of TTFT (95 % bound, {label})"
    if worst.requests:
        words += f", taken once more beside {worst.requests:,} requests"
    if worst.paired_cost is not None:
        ends = interval_text(worst.paired_ci, lambda end: format_percent(end, signed=True))
        words += (
            f"; requests with and without them differ by {format_percent(worst.paired_cost, signed=True)} {ends} "
            f"in {worst.pairs:,} pairs"
        )
    if worst.hides_stages:
        words += "; above 2 % stage times are not shown"
    yield Check(name="Price of the stage timers", state="bad" if worst.hides_stages else "good", words=words)


def _drift(entries: list[Entry]) -> Iterator[Check]:
    found = [(label, entry.drift) for label, entry in entries if entry.drift is not None]
    if not found:
        return
    # The sentinels are the baseline's: every arm of a pass shows the same drift.
    _, worst = max(found, key=lambda item: abs(item[1].total))
    ends = interval_text(worst.ci, lambda end: format_percent(end, signed=True))
    words = f"{format_percent(worst.total, signed=True)} {ends} over a pass, by {worst.n} sentinel requests"
    words += "; arms are interleaved, so that it falls on all of them" if worst.flagged else ""
    yield Check(name="Drift", state="bad" if worst.flagged else "good", words=words)


def _reruns(entries: list[Entry]) -> Iterator[Check]:
    reruns = max((entry.reruns for _, entry in entries), default=0)
    if not reruns:
        return
    blocks = max(entry.replicates for _, entry in entries)
    words = (
        f"the machine throttled in {reruns} blocks, which were measured again where they could be; {blocks} count"
    )
    yield Check(name="Throttling", state="bad" if reruns > _MOST_RERUNS * blocks else "open", words=words)


def _caches(entries: list[Entry]) -> Iterator[Check]:
    """One line an arm and regime: the passes of every output length share their audit."""
    said = set[tuple[str, str]]()
    for label, entry in entries:
        audit = entry.cache_audit
        if audit is None or (label, entry.regime) in said:
            continue
        said.add((label, entry.regime))
        ends = f" {interval_text(audit.ci, lambda end: f'{end:.2f}')}" if audit.ci is not None else ""
        words = f"an image's first time / its second: {audit.ratio:.2f}×{ends}, {audit.images} images"
        cold = audit.cached and entry.regime == "cold-image"
        if cold:
            words += "; a cache answers, so cold and warm images must not be mixed"
        yield Check(name=f"Cache audit of {label}", state="open" if cold else "good", words=words)


def _processes(entries: list[Entry]) -> Iterator[Check]:
    spread = next((entry.process_spread for _, entry in entries if entry.process_spread is not None), None)
    units = {entry.replicate_unit for _, entry in entries if entry.replicates}
    if spread is not None:
        words = (
            f"the variance of a mean is {spread.inflation:.2f}× what blocks of one process show, at most "
            f"{spread.upper:.2f}× ({spread.processes} processes, {spread.blocks} blocks)"
        )
        holds = spread.negligible or units == {"process"}
        words += "" if holds else "; blocks stand in for processes all the same"
        yield Check(name="Processes", state="good" if holds else "bad", words=words)
    elif units == {"process"}:
        yield Check(name="Processes", state="good", words="every replicate is a process of its own")
    elif units:
        words = "replicates are blocks of one process; what processes differ by was not measured"
        yield Check(name="Processes", state="open", words=words)


def _ends(entries: list[Entry]) -> Iterator[Check]:
    """Why measuring stopped where it did: never because of what it showed."""
    found = {
        (entry.regime, entry.output_tokens): (entry.replicates, entry.stopped)
        for _, entry in entries
        if entry.stopped is not None
    }
    if found:
        told = [
            f"{regime}, {tokens} token{'s' if tokens > 1 else ''}: {replicates} replicates, {reason}"
            for (regime, tokens), (replicates, reason) in found.items()
        ]
        yield Check(name="Where measuring ended", state="good", words=printable("; ".join(told)))


def _detectable(results: Results) -> Iterator[Check]:
    """The smallest difference of each quantity that this run could have shown, under its noisiest arm."""
    largest: dict[str, float] = {}
    for comparison in results.comparisons:
        for name, speedup in comparison.speedup.items():
            if speedup.detectable is not None:
                largest[name] = max(speedup.detectable - 1, largest.get(name, 0.0))
    if not largest:
        return
    ordered = [name for name in QUANTITY_WORDS if name in largest]
    told = ", ".join(f"{format_percent(largest[name])} in {QUANTITY_WORDS[name]}" for name in ordered)
    words = f"in four of five runs as noisy as this one, of {told} or more"
    state: State = "good" if largest[ordered[0]] <= _SHARP else "open"
    yield Check(name="Differences this run could have shown", state=state, words=words)


def _lengths(results: Results) -> Iterator[Check]:
    labels = short_labels(results)
    found = [(c.arm, c.length_guard) for c in results.comparisons if c.length_guard is not None]
    if not found:
        return
    off = [
        f"{labels.get(arm, printable(arm))} {guard.arm_tokens:.1f} tokens for {guard.baseline_tokens:.1f}"
        for arm, guard in found
        if guard.flagged
    ]
    words = "; ".join(off) if off else "arms answer as long as their baseline (90–110 %)"
    yield Check(name="Length of answers", state="bad" if off else "good", words=words)


def _natural_ends(entries: list[Entry]) -> Iterator[Check]:
    """Times of whole answers, each beside its length: no claim, because a shorter answer is sooner over."""
    found = {label: entry.natural for label, entry in entries if entry.natural is not None}
    if not found:
        return
    told = []
    for label, natural in found.items():
        tokens = "" if natural.output_tokens is None else f", {natural.output_tokens:.1f} tokens"
        cut = f", {natural.cut} cut at the limit" if natural.cut else ""
        told.append(f"{label} {latency_figure(natural.e2e_s)} ({natural.e2e_s.n} images{tokens}{cut})")
    unlike = [label for label, natural in found.items() if natural.as_long is False]
    words = f"{'; '.join(told)}; no claim"
    if unlike:
        words += f"; not of the same work, the lengths differ: {', '.join(unlike)}"
    yield Check(name="End to end at the natural end", state="open" if unlike else "good", words=words)


def _flips(results: Results) -> Iterator[Check]:
    """Arms that promise the same mathematics must not change more answers than the baseline's own batches do."""
    labels = short_labels(results)
    found = [(labels.get(c.arm, printable(c.arm)), c.flips) for c in results.comparisons if c.flips is not None]
    if not found:
        return
    verdicts = {flips.verdict for _, flips in found if flips.loss_class is LossClass.L1}
    words = "; ".join(f"{label}: {printable(flips.reason)}" for label, flips in found)
    state: State = "bad" if Verdict.FAIL in verdicts else "good" if verdicts == {Verdict.PASS} else "open"
    yield Check(name="Answers that changed", state=state, words=words)
