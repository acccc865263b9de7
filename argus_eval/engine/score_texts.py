"""Answers in words: native annotations of captions and questions, and what was predicted for each item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus_eval.core.geometry import ImageSize
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.engine.score_input import (
    Id,
    admit_ids,
    is_json_lines,
    json_lines,
    native_members,
    result_rows,
)
from argus_eval.engine.score_targets import Item
from argus_eval.errors import UsageError

__all__ = ["Texts", "native_items", "read_texts"]

_MEMBERS = {
    "images": ("id",),
    "annotations": ("image_id", "caption", "question_id", "answers", "question_type", "answer_type"),
    "data": ("questionId", "answers", "image"),
}
#: name of the id → name of the text, in results files
_RESULTS = {"question_id": "answer", "image_id": "caption", "questionId": "answer", "id": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Predicted texts by item.

    Attributes:
        by_key: item's key → text, ``None`` where the file has an entry without one.
        resized: item's key → size of the image after the processor, where the prediction says so.
        extra: ids that belong to no item or repeat one.
    """

    by_key: Mapping[str, str | None]
    resized: Mapping[str, ImageSize]
    extra: tuple[Id, ...]


def native_items(file: Path) -> list[Item]:
    """Items of a COCO captions file, a VQA annotations file, or a DocVQA question file.

    Raises:
        UsageError: the file is none of these.
    """
    members = native_members(file, _MEMBERS)
    rows = members["annotations"]
    if rows and "caption" in rows[0]:
        return _captions(file, rows, members["images"])
    if rows and "question_id" in rows[0]:
        return [_question(row, f"{file}: annotations[{i}]") for i, row in enumerate(rows)]
    if members["data"]:
        return [_document(row, f"{file}: data[{i}]") for i, row in enumerate(members["data"])]
    raise UsageError(
        f"{file}: neither JSON Lines with 'id' and 'target' nor the annotations of COCO captions or VQA"
    )


def _captions(file: Path, rows: Sequence[Mapping[str, Any]], images: Sequence[Mapping[str, Any]]) -> list[Item]:
    captions: dict[Id, list[str]] = {image["id"]: [] for image in images if isinstance(image.get("id"), str | int)}
    for i, row in enumerate(rows):
        identity, text = row.get("image_id"), row.get("caption")
        if not isinstance(identity, str | int) or not isinstance(text, str):
            raise UsageError(f"{file}: annotations[{i}]: expected 'image_id' and a 'caption'")
        captions.setdefault(identity, []).append(text)
    return [
        _item(identity, tuple(texts), cluster=identity, attributes={})
        for identity, texts in captions.items()
        if texts
    ]


def _question(row: Mapping[str, Any], where: str) -> Item:
    answers = row.get("answers")
    listed = answers if isinstance(answers, list) else []
    texts: list[Any] = [answer.get("answer") if isinstance(answer, dict) else answer for answer in listed]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{where}: answers: expected a list of objects with 'answer'")
    kept = {name: row[name] for name in ("question_type", "answer_type") if isinstance(row.get(name), str)}
    identity = _identity(row, "question_id", where)
    return _item(identity, tuple(texts), cluster=row.get("image_id", identity), attributes=kept)


def _document(row: Mapping[str, Any], where: str) -> Item:
    answers = row.get("answers")
    if not isinstance(answers, list) or not answers or not all(isinstance(text, str) for text in answers):
        raise UsageError(f"{where}: answers: expected a list of strings")
    identity = _identity(row, "questionId", where)
    return _item(identity, tuple(answers), cluster=row.get("image", identity), attributes={})


def _identity(row: Mapping[str, Any], name: str, where: str) -> Id:
    identity = row.get(name)
    if not isinstance(identity, str | int):
        raise UsageError(f"{where}: {name}: expected a whole number or a string, got {identity!r:.80}")
    return identity


def _item(identity: Id, answers: tuple[str, ...], cluster: object, attributes: Mapping[str, str]) -> Item:
    sample = Sample(
        key=str(identity),
        images=(),
        inputs={},
        target=AnswersTarget(answers=answers),
        cluster=str(cluster),
        attributes=attributes,
    )
    return identity, sample, None


def read_texts(file: Path, items: Sequence[Item], *, ignore_extra: bool) -> Texts:
    """The predicted text of each item, from JSON Lines (``id``, ``text``) or a results file of VQA or captions.

    Raises:
        UsageError: a row has no id or no text, or its id belongs to no item or was there before.
    """
    rows = _rows(file)
    admitted, extra = admit_ids(
        file, [row[0] for row in rows], [identity for identity, _, _ in items], ignore=ignore_extra
    )
    return Texts(
        by_key={key: rows[position][1] for position, key in admitted.items()},
        resized={key: size for position, key in admitted.items() if (size := rows[position][2]) is not None},
        extra=tuple(extra),
    )


_Row = tuple[Id, str | None, ImageSize | None]


def _rows(file: Path) -> list[_Row]:
    if is_json_lines(file):
        return [_row(line.row, "id", "text", line.where) for line in json_lines(file)]
    rows = result_rows(file)
    if not rows:
        return []
    first = rows[0] if isinstance(rows[0], dict) else {}
    found = next(((name, text) for name, text in _RESULTS.items() if name in first and text in first), None)
    if found is None:
        raise UsageError(f"{file}: [0]: expected 'question_id' and 'answer', or 'image_id' and 'caption'")
    return [_row(row, *found, f"{file}: [{i}]") for i, row in enumerate(rows)]


def _row(row: Any, id_name: str, text_name: str, where: str) -> _Row:
    identity = row.get(id_name) if isinstance(row, dict) else None
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise UsageError(f"{where}: {id_name!r}: expected a string or a whole number, got {identity!r:.80}")
    if text_name not in row:
        raise UsageError(f"{where} (id {identity!r}): {text_name!r} is missing")
    text = row[text_name]
    if text is not None and not isinstance(text, str):
        raise UsageError(f"{where} (id {identity!r}): {text_name}: expected a string, got {text!r:.80}")
    return identity, text, _resized(row.get("resized_size"), f"{where} (id {identity!r}): resized_size")


def _resized(value: Any, where: str) -> ImageSize | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(n, int) and n > 0 for n in value):
        raise UsageError(f"{where}: expected [width, height], got {value!r:.80}")
    return ImageSize(value[0], value[1])
