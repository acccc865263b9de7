"""Everything the templates show of one run, gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argus_eval.core.results import Results
from argus_eval.report.charts import light
from argus_eval.report.check import Check
from argus_eval.report.digest import Digest, digest_records
from argus_eval.report.html import json_for_html
from argus_eval.report.inputs import ReportInput
from argus_eval.report.ladder import Ladder, ladders
from argus_eval.report.latency import LatencyView, latency_view
from argus_eval.report.matrix import Matrix, matrix
from argus_eval.report.pareto import ParetoView, pareto_view
from argus_eval.report.provenance import (
    ArmRow,
    DataRow,
    Download,
    arm_rows,
    data_rows,
    downloads,
    environment_rows,
)
from argus_eval.report.samples import SampleBook, sample_book
from argus_eval.report.selection import KIND_WORDS, KINDS, UNREMARKABLE
from argus_eval.report.stages import Waterfall, stages_hidden, waterfalls
from argus_eval.report.strip import ArmSummary, arm_summaries
from argus_eval.report.text import printable
from argus_eval.report.throughput import ThroughputView, throughput_view
from argus_eval.report.trust import trust_checks
from argus_eval.report.wording import short_labels

__all__ = ["FindingRow", "RunView", "run_view"]

_STATIC_FINDINGS = 30
_GALLERY = 12
_SAID = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A row of the findings table as it stands without scripts."""

    task: str
    key: str
    kind: str
    arm: str
    score: str
    target: str
    before: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as the templates read it."""

    prefix: str
    id: str
    subtitle: str
    banners: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    summaries: tuple[ArmSummary, ...]
    pareto: ParetoView
    ladders: tuple[Ladder, ...]
    waterfalls: tuple[Waterfall, ...]
    stages_hidden: str
    matrix: Matrix | None
    latency: LatencyView | None
    throughput: ThroughputView | None
    book: SampleBook
    samples_words: str
    findings: tuple[FindingRow, ...]
    gallery: tuple[int, ...]
    kinds: tuple[tuple[str, str], ...]
    tasks: tuple[str, ...]
    arm_names: tuple[str, ...]
    checks: tuple[Check, ...]
    command: str
    complete: bool
    schema: str
    record_words: str
    data_rows: tuple[DataRow, ...]
    arm_rows: tuple[ArmRow, ...]
    environment: tuple[tuple[str, str], ...]
    downloads: tuple[Download, ...]
    data: str


def run_view(run: ReportInput, prefix: str, *, share: float = 1.0) -> RunView:
    """Read the records of ``run`` and lay everything out.

    ``prefix`` keeps the ids of several runs apart; ``share`` is the part of the page's size that is this run's.
    """
    results = run.results
    digest = digest_records(results, run.records())
    pareto = pareto_view(results, digest, run.published)
    book = sample_book(run, digest, share)
    rungs, falls, grid = ladders(results), waterfalls(results), matrix(results)
    hidden = stages_hidden(results)
    latency, throughput = latency_view(results, digest), throughput_view(results)
    labels = short_labels(results)
    names = tuple(labels[arm] for arm in book.arms)
    kinds = {row[2] for row in book.rows}
    return RunView(
        prefix=prefix,
        id=printable(results.run_id),
        subtitle=_subtitle(results),
        banners=_banners(results),
        sections=_sections(
            {
                "ladder": bool(rungs),
                "stages": bool(falls or hidden),
                "matrix": grid is not None,
                "latency": latency is not None,
                "throughput": throughput is not None,
            }
        ),
        summaries=arm_summaries(results),
        pareto=pareto,
        ladders=rungs,
        waterfalls=falls,
        stages_hidden=hidden,
        matrix=grid,
        latency=latency,
        throughput=throughput,
        book=book,
        samples_words=_samples_words(book),
        findings=tuple(
            _finding_row(book, results, index, names) for index in range(len(book.rows[:_STATIC_FINDINGS]))
        ),
        gallery=_gallery(book),
        kinds=tuple((kind, KIND_WORDS[kind]) for kind in KINDS if kind in kinds),
        tasks=tuple(dict.fromkeys(sample["task"] for sample in book.samples)),
        arm_names=names,
        checks=trust_checks(results, digest),
        command=printable(results.command),
        complete=results.complete,
        schema=printable(results.schema),
        record_words=_record_words(digest),
        data_rows=data_rows(results),
        arm_rows=arm_rows(results),
        environment=environment_rows(results.environment),
        downloads=downloads(results, light(pareto.chart.svg) if pareto.chart else None),
        data=_data(results, (pareto, latency), book, names),
    )


def _subtitle(results: Results) -> str:
    arms = [arm for arm in results.arms if arm.role != "aa"]
    devices = ", ".join(dict.fromkeys(arm.device for arm in arms if arm.device)) or "unknown device"
    tasks = {task.task for arm in arms for task in arm.tasks}
    words = [
        f"run {results.run_id}",
        f"{len(arms)} arm{'s' if len(arms) != 1 else ''}",
        f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}",
        devices,
    ]
    return printable(" · ".join(words))


def _banners(results: Results) -> tuple[str, ...]:
    banners = [printable(banner) for banner in results.banners]
    if not results.complete:
        banners.append("This run is not finished: the numbers cover what was measured so far.")
    if results.quick:
        banners.append("Quick run: nothing on this page is a claim.")
    random_arms = [arm for arm in results.arms if arm.weights == "random"]
    if random_arms and not any("random" in banner for banner in banners):
        banners.append("The weights are random: accuracy is not measured.")
    return tuple(banners)


def _sections(present: Mapping[str, bool]) -> tuple[tuple[str, str], ...]:
    """Anchors and names; sections that are not in ``present`` always are."""
    named = (
        ("verdict", "Verdict"),
        ("pareto", "Trade-off"),
        ("ladder", "Recipes"),
        ("stages", "Stages"),
        ("matrix", "Tasks"),
        ("latency", "Latency"),
        ("throughput", "Throughput"),
        ("samples", "Samples"),
        ("trust", "Trust"),
        ("provenance", "Provenance"),
    )
    return tuple((anchor, name) for anchor, name in named if present.get(anchor, True))


def _samples_words(book: SampleBook) -> str:
    count = f"{len(book.samples)} sample{'s are' if len(book.samples) != 1 else ' is'} embedded"
    if all(row[2] == "example" for row in book.rows):
        return f"{count} as examples of what the model was shown; no answer was scored."
    words = f"{count}, those on which an arm and its baseline differ first"
    kept = sum(row[2] not in UNREMARKABLE for row in book.rows)
    if book.findings > kept:
        words += f"; {book.findings - kept} of {book.findings} findings are left out and stand in records.jsonl"
    return words + "."


def _finding_row(book: SampleBook, results: Results, index: int, names: tuple[str, ...]) -> FindingRow:
    place, arm, kind, before, score, slowness = book.rows[index]
    sample = book.samples[place]
    parent = _parents(results, book.arms)[arm]
    return FindingRow(
        task=sample["task"],
        key=sample["key"],
        kind=kind,
        arm=names[arm],
        score=_score_words(before, score, slowness),
        target=sample.get("target", {}).get("t", "")[:_SAID],
        before=_said(sample, parent) if parent is not None else "",
        said=_said(sample, arm),
    )


def _score_words(before: float | None, score: float | None, slowness: float | None) -> str:
    if slowness is not None:
        return f"{slowness}× its median"
    after = "–" if score is None else f"{score:g}"
    return after if before is None else f"{before:g} → {after}"


def _said(sample: dict[str, Any], arm: int) -> str:
    for answer in sample["answers"]:
        if arm in answer["arms"]:
            return str(answer.get("error") or answer["text"]["t"])[:_SAID]
    return ""


def _parents(results: Results, arms: tuple[str, ...]) -> list[int | None]:
    parents = {comparison.arm: comparison.baseline for comparison in results.comparisons}
    return [arms.index(parents[arm]) if parents.get(arm) in arms else None for arm in arms]


def _gallery(book: SampleBook) -> tuple[int, ...]:
    drawn = [index for index, sample in enumerate(book.samples) if sample.get("picture") is not None]
    return tuple(drawn[:_GALLERY])


def _record_words(digest: Digest) -> str:
    if not digest.counts:
        return "not at hand"
    return ", ".join(f"{count} {slot}" for slot, count in sorted(digest.counts.items()))


def _data(
    results: Results, charts: tuple[ParetoView, LatencyView | None], book: SampleBook, names: tuple[str, ...]
) -> str:
    """What the page's script reads. Nothing in it can close the element it stands in."""
    pareto, latency = charts
    data = {
        "growth": latency.growth.spec if latency and latency.growth else None,
        "pareto": {"spec": pareto.chart.spec, "choices": pareto.choices} if pareto.chart else None,
        "samples": book.samples,
        "rows": book.rows,
        "pictures": book.pictures,
        "kinds": KINDS,
        "arms": names,
        "parents": _parents(results, book.arms),
        "command": printable(results.command),
    }
    return json_for_html(data)
