"""ICDAR2015 Incidental Scene Text: one row an image, with its words.

A row has ``image_id``, ``image`` and ``gt``, the text of the image's file: a line a word,
``x1,y1,x2,y2,x3,y3,x4,y4,transcription``, clockwise from top left; ``###`` marks what nobody could read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from argus_eval.data.native.folder import role_path, sorted_files
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.source import SourceSpec

__all__ = ["WordFiles", "open_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFiles:
    """Rows of a folder of ``gt_IMAGE.txt`` files."""

    name: str
    annotations: Path
    images: Path

    def columns(self) -> tuple[str, ...]:
        """The columns listed above."""
        return ("image_id", "image", "gt")

    def count(self) -> int:
        """Number of images with an annotation file."""
        return len(sorted_files(self.annotations, "gt_*.txt"))

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """One row an annotation file; one that is no text is a bad row."""
        for file in sorted_files(self.annotations, "gt_*.txt"):
            key = file.stem.removeprefix("gt_")
            try:
                text = file.read_text(encoding="utf-8-sig")
            except ValueError:
                yield BadRow(key=key, reason="annotation is not valid UTF-8")
                continue
            row: dict[str, object] = {
                "image_id": key,
                "image": {"bytes": None, "path": str(self.images / f"{key}.jpg")},
                "gt": text,
            }
            yield row if columns is None else {name: row[name] for name in columns if name in row}


def open_words(root: Path, spec: SourceSpec) -> WordFiles:
    """Roles ``annotations`` and ``images``, two folders."""
    annotations = role_path(root, spec, "annotations")
    return WordFiles(name=str(annotations), annotations=annotations, images=role_path(root, spec, "images"))
