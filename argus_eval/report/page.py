"""One report as one HTML file that loads nothing: templates filled, scripts and styles inline, named by hash."""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.report.inputs import ReportInput
from argus_eval.report.text import printable

if TYPE_CHECKING:
    import jinja2
    import markupsafe

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
    text = render_report(runs, title=title)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as problem:
        reason = f"the report cannot be written ({problem.strerror})"
        raise EnvironmentError_(f"{path}: {reason}; choose another place") from problem


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
    bundle = _inline_script(vega_bundle()) if any(view.pareto.chart for view in views) else ""
    environment = _environment()
    page = environment.get_template("page.html.j2").render(
        title=printable(title) if title else _title(runs),
        version=__version__,
        csp=_policy(styles=[style], scripts=[bundle, script]),
        style=_trusted(style),
        script=_trusted(script),
        bundle=_trusted(bundle),
        runs=views,
    )
    return _without_indentation(page)


def _without_indentation(page: str) -> str:
    """The page without the templates' blank space; styles, data and scripts are left as their hashes name them."""
    head, style_end, rest = page.partition("</style>")
    body, script_start, tail = rest.partition("<script")
    return head + style_end + re.sub(r"\s*\n\s*", "\n", body) + script_start + tail


def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _trusted(text: str) -> markupsafe.Markup:
    import markupsafe

    return markupsafe.Markup(text)  # noqa: S704 - our own files and the renderer's bundle


def _inline_script(text: str) -> str:
    # An HTML parser ends a script at this, wherever it stands; in JavaScript strings the two are the same.
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(*, styles: Sequence[str], scripts: Sequence[str]) -> str:
    def hashes(texts: Sequence[str]) -> str:
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _title(runs: Sequence[ReportInput]) -> str:
    models = list(dict.fromkeys(arm.model for run in runs for arm in run.results.arms))
    tasks = list(dict.fromkeys(task.task for run in runs for arm in run.results.arms for task in arm.tasks))
    shown = ", ".join(models[:3]) + (f" and {len(models) - 3} more" if len(models) > 3 else "")
    on = f" on {', '.join(tasks)}" if 0 < len(tasks) <= 3 else f" on {len(tasks)} tasks" if tasks else ""
    return printable(f"{shown}{on}" or "argus-eval report")
