"""The names a detector could choose from, with their synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from argus_eval.data.native.json_stream import elements
from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.metrics.box_statistics import fold_label
from argus_eval.metrics.detection import Detection
from argus_eval.metrics.lvis import Frequency, Lvis

__all__ = ["Category", "read_categories", "vocabulary", "with_categories"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A name, other words for it, and how frequent it is in training (LVIS: "r", "c", "f")."""

    name: str
    synonyms: tuple[str, ...] = ()
    frequency: str | None = None


def read_categories(file: Path) -> tuple[Category, ...]:
    """Categories of a file: one name a line, a JSON list of names or of objects with ``name`` and optionally
    ``synonyms``, or a COCO file with such a list under ``categories``.

    Raises:
        UsageError: the file is none of these.
        EnvironmentError_: it cannot be read.
    """
    if not file.suffix.lower().startswith(".json"):
        try:
            names = file.read_text(encoding="utf-8-sig").splitlines()
        except (FileNotFoundError, IsADirectoryError) as problem:
            raise UsageError(f"{file}: no such file") from problem
        except UnicodeDecodeError as problem:
            raise UsageError(f"{file}: not valid UTF-8 at byte {problem.start}") from problem
        except ValueError as problem:  # a null byte in the name
            raise UsageError(f"{str(file)!r}: not the name of a file") from problem
        except OSError as problem:
            raise EnvironmentError_(f"{file}: cannot be read ({problem.strerror or problem})") from problem
        found = tuple(Category(name=name.strip()) for name in names if name.strip())
    else:
        listed = (element for name, element in elements(file) if name in (None, "categories"))
        found = tuple(category(element, f"{file}: categories[{i}]") for i, element in enumerate(listed))
    if not found:
        raise UsageError(f"{file}: no categories")
    return found


def category(value: object, where: str) -> Category:
    """A category from a name or a COCO object.

    Raises:
        UsageError: neither.
    """
    row: Mapping[str, Any] = value if isinstance(value, dict) else {"name": value}
    name, synonyms = row.get("name"), row.get("synonyms") or []
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"{where}: expected a name or an object with 'name', got {str(value)[:80]!r}")
    if not isinstance(synonyms, list) or not all(isinstance(word, str) for word in synonyms):
        raise UsageError(f"{where}.synonyms: expected a list of strings")
    frequency = row.get("frequency")
    return Category(
        name=name, synonyms=tuple(synonyms), frequency=frequency if frequency in ("r", "c", "f") else None
    )


def vocabulary(categories: Iterable[Category]) -> dict[str, str]:
    """Folded name or synonym → folded name. A word that two categories claim stands for neither, unless it is the
    name of one."""
    listed = list(categories)
    words: dict[str, str | None] = {}
    for entry in listed:
        for synonym in entry.synonyms:
            word, name = fold_label(synonym), fold_label(entry.name)
            words[word] = name if words.get(word, name) == name else None
    words.update({fold_label(entry.name): fold_label(entry.name) for entry in listed})
    return {word: name for word, name in words.items() if name is not None}


def with_categories(metric: Detection | Lvis, categories: Sequence[Category]) -> Detection | Lvis:
    """The metric for this closed set of categories; as it is where there are none."""
    if not categories:
        return metric
    found = metric.with_vocabulary(vocabulary(categories))
    if isinstance(found, Lvis):
        known = {fold_label(entry.name): entry.frequency for entry in categories if entry.frequency}
        return replace(found, frequency=cast(Mapping[str, Frequency], known) or None)
    return found
