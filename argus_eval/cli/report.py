"""``argus-eval report``: one HTML page over one or several runs."""

from __future__ import annotations

import argparse
import pathlib
import sys
from typing import TYPE_CHECKING

from argus_eval.cli.folders import add_runs_folder

if TYPE_CHECKING:
    from argus_eval.core.results import Results
    from argus_eval.engine.plan import RunPlan
    from argus_eval.report.inputs import ReportInput, SampleView
    from argus_eval.store import RunDirectory

__all__ = ["add_arguments", "main", "report_input"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Runs and where to write."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="path or id of a run")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="the HTML file (default: reports/RUN.html)")
    add_runs_folder(parser)


def main(arguments: argparse.Namespace) -> int:
    """Write one HTML report over one or several runs."""
    from argus_eval.report import write_report
    from argus_eval.store import RunDirectory

    found = [RunDirectory.find(text, arguments.runs_dir) for text in arguments.runs]
    page = arguments.output or pathlib.Path("reports") / f"{found[0].run_id}.html"
    write_report(page, [report_input(run, run.results(), _plan_of(run)) for run in found])
    print(page)  # noqa: T201 - this is the command line
    return 0


def report_input(run: RunDirectory, results: Results, plan: RunPlan | None) -> ReportInput:
    """What the page needs of one run; without a plan it shows no samples."""
    from argus_eval.report.inputs import ReportInput, no_samples
    from argus_eval.report.published import shipped_scores

    samples = no_samples if plan is None else SampleViews(plan)
    return ReportInput(results=results, records=run.records, samples=samples, published=shipped_scores())


class SampleViews:
    """Samples of a run as the page shows them: callable with a task's display name and a sample key."""

    def __init__(self, plan: RunPlan) -> None:
        from argus_eval.engine.asking import prompt_style
        from argus_eval.engine.sample_views import SampleIndex

        self._index = SampleIndex(plan.tasks)
        # A page shows one prompt a sample: that of the first model.
        self._style = prompt_style(plan.models[0].facts)

    def __call__(self, task: str, key: str) -> SampleView | None:
        from argus_eval.engine.sample_views import target_text
        from argus_eval.report.inputs import SampleView

        sample = self._index.get(task, key)
        if sample is None:
            return None
        return SampleView(
            image=sample.images[0].data if sample.images else None,
            image_size=sample.image_size,
            prompt=self._index.prompt(task, sample, self._style),
            target=sample.target,
            target_text=target_text(sample),
        )


def _plan_of(run: RunDirectory) -> RunPlan | None:
    """The run's plan made again from its manifest; ``None`` where its data or checkpoint are gone."""
    from argus_eval.config import config_from_manifest
    from argus_eval.engine.plan import make_plan
    from argus_eval.errors import ArgusEvalError

    manifest = run.manifest()
    if "imported" in manifest:
        # Another tool's samples were never ours to show; its answers are in the records.
        return None
    try:
        return make_plan(config_from_manifest(manifest))
    except ArgusEvalError as problem:
        print(f"argus-eval: {run.path}: samples are not shown: {problem}", file=sys.stderr)  # noqa: T201
        return None
