"""TextVQA as the hub has it: a question about text in a photograph, with ten answers."""

from __future__ import annotations

from collections.abc import Iterator

from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import Row
from argus_eval.data.schemas.fields import identifier, text, texts
from argus_eval.data.schemas.schema import Schema

__all__ = ["TEXTVQA"]


def _samples(row: Row, index: int) -> Iterator[Sample]:
    del index
    image = encoded_image(row.get("image"))
    yield Sample(
        key=identifier(row, "question_id"),
        images=(image,),
        inputs={"question": text(row, "question")},
        target=AnswersTarget(answers=texts(row, "answers")),
        cluster=image.sha256,
    )


TEXTVQA = Schema(
    name="textvqa",
    columns=("question_id", "image", "question", "answers"),
    optional=("image_id",),
    samples=_samples,
)
