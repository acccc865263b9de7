"""Requests a second over the sizes of the sweep: batches of a local model, requests under way at a server."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.results import ArmResult, BatchRate, Efficiency, Results
from argus_eval.report.figures import NOT_MEASURED, Figure, interval_text
from argus_eval.report.text import printable
from argus_eval.report.wording import short_labels

__all__ = ["Rate", "ThroughputRow", "ThroughputView", "throughput_view"]

_SERVERS = frozenset({"openai", "vllm"})
_DID_NOT_FIT = "does not fit into memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One size under one arm; ``best``: no other size of the arm is faster."""

    figure: Figure
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputRow:
    """One arm. ``tokens`` is its best rate in generated tokens a second."""

    label: str
    rates: tuple[Rate, ...]
    tokens: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputView:
    """Arms by sizes; ``unit`` says what a size is."""

    unit: str
    sizes: tuple[int, ...]
    rows: tuple[ThroughputRow, ...]


def throughput_view(results: Results) -> ThroughputView | None:
    """``None`` where no arm was swept."""
    swept = [(arm, entry) for arm in results.arms if arm.role != "aa" for entry in _swept(arm)]
    if not swept:
        return None
    sizes = tuple(sorted({rate.batch for _, entry in swept for rate in entry.throughput_sweep}))
    labels = short_labels(results)
    served = any(arm.backend in _SERVERS for arm, _ in swept)
    return ThroughputView(
        unit="requests under way at a time" if served else "images in a batch",
        sizes=sizes,
        rows=tuple(_row(labels[arm.id], entry, sizes) for arm, entry in swept),
    )


def _swept(arm: ArmResult) -> list[Efficiency]:
    """The entry that holds the arm's sweep; an arm has one at most."""
    return [entry for entry in arm.efficiency if entry.throughput_sweep][:1]


def _row(label: str, entry: Efficiency, sizes: tuple[int, ...]) -> ThroughputRow:
    known = {rate.batch: rate for rate in entry.throughput_sweep}
    best = max((rate.requests_per_s for rate in known.values() if rate.requests_per_s is not None), default=None)
    tokens = entry.throughput.get("output_tokens_per_s")
    return ThroughputRow(
        label=label,
        rates=tuple(_rate(known.get(size), best) for size in sizes),
        tokens=Figure(text=NOT_MEASURED) if tokens is None else Figure(text=_digits(tokens), value=tokens),
    )


def _rate(rate: BatchRate | None, best: float | None) -> Rate:
    if rate is None:
        return Rate(figure=Figure(text="–"), best=False)
    if rate.requests_per_s is None:
        why = _DID_NOT_FIT if rate.out_of_memory else printable(rate.reason) or NOT_MEASURED
        return Rate(figure=Figure(text="–", note=why), best=False)
    figure = Figure(
        text=_digits(rate.requests_per_s),
        value=rate.requests_per_s,
        interval=interval_text(rate.ci, _digits),
        note=f"{rate.rounds} round{'s' if rate.rounds != 1 else ''}",
    )
    return Rate(figure=figure, best=rate.requests_per_s == best)


def _digits(rate: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{rate:.0f}" if rate >= 100 else f"{rate:#.3g}"
