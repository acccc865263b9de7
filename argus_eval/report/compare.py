"""A comparison of arms as one HTML file that loads nothing, and as lines for the terminal."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.units import format_bytes, format_ratio, format_seconds
from argus_eval.gate.comparison import ArmComparison, Flip, GroupDelta, SpeedDelta, TaskDelta
from argus_eval.report.figures import Figure, difference_figure
from argus_eval.report.html import (
    content_policy,
    template_environment,
    trusted,
    without_indentation,
    write_page,
)
from argus_eval.report.text import printable, shown

__all__ = ["compare_lines", "render_comparison", "write_comparison"]

_TEMPLATES = pathlib.Path(__file__).parent / "templates"
#: A page is for reading; the JSON has every changed sample.
_MOST_FLIPS = 200
_MOST_KEYS = 200
_SHOWN_BYTES = 400
_LINES = 5

_NAMES = {
    "host": "host work",
    "to_uint8_tiles": "bytes to tiles",
    "ttft": "TTFT",
    "e2e": "end to end",
    "tpot": "time per output token",
    "host_peak": "host peak memory",
    "device_peak": "device peak memory",
    "device_reserved": "device reserved memory",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task as the table has it; ``cells`` stand after the difference."""

    name: str
    metric: str
    baseline: str
    arm: str
    difference: Figure
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A mean over tasks."""

    name: str
    tasks: str
    difference: Figure
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """A time or a peak under both arms."""

    name: str
    baseline: str
    arm: str
    ratio: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipRow:
    """A sample whose score changed, its texts cut and made printable."""

    sample: str
    before: str
    after: str
    baseline: str
    arm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipBlock:
    """Changed samples of one task."""

    name: str
    words: str
    rows: tuple[FlipRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBlock:
    """Samples of one task that only one side has."""

    name: str
    words: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two arms as the page has them."""

    title: str
    baseline: str
    arm: str
    warnings: tuple[str, ...]
    tasks: tuple[TaskRow, ...]
    groups: tuple[GroupRow, ...]
    speed: tuple[CostRow, ...]
    speed_note: str
    fidelity: str
    unmatched: tuple[KeyBlock, ...]
    flips: tuple[FlipBlock, ...]


def write_comparison(path: pathlib.Path, comparisons: Sequence[ArmComparison]) -> None:
    """Write the page, whole or not at all.

    Raises:
        EnvironmentError_: the file cannot be written.
    """
    write_page(path, render_comparison(comparisons))


def render_comparison(comparisons: Sequence[ArmComparison]) -> str:
    """The page as text; everything that is not ours is escaped."""
    from argus_eval import __version__

    views = [_view(comparison) for comparison in comparisons]
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    title = views[0].title if len(views) == 1 else f"{len(views)} arms compared"
    page = (
        template_environment(_TEMPLATES)
        .get_template("compare.html.j2")
        .render(
            title=title,
            version=__version__,
            csp=content_policy(styles=[style], scripts=[]),
            style=trusted(style),
            pairs=views,
        )
    )
    return without_indentation(page)


def compare_lines(comparison: ArmComparison) -> list[str]:
    """The comparison as lines of text; nothing of it is interpreted as markup."""
    view = _view(comparison)
    lines = [f"{view.title}", f"  {view.baseline} → {view.arm}"]
    lines += [f"  ! {line}" for line in view.warnings]
    for row in view.tasks:
        lost, gained, p, equal, unparsed, errors, n, images = row.cells
        lines.append(f"  {row.name} {row.metric}: {row.baseline} → {row.arm}  {_words(row.difference)}")
        lines.append(
            f"      lost {lost}, gained {gained}, McNemar p {p or '–'}, equal answers {equal}, "
            f"unparsed {unparsed}, errors {errors}, n = {n} on {images} images"
        )
    lines += [f"  {g.name} ({g.tasks}): {_words(g.difference)}, n = {g.n:,}" for g in view.groups]
    lines += [f"  {c.name}: {c.baseline} → {c.arm}  {c.ratio}  {c.sentence}".rstrip() for c in view.speed]
    if view.fidelity:
        lines.append(f"  fidelity: {view.fidelity}")
    for keys in view.unmatched:
        lines.append(f"  {keys.name}: {keys.words}: {keys.keys}")
    for block in view.flips:
        lines.append(f"  changed on {block.name}: {block.words}")
        lines += [
            f"      {r.sample}: {r.before} → {r.after}  {r.baseline!r} → {r.arm!r}" for r in block.rows[:_LINES]
        ]
        if len(block.rows) > _LINES:
            lines.append("      … all of them with --json or --html")
    return lines


def _words(figure: Figure) -> str:
    return f"{figure}{f' ({figure.note})' if figure.note else ''}"


def _view(comparison: ArmComparison) -> PairView:
    tasks = comparison.tasks
    return PairView(
        title=printable(f"{comparison.arm} against {comparison.baseline}"),
        baseline=printable(f"{comparison.baseline} ({comparison.baseline_source})"),
        arm=printable(f"{comparison.arm} ({comparison.arm_source})"),
        warnings=tuple(map(printable, _warnings(comparison))),
        tasks=tuple(map(_task_row, tasks)),
        groups=tuple(map(_group_row, comparison.groups)),
        speed=(*map(_speed_row, comparison.speed), *_memory_rows(comparison)),
        speed_note="" if comparison.within_run else "Measured in different runs: shown, never claimed.",
        fidelity=printable(_fidelity(comparison)),
        unmatched=tuple(block for task in tasks for block in _key_blocks(task)),
        flips=tuple(_flip_block(task) for task in tasks if task.flips),
    )


