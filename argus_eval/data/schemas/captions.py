"""Captions of whole images: COCO 2017 and NoCaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import Row
from argus_eval.data.schemas.fields import identifier, optional_text, texts
from argus_eval.data.schemas.schema import Schema

__all__ = ["COCO_CAPTION", "NOCAPS"]


def _captioned(row: Row, key: str, captions: str) -> Sample:
    image = encoded_image(row.get("image"))
    return Sample(
        key=key,
        images=(image,),
        inputs={},
        target=AnswersTarget(answers=texts(row, captions)),
        cluster=image.sha256,
    )


def _coco(row: Row, index: int) -> Iterator[Sample]:
    del index
    yield _captioned(row, identifier(row, "question_id", "id"), "answer")


def _nocaps(row: Row, index: int) -> Iterator[Sample]:
    del index
    sample = _captioned(row, identifier(row, "image_id"), "annotations_captions")
    domain = optional_text(row, "domain") or optional_text(row, "image_domain")
    yield sample if domain is None else replace(sample, attributes={"domain": domain})


COCO_CAPTION = Schema(
    name="coco_caption",
    columns=("question_id", "image", "answer"),
    samples=_coco,
    references="answer",
)

NOCAPS = Schema(
    name="nocaps",
    columns=("image_id", "image", "annotations_captions"),
    optional=("domain", "image_domain"),
    samples=_nocaps,
    references="annotations_captions",
)
