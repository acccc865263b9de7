"""Vega-Lite charts: one specification, drawn twice. As SVG here, for readers without scripts; live in the browser.

Colours are CSS variables, so that one drawing serves light, dark and print.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import os
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["COLOURS", "SHAPES", "Chart", "draw", "light", "vega_bundle"]

Spec = dict[str, Any]

#: Eight hues that stay apart for colour-blind readers; with a shape each, since colour alone tells nothing.
COLOURS = tuple(f"var(--c{index})" for index in range(8))
SHAPES = (
    *("circle", "square", "triangle-up", "diamond"),
    *("cross", "triangle-down", "triangle-right", "triangle-left"),
)

_STATIC_WIDTH_PX = 860

_THEME: Spec = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--muted)",
        "titleColor": "var(--ink)",
        "titleFontWeight": 500,
        "titleFontSize": 12,
        "labelFontSize": 11,
        "titlePadding": 10,
        "gridColor": "var(--line)",
        "domainColor": "var(--rule)",
        "tickColor": "var(--rule)",
    },
    "legend": {"labelColor": "var(--ink)", "titleColor": "var(--muted)", "labelFontSize": 11},
    "header": {"labelColor": "var(--ink)", "titleColor": "var(--muted)"},
    "text": {"color": "var(--ink)"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as the page has it.

    Attributes:
        svg: the drawing, made by us from our own specification; texts in it are escaped by the renderer.
        spec: what the browser draws again, alive.
        label: what it shows, in a sentence, for those who cannot see it.
    """

    svg: str
    spec: Mapping[str, Any]
    label: str


def draw(spec: Spec, label: str) -> Chart:
    """Render ``spec`` (width "container") to a fixed-width SVG and keep it for the browser."""
    import vl_convert

    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", **spec, "config": _THEME}
    # A page from a model's words must not be able to make the renderer fetch anything.
    svg = vl_convert.vegalite_to_svg({**whole, "width": _STATIC_WIDTH_PX}, allowed_base_urls=[])
    # The element around it is the image that assistive technology reads, by its label.
    return Chart(svg=svg.replace("<svg ", '<svg aria-hidden="true" ', 1), spec=whole, label=label)


def light(svg: str) -> str:
    """``svg`` on its own: the page's variables replaced by its light colours, on paper."""
    css = (pathlib.Path(__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
    palette = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", css[: css.index("@media")]))
    alone = re.sub(r"var\((--[\w-]+)\)", lambda match: palette.get(match[1], "currentColor"), svg)
    return alone.replace("<svg ", f'<svg style="background:{palette["--paper"]}" ', 1)


@functools.cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script without imports (about 0.9 MB).

    Bundling takes seconds and depends on nothing but the renderer's version, so the result is kept in the user's
    cache folder where there is one to write to.
    """
    kept = _cache_file()
    if kept is not None:
        with contextlib.suppress(OSError):
            return kept.read_bytes().decode("utf-8")
    import vl_convert

    bundle = str(vl_convert.javascript_bundle())  # type: ignore[call-arg]
    if kept is not None:
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f"{kept.name}.{os.getpid()}.partial")
            partial.write_bytes(bundle.encode("utf-8"))
            partial.replace(kept)
    return bundle


def _cache_file() -> pathlib.Path | None:
    home = os.environ.get("HOME")
    base = os.environ.get("XDG_CACHE_HOME") or (f"{home}/.cache" if home else None)
    if base is None:
        return None
    return pathlib.Path(base) / "argus-eval" / f"vega-{importlib.metadata.version('vl-convert-python')}.js"