def _warnings(comparison: ArmComparison) -> list[str]:
    lines = [
        f"{task.task}: no valid comparison: {reason}" for task in comparison.tasks for reason in task.problems
    ]
    lines += [f"{task}: {reason}" for task, reason in comparison.one_sided.items()]
    lines += [f"{task}: unsupported by one of the models, left out" for task in comparison.unsupported]
    lines += [f"other environment: {line}" for line in comparison.environment]
    if any(task.task.endswith("[synthetic]") for task in comparison.tasks):
        lines.append("synthetic data: the differences say nothing about the benchmarks of these names")
    return lines


def _task_row(task: TaskDelta) -> TaskRow:
    p = "" if task.mcnemar_p is None else f"{task.mcnemar_p:.3g}"
    figure = difference_figure(task.difference, task.interval, task.metric)
    if task.difference is None:
        figure = Figure(text=figure.text, note=printable(task.absence or "no pair"))
    elif task.interval is None:
        figure = Figure(text=figure.text, value=figure.value, note="no interval: too few images")
    return TaskRow(
        name=printable(task.task),
        metric=printable(task.metric),
        baseline=_score(task.baseline),
        arm=_score(task.arm),
        difference=figure,
        cells=(
            f"{task.lost:,}",
            f"{task.gained:,}",
            p,
            f"{task.equal_outputs:,}",
            f"{task.unparsed_baseline:,} → {task.unparsed_arm:,}",
            f"{task.errors:,}",
            f"{task.n:,}",
            f"{task.images:,}",
        ),
    )


def _group_row(group: GroupDelta) -> GroupRow:
    return GroupRow(
        name=group.group,
        tasks=printable(", ".join(group.tasks)),
        difference=difference_figure(group.difference, group.interval),
        n=group.n,
    )


def _speed_row(speed: SpeedDelta) -> CostRow:
    ends = f" [{format_ratio(speed.interval[0])}, {format_ratio(speed.interval[1])}]" if speed.interval else ""
    return CostRow(
        name=_NAMES[speed.quantity],
        baseline=_seconds(speed.baseline_s),
        arm=_seconds(speed.arm_s),
        ratio="–" if speed.ratio is None else format_ratio(speed.ratio) + ends,
        sentence=printable(speed.sentence),
    )


def _memory_rows(comparison: ArmComparison) -> list[CostRow]:
    rows = []
    for memory in comparison.memory:
        before, after = memory.baseline_bytes, memory.arm_bytes
        rows.append(
            CostRow(
                name=_NAMES[memory.kind],
                baseline="–" if before is None else format_bytes(before),
                arm="–" if after is None else format_bytes(after),
                ratio=format_ratio(after / before) if before and after is not None else "–",
                sentence="" if comparison.within_run else "measured in different runs",
            )
        )
    return rows


def _fidelity(comparison: ArmComparison) -> str:
    found = comparison.fidelity
    if found is None:
        return ""
    if found.broken:
        return f"the {found.loss_class.value} claim is BROKEN: {found.broken}"
    parts = [f"claims {found.loss_class.value}, looked at on {found.n} images"]
    if found.ids_equal is not None:
        parts.append("token ids equal" if found.ids_equal else "token ids differ")
    if found.pixels_hash_equal is not None and found.pixels_max_abs_diff is not None:
        parts.append(
            "pixels bit-equal" if found.pixels_hash_equal else f"pixels differ by {found.pixels_max_abs_diff:.3g}"
        )
    if found.tokens_equal_share is not None:
        parts.append(f"{100 * found.tokens_equal_share:.1f} % of answers have equal tokens")
    return "; ".join(parts)


def _key_blocks(task: TaskDelta) -> list[KeyBlock]:
    blocks = []
    for keys, words in ((task.only_baseline, "only in the baseline"), (task.only_arm, "only in the arm")):
        if keys:
            more = f" and {len(keys) - _MOST_KEYS:,} more" if len(keys) > _MOST_KEYS else ""
            listed = ", ".join(map(printable, keys[:_MOST_KEYS])) + more
            blocks.append(KeyBlock(name=printable(task.task), words=f"{len(keys):,} {words}", keys=listed))
    return blocks


def _flip_block(task: TaskDelta) -> FlipBlock:
    more = f"; the first {_MOST_FLIPS} are shown" if len(task.flips) > _MOST_FLIPS else ""
    return FlipBlock(
        name=printable(task.task),
        words=f"{task.lost:,} lost, {task.gained:,} gained{more}",
        rows=tuple(map(_flip_row, task.flips[:_MOST_FLIPS])),
    )


def _flip_row(flip: Flip) -> FlipRow:
    return FlipRow(
        sample=printable(flip.sample),
        before=_score(flip.baseline_score),
        after=_score(flip.arm_score),
        baseline=_answer(flip.baseline_text),
        arm=_answer(flip.arm_text),
    )


def _answer(text: str | None) -> str:
    if text is None:
        return "(not stored)"
    found = shown(text, _SHOWN_BYTES)
    return (found.text or "(empty answer)") + ("…" if found.cut else "")


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else format_seconds(value)
