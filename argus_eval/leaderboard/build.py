"""The board's static page: tables of comparable rows, reference rows beside them, a link to each run's report."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

from argus_eval.core.results import ArmResult
from argus_eval.leaderboard.chart import TradeOff, trade_offs
from argus_eval.leaderboard.entries import Entry, add, read_entries
from argus_eval.leaderboard.groups import (
    AccuracyRow,
    AccuracyTable,
    SpeedRow,
    SpeedTable,
    accuracy_tables,
    hardware,
    speed_tables,
)
from argus_eval.report.figures import Figure, change_figure, latency_figure, memory_figure, metric_figure
from argus_eval.report.html import content_policy, template_environment, trusted, without_indentation, write_page
from argus_eval.report.published import PublishedScore, read_published
from argus_eval.report.strip import peak_bytes, verdict_slug
from argus_eval.report.text import printable
from argus_eval.report.wording import VERDICT_MARKS, VERDICT_NAMES, arm_label, headline, saved_figure, size_words

__all__ = ["add", "build"]

_HERE = pathlib.Path(__file__).parent / "templates"
_REPORT = pathlib.Path(__file__).parent.parent / "report" / "templates"
_SHORT = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a table as it reads. ``source`` is the address of a published number, ``None`` for a run."""

    label: str
    weights: str
    size: str
    hardware: str
    run: str
    report: str | None
    accuracy: Figure
    unparsed: str
    ttft: Figure
    e2e: Figure
    tpot: Figure
    change: Figure | None
    host_saved: Figure
    memory: Figure
    verdict: str
    verdict_mark: str
    verdict_slug: str
    source: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it reads."""

    anchor: str
    task: str
    title: str
    note: str
    lines: tuple[Line, ...]
    charts: tuple[TradeOff, ...] = ()


def build(leaderboard_dir: pathlib.Path) -> pathlib.Path:
    """Write ``index.html`` from the entries and ``published.yaml`` in ``leaderboard_dir``.

    Returns:
        The page.

    Raises:
        UsageError: an entry or the list of published numbers cannot be read.
        EnvironmentError_: the page cannot be written.
    """
    entries = read_entries(leaderboard_dir)
    published = read_published(leaderboard_dir / "published.yaml")
    path = leaderboard_dir / "index.html"
    write_page(path, _render(entries, published))
    return path


def _render(entries: tuple[Entry, ...], published: tuple[PublishedScore, ...]) -> str:
    from argus_eval import __version__

    accuracies = tuple(
        _accuracy_table(table, index) for index, table in enumerate(accuracy_tables(entries, published))
    )
    speeds = tuple(_speed_table(table, index) for index, table in enumerate(speed_tables(entries)))
    style = (_REPORT / "page.css").read_text(encoding="utf-8") + (_HERE / "board.css").read_text(encoding="utf-8")
    script = (_HERE / "board.js").read_text(encoding="utf-8")
    lines = [line for table in (*accuracies, *speeds) for line in table.lines if line.source is None]
    page = (
        template_environment(_HERE)
        .get_template("board.html.j2")
        .render(
            version=__version__,
            csp=content_policy(styles=[style], scripts=[script]),
            style=trusted(style),
            script=trusted(script),
            runs=len(entries),
            accuracies=accuracies,
            speeds=speeds,
            references=tuple(_reference(score) for score in published),
            reference_names=tuple((printable(score.benchmark), printable(score.metric)) for score in published),
            tasks=tuple(dict.fromkeys(table.task for table in accuracies)),
            machines=tuple(dict.fromkeys(line.hardware for line in lines)),
            weights=tuple(dict.fromkeys(line.weights for line in lines)),
            unmeasured=_without_accuracy(entries),
        )
    )
    return without_indentation(page)


def _accuracy_table(table: AccuracyTable, index: int) -> Table:
    lines = [_accuracy_line(row) for row in table.rows]
    lines += [_reference(score) for score in table.published]
    return Table(
        anchor=f"accuracy-{index}",
        task=printable(table.task),
        title=f"{printable(table.task)}, {printable(table.metric)}",
        note=f"{table.n} samples, data {printable(table.fingerprint)[:_SHORT]}",
        lines=tuple(lines),
        charts=trade_offs(table),
    )


def _speed_table(table: SpeedTable, index: int) -> Table:
    return Table(
        anchor=f"speed-{index}",
        task="",
        title=printable(table.hardware),
        note=f"{printable(table.regime)}, {table.images} images, workload {printable(table.fingerprint)[:_SHORT]}",
        lines=tuple(_speed_line(row) for row in table.rows),
    )


def _accuracy_line(row: AccuracyRow) -> Line:
    verdicts = {(t.task, t.metric): t.verdict for t in row.comparison.tasks} if row.comparison else {}
    name = next(name for name, metric in row.task.metrics.items() if metric is row.metric)
    verdict = verdicts.get((row.task.task, name))
    return _line(
        row.entry,
        row.arm,
        accuracy=metric_figure(row.metric, name),
        unparsed=str(row.task.unparsed.n),
        verdict=VERDICT_NAMES[verdict] if verdict else "",
        verdict_mark=VERDICT_MARKS[verdict] if verdict else "",
        verdict_slug=verdict_slug(verdict) if verdict else "",
    )


def _speed_line(row: SpeedRow) -> Line:
    verdict = row.comparison.verdict if row.comparison else None
    return _line(
        row.entry,
        row.arm,
        change=change_figure(row.comparison.speedup.get("ttft")) if row.comparison else None,
        host_saved=saved_figure(row.comparison) if row.comparison else Figure(text=""),
        verdict=VERDICT_NAMES[verdict] if verdict else "baseline",
        verdict_mark=VERDICT_MARKS[verdict] if verdict else "◆",
        verdict_slug=verdict_slug(verdict) if verdict else "baseline",
    )


def _line(
    entry: Entry,
    arm: ArmResult,
    *,
    accuracy: Figure | None = None,
    unparsed: str = "",
    change: Figure | None = None,
    host_saved: Figure | None = None,
    verdict: str,
    verdict_mark: str,
    verdict_slug: str,
) -> Line:
    def latency(quantity: str) -> Figure:
        found = headline(arm, quantity)
        return latency_figure(getattr(found, quantity) if found else None)

    return Line(
        label=arm_label(arm),
        weights=arm.weights,
        size=f"{size_words(arm.parameters)} parameters" if arm.parameters else "",
        hardware=printable(hardware(entry.results, arm)),
        run=printable(entry.results.run_id),
        report=entry.report,
        accuracy=accuracy or Figure(text=""),
        unparsed=unparsed,
        ttft=latency("ttft_s"),
        e2e=latency("e2e_s"),
        tpot=latency("tpot_s"),
        change=change,
        host_saved=host_saved or Figure(text=""),
        memory=memory_figure(peak_bytes(arm)),
        verdict=verdict,
        verdict_mark=verdict_mark,
        verdict_slug=verdict_slug,
    )


def _reference(score: PublishedScore) -> Line:
    from argus_eval.core.results import MetricValue

    value = MetricValue(value=score.value, ci=None, n=0, status="scored", primary=True, higher_is_better=True)
    figure = metric_figure(value, score.metric)
    nothing = Figure(text="")
    return Line(
        label=printable(score.model),
        weights="published",
        size="",
        hardware="",
        run="",
        report=None,
        accuracy=Figure(text=figure.text, value=figure.value),
        unparsed="",
        ttft=nothing,
        e2e=nothing,
        tpot=nothing,
        change=None,
        host_saved=nothing,
        memory=nothing,
        verdict="",
        verdict_mark="",
        verdict_slug="",
        source=score.source,
        note=printable("; ".join(part for part in (score.note, f"read in: {score.read}") if part)),
    )


def _without_accuracy(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Arms on the board whose accuracy was measured on no task."""
    return tuple(
        dict.fromkeys(
            arm_label(arm)
            for entry in entries
            for arm in entry.results.arms
            if arm.role != "aa"
            and not any(metric.value is not None for task in arm.tasks for metric in task.metrics.values())
        )
    )
