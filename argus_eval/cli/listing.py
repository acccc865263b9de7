"""``argus-eval list``: what there is, without loading any of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argus_eval.models.cards import ModelCard

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to list."""
    parser.add_argument("kind", choices=("models", "tasks", "recipes", "metrics", "dialects"))
    parser.add_argument("--json", metavar="PATH|-", help="write the list as JSON")


def main(arguments: argparse.Namespace) -> int:
    """List names with one line about each."""
    listings = {
        "models": _models,
        "tasks": _tasks,
        "recipes": _recipes,
        "metrics": _metrics,
        "dialects": _dialects,
    }
    rows = listings[arguments.kind]()
    if arguments.json is not None:
        from argus_eval.cli.output import write_json

        write_json([{"name": name, "about": about} for name, about in rows], arguments.json)
        return 0
    width = max(len(name) for name, _ in rows)
    for name, about in rows:
        print(f"{name.ljust(width)}  {about}".rstrip())  # noqa: T201 - this is the command line
    return 0


def _models() -> list[tuple[str, str]]:
    from argus_eval.backends.forms import FORMS
    from argus_eval.models.catalog import CARDS

    rows = []
    for card in CARDS:
        size = f"{card.parameters / 1e6:,.0f} M" if card.parameters else "size unknown"
        boxes = f"boxes: {card.dialect}" if card.dialect else "no boxes"
        rows.append((card.name, f"{size}, {card.pipeline} pipeline, {boxes}, {_weights(card)}"))
    return rows + list(FORMS.items())


def _weights(card: ModelCard) -> str:
    from argus_eval.models.checkpoints import shipped_checkpoint

    if card.weights == "published":
        return card.hub_id or "no published weights"
    if card.weights == "shipped" and shipped_checkpoint(card.name) is not None:
        return "weights shipped with argus-eval"
    return "random weights unless --weights is given"


def _tasks() -> list[tuple[str, str]]:
    from argus_eval.tasks.catalog import group_names
    from argus_eval.tasks.index import summaries

    rows = [(task.name, f"{task.title} [{', '.join(task.groups)}]") for task in summaries()]
    return rows + [(name, "group") for name in group_names()]


def _recipes() -> list[tuple[str, str]]:
    from argus_eval.recipes.catalog import GENERATORS, PRESETS, RECIPES

    rows = []
    for name in RECIPES:
        info = RECIPES.get(name).INFO
        families = ", ".join(sorted(info.families)) or "every staged family"
        rows.append((name, f"{info.loss_class.value}, {info.scope} scope, {families}: {info.summary}"))
    rows += [(name, f"preset: {' + '.join(members)}") for name, members in PRESETS.items()]
    return rows + [(name, "generator of several arms") for name in GENERATORS]


def _metrics() -> list[tuple[str, str]]:
    from argus_eval.metrics.registry import METRICS

    return [(name, "") for name in METRICS]


def _dialects() -> list[tuple[str, str]]:
    from argus_eval.parsing.dialects import DIALECTS

    return [(name, "") for name in DIALECTS]
