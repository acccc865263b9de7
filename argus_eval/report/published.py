"""Accuracies that others published: reference rows with a source each, never combined with a latency of ours."""

from __future__ import annotations

import pathlib
from typing import Any

from argus_eval.core.codec import from_json
from argus_eval.core.published import PublishedScore
from argus_eval.errors import UsageError

__all__ = ["SCHEMA", "PublishedScore", "read_published", "shipped_scores"]

SCHEMA = "argus-eval/published/1"


def read_published(path: pathlib.Path) -> tuple[PublishedScore, ...]:
    """Every row of ``path``; none where there is no such file.

    Raises:
        UsageError: the file is no such list; the message names the place in it.
    """
    import yaml

    if not path.exists():
        return ()
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: not readable as YAML: {problem}") from problem
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"{path}: schema: expected {SCHEMA!r}; write it on top of the list")
    rows = document.get("scores")
    if not isinstance(rows, list):
        raise UsageError(f"{path}: scores: expected a list")
    scores = []
    for index, row in enumerate(rows):
        where = f"scores[{index}]"
        unknown = set(row) - set(PublishedScore.__dataclass_fields__) if isinstance(row, dict) else set()
        if unknown:
            raise UsageError(f"{path}: {where}: unknown key {min(map(str, unknown))!r}")
        try:
            score = from_json(PublishedScore, row, where)
        except ValueError as problem:
            raise UsageError(f"{path}: {problem}") from problem
        if not score.source.startswith("https://"):
            raise UsageError(f"{path}: {where}.source: expected an https address, got {score.source!r}")
        if score.tolerance is not None and not 0 < score.tolerance < 1:
            raise UsageError(f"{path}: {where}.tolerance: expected a share between 0 and 1, got {score.tolerance}")
        scores.append(score)
    return tuple(scores)


def shipped_scores() -> tuple[PublishedScore, ...]:
    """The list that comes with argus-eval: from the checkout, or from the installed package."""
    checkout = pathlib.Path(__file__).resolve().parents[2] / "leaderboards" / "published.yaml"
    installed = pathlib.Path(__file__).parent / "published.yaml"
    return read_published(installed if installed.exists() else checkout)
