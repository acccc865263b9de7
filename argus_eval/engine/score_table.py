"""The report of ``argus-eval score`` for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argus_eval.engine.score_report import Id, ScoreReport, ScoreValue

__all__ = ["score_table"]

_LISTED = 5


def score_table(report: ScoreReport) -> str:
    """A few lines of plain text."""
    width = max(len(name) for name in report.metrics)
    lines = [f"{report.task}: {report.n:,} items", ""]
    lines += [_metric_line(name, value, width, report) for name, value in report.metrics.items()]
    lines.append("")
    lines += _counts("unparsed", report.unparsed.n, report.unparsed.reasons)
    lines += _ids("missing (counted as wrong)", report.missing)
    lines += _ids("left out", report.extra)
    lines += _counts("dropped", sum(report.dropped.values()), report.dropped)
    lines += _counts("repaired", sum(report.repairs.values()), report.repairs)
    lines += report.notes
    return "\n".join(lines).rstrip()


def _metric_line(name: str, value: ScoreValue, width: int, report: ScoreReport) -> str:
    number = "–" if value.value is None else f"{value.value:.4f}"
    interval = f"  [{value.ci[0]:.4f}, {value.ci[1]:.4f}]" if value.ci else ""
    ceiling = report.ceiling.get(name)
    bound = f"  ceiling {ceiling:.4f}" if ceiling is not None else ""
    return f"  {name.ljust(width)}  {number.rjust(8)}{interval}{bound}".rstrip()


def _counts(title: str, total: int, reasons: Mapping[str, int]) -> list[str]:
    if not total:
        return []
    listed = ", ".join(f"{reason}: {n:,}" for reason, n in sorted(reasons.items(), key=lambda pair: -pair[1]))
    return [f"{title}: {total:,} ({listed})"]


def _ids(title: str, ids: Sequence[Id]) -> list[str]:
    if not ids:
        return []
    more = ", …" if len(ids) > _LISTED else ""
    return [f"{title}: {len(ids):,} ({', '.join(str(identity) for identity in ids[:_LISTED])}{more})"]
