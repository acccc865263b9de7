"""Flickr30k Entities: one row a sentence, with its phrases and the boxes of what they name.

A row has ``filename``, ``image``, ``sentence_id``, ``sentence`` and ``phrases``, a list of ``phrase``,
``phrase_id`` (the entity's) and ``boxes``, a list of ``[x1, y1, x2, y2]`` in pixels, empty for what cannot be
boxed (scenes, things not visible).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from argus_eval.data.native.folder import role_path
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.source import SourceSpec
from argus_eval.errors import EnvironmentError_

__all__ = ["SentenceFiles", "open_sentences"]

_PHRASE = re.compile(r"\[/EN#(?P<entity>\d+)(?:/\w+)+ (?P<words>[^\]]+)\]")
_DOCTYPE = b"<!DOCTYPE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceFiles:
    """Rows of the folders ``Sentences`` and ``Annotations`` for the images that a split file lists."""

    name: str
    split: Path
    sentences: Path
    annotations: Path
    images: Path

    def columns(self) -> tuple[str, ...]:
        """The columns listed above."""
        return ("filename", "image", "sentence_id", "sentence", "phrases")

    def count(self) -> int:
        """Number of sentences: those of images whose files can be read, and one bad row for each other image."""
        return sum(1 for _ in self.rows())

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """One row a sentence; an image whose files are missing or broken is a bad row."""
        for image_id in self._members():
            try:
                boxes = _boxes((self.annotations / f"{image_id}.xml").read_bytes())
                sentences = (self.sentences / f"{image_id}.txt").read_text(encoding="utf-8").splitlines()
            except OSError:
                yield BadRow(key=image_id, reason="annotation or sentences are missing")
                continue
            except (ElementTree.ParseError, ValueError):
                yield BadRow(key=image_id, reason="annotation or sentences cannot be read")
                continue
            for number, sentence in enumerate(filter(str.strip, sentences)):
                row = self._row(image_id, number, sentence, boxes)
                yield row if columns is None else {name: row[name] for name in columns if name in row}

    def _members(self) -> list[str]:
        try:
            return self.split.read_text(encoding="utf-8").split()
        except OSError as problem:
            raise EnvironmentError_(f"{self.split}: cannot be read ({problem.strerror or problem})") from problem

    def _row(self, image_id: str, number: int, sentence: str, boxes: dict[str, list[list[float]]]) -> Row:
        return {
            "filename": f"{image_id}.jpg",
            "image": {"bytes": None, "path": str(self.images / f"{image_id}.jpg")},
            "sentence_id": number,
            "sentence": _PHRASE.sub(r"\g<words>", sentence).strip(),
            "phrases": [
                {"phrase": match["words"], "phrase_id": match["entity"], "boxes": boxes.get(match["entity"], [])}
                for match in _PHRASE.finditer(sentence)
            ],
        }


def open_sentences(root: Path, spec: SourceSpec) -> SentenceFiles:
    """Roles ``split``, ``sentences``, ``annotations`` and ``images``."""
    split = role_path(root, spec, "split")
    return SentenceFiles(
        name=str(split),
        split=split,
        sentences=role_path(root, spec, "sentences"),
        annotations=role_path(root, spec, "annotations"),
        images=role_path(root, spec, "images"),
    )


def _boxes(document: bytes) -> dict[str, list[list[float]]]:
    """Entity → boxes; the files count pixels from 1, as the official reader takes into account.

    A document with a DTD is refused: entities declared in it could expand without end.
    """
    if _DOCTYPE in document:
        raise ValueError("document type declaration")
    found: dict[str, list[list[float]]] = {}
    for thing in ElementTree.fromstring(document).iter("object"):  # noqa: S314 - no DTD, so no entities
        box = thing.find("bndbox")
        if box is None:
            continue
        corners = [float(box.findtext(side) or "nan") - 1 for side in ("xmin", "ymin", "xmax", "ymax")]
        for name in thing.iter("name"):
            found.setdefault((name.text or "").strip(), []).append(corners)
    return found
