"""What all our pages share: templates that escape, a policy naming what is inline, one file and none beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from argus_eval.errors import EnvironmentError_

if TYPE_CHECKING:
    import jinja2
    import markupsafe

__all__ = [
    "content_policy",
    "inline_script",
    "json_for_html",
    "template_environment",
    "trusted",
    "without_indentation",
    "write_page",
]


def template_environment(folder: pathlib.Path) -> jinja2.Environment:
    """Templates of ``folder``: everything is escaped, and a name that is missing is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def trusted(text: str) -> markupsafe.Markup:
    """``text`` as it is. Only for our own files, the renderer's drawings and what :func:`json_for_html` made."""
    import markupsafe

    return markupsafe.Markup(text)  # noqa: S704 - see the docstring


def json_for_html(value: Any) -> str:
    """JSON that may stand inside a script element: nothing in it can close the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def inline_script(text: str) -> str:
    """A script that an HTML parser reads to its end; in JavaScript strings the two spellings are the same."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def content_policy(*, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """A policy that allows exactly these inline styles and scripts, ``data:`` images, and nothing else."""

    def hashes(texts: Sequence[str]) -> str:
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
        return " ".join(f"'sha256-{digest}'" for digest in digests)

    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def without_indentation(page: str) -> str:
    """The page without the templates' blank space; styles, data and scripts are left as their hashes name them."""
    head, style_end, rest = page.partition("</style>")
    body, script_start, tail = rest.partition("<script")
    return head + style_end + re.sub(r"\s*\n\s*", "\n", body) + script_start + tail


def write_page(path: pathlib.Path, text: str) -> None:
    """Write ``text`` whole or not at all; the folder is made.

    Raises:
        EnvironmentError_: the file or its folder cannot be written.
    """
    from argus_eval.store import write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = f"the folder of the page cannot be made ({problem.strerror})"
        raise EnvironmentError_(f"{path.parent}: {reason}; choose another place") from problem
    write_atomically(path, text)
