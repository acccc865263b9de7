"""Where a benchmark's data is published: the part of a task file that data resolution reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ImageTable", "SourceSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTable:
    """Images that are published apart from the questions (GQA).

    Attributes:
        config: hub configuration that holds them.
        key: its id column.
        column: column of the questions that refers to it.
    """

    config: str
    key: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """The published home of one split.

    Attributes:
        schema: name of the adapter in :mod:`argus_eval.data.schemas`.
        split: split of the hub data set, or of the native files.
        hub: Hugging Face data set id; ``None`` where no script-free copy exists and the native files are the
            contract.
        config: hub configuration.
        checked: date (ISO) on which id and columns were last compared with the hub or its users.
        where: keep the rows whose column has this value (POPE's one table holds three splits).
        files: glob of the split's files in the hub repository, where its name does not tell.
        images: second table with the images.
        native: role → relative path of the official release's files, such as ``annotations`` and ``images``.
    """

    schema: str
    split: str
    checked: str
    hub: str | None = None
    config: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    files: str | None = None
    images: ImageTable | None = None
    native: Mapping[str, str] = field(default_factory=dict)
