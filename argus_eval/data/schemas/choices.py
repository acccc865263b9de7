"""Multiple choice: AI2D, ScienceQA (with image) and MMMU, whose open questions have no options."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from dataclasses import replace

from argus_eval.core.sample import AnswersTarget, EncodedImage, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import Row
from argus_eval.data.schemas.fields import identifier, optional_text, text, texts
from argus_eval.data.schemas.schema import Schema
from argus_eval.errors import SampleError

__all__ = ["AI2D", "MMMU", "SCIENCEQA_IMG"]

_LITERAL_LIMIT = 20_000
_MMMU_IMAGES = tuple(f"image_{number}" for number in range(1, 8))


def _letter(answer: object, options: tuple[str, ...]) -> str:
    """The letter of option number ``answer``, which is an integer or the text of one."""
    try:
        number = int(str(answer))
    except ValueError:
        raise SampleError("answer is not the number of an option") from None
    if not 0 <= number < len(options):
        raise SampleError("answer is not the number of an option")
    return string.ascii_uppercase[number]


def _numbered(row: Row, index: int, options: tuple[str, ...], hint: str | None) -> Sample:
    """Neither data set has ids; a row's place in the published table is the key."""
    if len(options) > len(string.ascii_uppercase):
        raise SampleError("more options than letters")
    image = encoded_image(row.get("image"))
    return Sample(
        key=str(index),
        images=(image,),
        inputs={"question": text(row, "question"), **({"hint": hint} if hint else {})},
        target=AnswersTarget(answers=(_letter(row.get("answer"), options),)),
        cluster=image.sha256,
        options=options,
    )


def _ai2d(row: Row, index: int) -> Iterator[Sample]:
    yield _numbered(row, index, texts(row, "options"), None)


def _scienceqa(row: Row, index: int) -> Iterator[Sample]:
    sample = _numbered(row, index, texts(row, "choices"), optional_text(row, "hint"))
    subject = optional_text(row, "subject")
    yield sample if subject is None else replace(sample, attributes={"subject": subject})


def _mmmu(row: Row, index: int) -> Iterator[Sample]:
    del index
    key, kind = identifier(row, "id"), text(row, "question_type")
    images = _present_images(row)
    answers = _listed(text(row, "answer"), "answer") if kind == "open" else (text(row, "answer"),)
    options = () if kind == "open" else _listed(text(row, "options"), "options")
    if options and answers[0] not in string.ascii_uppercase[: len(options)]:
        raise SampleError("answer is not the letter of an option")
    yield Sample(
        key=key,
        images=images,
        inputs={"question": text(row, "question")},
        target=AnswersTarget(answers=answers),
        cluster=images[0].sha256,
        options=options,
        attributes={"subject": _subject(key), "question_type": kind, "images": len(images)},
    )


def _present_images(row: Row) -> tuple[EncodedImage, ...]:
    values = (row.get(column) for column in _MMMU_IMAGES)
    images = tuple(encoded_image(value) for value in values if value is not None)
    if not images:
        raise SampleError("image_1 is missing")
    return images


def _listed(value: str, column: str) -> tuple[str, ...]:
    """A list of texts that the hub holds as text (``"['a', 'b']"``); other text is a list of one.

    Read as a Python literal, which computes nothing.
    """
    if not value.startswith("["):
        return (value,)
    if len(value) > _LITERAL_LIMIT:
        raise SampleError(f"{column} is too long")
    try:
        items = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise SampleError(f"{column} is not a list") from None
    if not isinstance(items, list) or not all(isinstance(item, str | int | float) for item in items):
        raise SampleError(f"{column} is not a list of texts")
    return tuple(str(item) for item in items)


def _subject(key: str) -> str | None:
    """``validation_Art_Theory_3`` → ``Art_Theory``."""
    return "_".join(key.split("_")[1:-1]) or None


AI2D = Schema(name="ai2d", columns=("question", "options", "answer", "image"), samples=_ai2d)

SCIENCEQA_IMG = Schema(
    name="scienceqa_img",
    columns=("image", "question", "choices", "answer"),
    optional=("hint", "subject"),
    samples=_scienceqa,
)

MMMU = Schema(
    name="mmmu",
    columns=("id", "question", "options", "answer", "question_type", "image_1"),
    optional=_MMMU_IMAGES[1:],
    samples=_mmmu,
    images=_MMMU_IMAGES,
)
