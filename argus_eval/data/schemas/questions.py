"""Questions about one image: VQAv2, GQA, DocVQA, InfographicVQA, ChartQA, OCRBench, TextVQA, POPE.

They differ in the names of their columns and in how the answers are held, and in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import Row
from argus_eval.data.schemas.fields import identifier, optional_text, records, text, texts
from argus_eval.data.schemas.schema import Schema
from argus_eval.errors import SampleError

__all__ = ["CHARTQA", "DOCVQA", "GQA", "INFOVQA", "OCRBENCH", "POPE", "TEXTVQA", "VQAV2"]

Attributes = Mapping[str, str | int | float | bool | None]


def _question(row: Row, key: str, answers: tuple[str, ...], attributes: Attributes) -> Sample:
    image = encoded_image(row.get("image"))
    return Sample(
        key=key,
        images=(image,),
        inputs={"question": text(row, "question")},
        target=AnswersTarget(answers=answers),
        cluster=image.sha256,
        attributes=attributes,
    )


def _asked(
    id_columns: tuple[str, ...],
    answers: Callable[[Row], tuple[str, ...]],
    attributes: Mapping[str, str] | None = None,
) -> Callable[[Row, int], Iterator[Sample]]:
    """A reader of rows with an id of their own; ``attributes`` maps attribute to column."""

    def samples(row: Row, index: int) -> Iterator[Sample]:
        del index
        kept = {name: optional_text(row, column) for name, column in (attributes or {}).items()}
        yield _question(row, identifier(row, *id_columns), answers(row), kept)

    return samples


def _annotated(row: Row) -> tuple[str, ...]:
    """VQAv2's ten annotators, each an object with ``answer``."""
    items = records(row.get("answers"), "answers")
    if not items:
        raise SampleError("answers is empty")
    return tuple(_unstripped(item, "answer") for item in items)


def _unstripped(item: Mapping[str, object], column: str) -> str:
    value = item.get(column)
    if not isinstance(value, str):
        raise SampleError(f"answers holds an item without {column}")
    return value


def _pope(row: Row, index: int) -> Iterator[Sample]:
    """``question_id`` counts anew in each of the three splits, so the split is part of the key."""
    del index
    label = text(row, "answer").lower()
    if label not in ("yes", "no"):
        raise SampleError("answer is neither yes nor no")
    category = text(row, "category")
    yield _question(row, f"{category}/{identifier(row, 'question_id')}", (label,), {"category": category})


def _ocrbench(row: Row, index: int) -> Iterator[Sample]:
    """Rows have no id; their place in the published table is the key."""
    attributes = {
        "dataset_name": text(row, "dataset"),
        "question_type": optional_text(row, "question_type"),
    }
    yield _question(row, str(index), texts(row, "answer"), attributes)


def _chartqa(row: Row, index: int) -> Iterator[Sample]:
    """Rows have no id; their place in the published table is the key."""
    split = text(row, "type").removesuffix("_test")
    if split not in ("human", "augmented"):
        raise SampleError("type is neither human_test nor augmented_test")
    yield _question(row, str(index), (text(row, "answer"),), {"split": split})


VQAV2 = Schema(
    name="vqav2",
    columns=("question_id", "image", "question", "answers"),
    optional=("image_id", "question_type", "answer_type"),
    samples=_asked(("question_id",), _annotated, {"question_type": "question_type", "answer_type": "answer_type"}),
)

TEXTVQA = Schema(
    name="textvqa",
    columns=("question_id", "image", "question", "answers"),
    samples=_asked(("question_id",), lambda row: texts(row, "answers")),
)

GQA = Schema(
    name="gqa",
    columns=("id", "image", "question", "answer"),
    optional=("imageId",),
    samples=_asked(("id",), lambda row: (text(row, "answer"),)),
)

POPE = Schema(
    name="pope",
    columns=("question_id", "image", "question", "answer", "category"),
    samples=_pope,
)

DOCVQA = Schema(
    name="docvqa",
    columns=("questionId", "image", "question", "answers"),
    samples=_asked(("questionId",), lambda row: texts(row, "answers")),
)

INFOVQA = Schema(
    name="infovqa",
    columns=("questionId", "image", "question", "answers"),
    samples=_asked(("questionId",), lambda row: texts(row, "answers")),
)

CHARTQA = Schema(name="chartqa", columns=("type", "image", "question", "answer"), samples=_chartqa)

OCRBENCH = Schema(
    name="ocrbench",
    columns=("dataset", "image", "question", "answer"),
    optional=("question_type",),
    samples=_ocrbench,
)
