"""One report as one HTML file that loads nothing: templates filled, scripts and styles inline, named by hash."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from argus_eval.errors import UsageError
from argus_eval.report.html import (
    content_policy,
    inline_script,
    template_environment,
    trusted,
    without_indentation,
    write_page,
)
from argus_eval.report.inputs import ReportInput
from argus_eval.report.text import printable

__all__ = ["render_report", "write_report"]

_TEMPLATES = pathlib.Path(__file__).parent / "templates"


def write_report(path: pathlib.Path, runs: Sequence[ReportInput], *, title: str | None = None) -> None:
    """Write the page of ``runs`` to ``path``, whole or not at all.

    Args:
        path: the HTML file; its folder is made.
        runs: at least one run. Several share a page, each with its own charts: hardware is never mixed.
        title: heading of the page; made from the models where it is ``None``.

    Raises:
        UsageError: ``runs`` is empty.
        EnvironmentError_: the file cannot be written.
    """
    write_page(path, render_report(runs, title=title))


def render_report(runs: Sequence[ReportInput], *, title: str | None = None) -> str:
    """The page of ``runs`` as text."""
    from argus_eval import __version__
    from argus_eval.report.charts import vega_bundle
    from argus_eval.report.sections import run_view

    if not runs:
        raise UsageError("a report needs at least one run")
    views = [run_view(run, f"r{index}-", share=1 / len(runs)) for index, run in enumerate(runs)]
    style = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    bundle = inline_script(vega_bundle()) if any(view.pareto.chart for view in views) else ""
    environment = template_environment(_TEMPLATES)
    page = environment.get_template("page.html.j2").render(
        title=printable(title) if title else _title(runs),
        version=__version__,
        csp=content_policy(styles=[style], scripts=[bundle, script]),
        style=trusted(style),
        script=trusted(script),
        bundle=trusted(bundle),
        runs=views,
    )
    return without_indentation(page)


def _title(runs: Sequence[ReportInput]) -> str:
    models = list(dict.fromkeys(arm.model for run in runs for arm in run.results.arms))
    tasks = list(dict.fromkeys(task.task for run in runs for arm in run.results.arms for task in arm.tasks))
    shown = ", ".join(models[:3]) + (f" and {len(models) - 3} more" if len(models) > 3 else "")
    on = f" on {', '.join(tasks)}" if 0 < len(tasks) <= 3 else f" on {len(tasks)} tasks" if tasks else ""
    return printable(f"{shown}{on}" or "argus-eval report")
