"""The table a run ends with in the terminal: verdicts first, then what was gained, then what was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from argus_eval.core.results import (
    ArmResult,
    Comparison,
    Efficiency,
    MetricValue,
    Results,
    SpeedUp,
    TaskResult,
)
from argus_eval.core.units import format_percent, format_seconds
from argus_eval.report.figures import (
    NOT_MEASURED,
    Figure,
    change_figure,
    claim_note,
    difference_figure,
    latency_figure,
    memory_figure,
    metric_figure,
)
from argus_eval.report.text import printable
from argus_eval.report.wording import (
    VERDICT_NAMES,
    arm_label,
    headline,
    host_saving,
    lead_sentence,
    short_labels,
    speed_gist,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["print_results"]

_QUANTITIES = (("TTFT", "ttft_s", "ttft"), ("end to end", "e2e_s", "e2e"), ("TPOT", "tpot_s", "tpot"))


def print_results(results: Results, console: Console) -> None:
    """Print a run: banners, one worded verdict per arm, latency, accuracy, memory.

    Nothing of it is interpreted as markup: names and sentences may hold anything.
    """
    from rich.text import Text

    for banner in results.banners:
        console.print(Text(f"! {printable(banner)}", style="bold yellow"))
    if not results.complete:
        console.print(Text("! this run is not finished: the numbers cover what was measured", style="bold yellow"))
    if results.quick:
        console.print(Text("! quick run: no claims", style="bold yellow"))
    arms = {arm.id: arm for arm in results.arms}
    for comparison in results.comparisons:
        arm, baseline = arms.get(comparison.arm), arms.get(comparison.baseline)
        console.print()
        console.print(_verdict_line(comparison, baseline, arm), soft_wrap=True)
        for line in _evidence(comparison, baseline, arm):
            console.print(Text(f"  {line}"), soft_wrap=True)
    if results.arms:
        console.print()
    if any(arm.efficiency for arm in results.arms):
        console.print(_latency_table(results))
    elif results.arms:
        console.print("Latency: not measured in this run")
    for line in _absences(results):
        console.print(Text(line), soft_wrap=True)
    if any(metric.value is not None for _, _, _, metric in _primaries(results)):
        console.print(_accuracy_table(results))


def _verdict_line(comparison: Comparison, baseline: ArmResult | None, arm: ArmResult | None) -> object:
    from rich.text import Text

    name = arm_label(arm) if arm else printable(comparison.arm)
    verdict = VERDICT_NAMES[comparison.verdict]
    return Text.assemble((name, "bold"), f" · {verdict}\n  {lead_sentence(comparison, baseline)}")


def _evidence(comparison: Comparison, baseline: ArmResult | None, arm: ArmResult | None) -> list[str]:
    gist = speed_gist(comparison)
    lines = [f"speed: {gist}" if gist else "", _host_line(comparison, baseline, arm)]
    ttft = comparison.speedup.get("ttft")
    if ttft is not None:
        lines.append(f"TTFT {_speed_words(ttft)}")
    if comparison.fidelity is not None and comparison.fidelity.broken:
        claimed = comparison.fidelity.loss_class.value
        lines.append(f"the {claimed} claim is BROKEN: {printable(comparison.fidelity.broken)}")
    known = baseline.notes if baseline else ()
    lines += [f"note: {printable(note)}" for note in (arm.notes if arm else ()) if note not in known]
    return [line for line in lines if line]


def _host_line(comparison: Comparison, baseline: ArmResult | None, arm: ArmResult | None) -> str:
    found = host_saving(comparison)
    if found is None:
        return f"host work saved: {NOT_MEASURED}"
    _, saving = found
    assert saving.saved_s is not None  # host_saving finds only those
    ends = saving.saved_ci_s
    interval = f" [{format_seconds(ends[0])}, {format_seconds(ends[1])}]" if ends else ""
    shares = [entry.host_share_of_ttft for entry in map(_entry, (baseline, arm)) if entry is not None]
    told = [format_percent(share) for share in shares if share is not None]
    of_ttft = f"; host work is {' → '.join(told)} of TTFT" if told else ""
    note = claim_note(saving)
    claim = f" ({note})" if note else ""
    return f"host work saved per image: {format_seconds(saving.saved_s)}{interval}{claim}{of_ttft}"


def _entry(arm: ArmResult | None) -> Efficiency | None:
    return headline(arm) if arm else None


def _speed_words(speedup: SpeedUp) -> str:
    figure = change_figure(speedup)
    twin = speedup.aa
    floor = (
        f"; A/A {twin.ratio:.3f}× [{twin.ci[0]:.3f}, {twin.ci[1]:.3f}]"
        if twin.ratio is not None and twin.ci is not None
        else f"; A/A {NOT_MEASURED}"
    )
    note = claim_note(speedup)
    if not note:
        return f"{figure}{floor}"
    sharp = speedup.detectable
    could = (
        f" (this run could have shown {format_percent(sharp - 1)} or more)"
        if sharp is not None and speedup.shown is None
        else ""
    )
    return f"{figure}{floor}; {note}{could}"


def _latency_table(results: Results) -> Table:
    from rich.text import Text

    headings = ("arm", "host work", *(name for name, _, _ in _QUANTITIES), "peak memory", "n")
    table = _empty_table("Latency: median with interval", headings, left=("arm",))
    labels = short_labels(results)
    for arm in results.arms:
        entry = headline(arm)
        cells = [latency_figure(entry.to_model_ready_s if entry else None)]
        for _, quantity, _ in _QUANTITIES:
            found = headline(arm, quantity)
            cells.append(latency_figure(getattr(found, quantity) if found else None))
        cells.append(_peak(arm))
        count = str(entry.workload.n) if entry else NOT_MEASURED
        table.add_row(*map(Text, (labels[arm.id], *map(_stacked, cells), count)))
    return table


def _accuracy_table(results: Results) -> Table:
    """One row an arm and task; answers that were not understood or not given have a column where there are any."""
    from rich.text import Text

    rows = {(c.arm, row.task, row.metric): row for c in results.comparisons for row in c.tasks}
    labels, primaries = short_labels(results), list(_primaries(results))
    lost: dict[str, Callable[[TaskResult], int]] = {
        "unparsed": lambda task: task.unparsed.n,
        "errors": lambda task: task.errors,
    }
    shown = {word: count for word, count in lost.items() if any(count(task) for _, task, _, _ in primaries)}
    headings = ("task", "arm", "value", "change", "verdict", "n", *shown)
    table = _empty_table("Accuracy: value with interval", headings, left=("task", "arm", "verdict"))
    for arm, task, name, metric in primaries:
        row = rows.get((arm.id, task.task, name))
        change = difference_figure(row.difference, row.ci, name) if row else Figure(text="")
        cells = (
            f"{printable(task.task)}\n{printable(name)}",
            labels[arm.id],
            _stacked(metric_figure(metric, name)),
            _stacked(change),
            VERDICT_NAMES[row.verdict] if row else "",
            str(metric.n),
            *(str(count(task)) for count in shown.values()),
        )
        table.add_row(*map(Text, cells))
    return table


def _absences(results: Results) -> list[str]:
    """One line for each task whose accuracy no arm has, with the reason."""
    by_task: dict[str, list[MetricValue]] = {}
    for _, task, _, metric in _primaries(results):
        by_task.setdefault(task.task, []).append(metric)
    lines = []
    for name, metrics in by_task.items():
        if all(metric.value is None for metric in metrics):
            figure = metric_figure(metrics[0])
            reason = f" ({printable(figure.note)})" if figure.note else ""
            lines.append(f"accuracy on {printable(name)}: {figure.text}{reason}")
    return lines


def _primaries(results: Results) -> Iterator[tuple[ArmResult, TaskResult, str, MetricValue]]:
    for arm in results.arms:
        for task in arm.tasks:
            for name, metric in task.metrics.items():
                if metric.primary:
                    yield arm, task, name, metric


def _empty_table(title: str, headings: tuple[str, ...], left: tuple[str, ...]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        # Names may be long and are broken where they have to be; a broken number would be read as two.
        name = heading in ("arm", "task")
        table.add_column(
            heading, justify="left" if heading in left else "right", overflow="fold", no_wrap=not name
        )
    return table


def _peak(arm: ArmResult) -> Figure:
    peaks = [
        peak
        for entry in arm.efficiency
        for peak in (entry.memory.device_peak_bytes, entry.memory.host_peak_bytes)
        if peak is not None
    ]
    return memory_figure(max(peaks, default=None))


def _stacked(figure: Figure) -> str:
    return "\n".join(part for part in (figure.text, figure.interval) if part)
