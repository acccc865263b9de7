"""RefCOCO, RefCOCO+ and RefCOCOg as the hub has them: a row is an object, a sample is an expression.

Columns: ``question_id`` text, ``image``, ``answer`` the expressions, ``bbox`` ``[x, y, width, height]`` in pixels.
``question`` there asks for a caption of the region, which is another task.
"""

from __future__ import annotations

from collections.abc import Iterator

from argus_eval.core.sample import BoxTarget, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.schemas.fields import box_xywh, identifier, optional_text, texts
from argus_eval.data.schemas.schema import Schema

__all__ = ["REFCOCO"]


def _samples(row: Row, index: int) -> Iterator[Sample | BadRow]:
    del index
    key, box, image = identifier(row, "question_id"), box_xywh(row.get("bbox")), encoded_image(row.get("image"))
    for number, expression in enumerate(texts(row, "answer")):
        if not expression.strip():
            yield BadRow(key=f"{key}/{number}", reason="expression is empty")
            continue
        yield Sample(
            key=f"{key}/{number}",
            images=(image,),
            inputs={"expression": expression.strip()},
            target=BoxTarget(box=box),
            cluster=image.sha256,
            attributes={"file_name": optional_text(row, "file_name")},
        )


def _expressions(row: Row) -> int:
    answer = row.get("answer")
    return len(answer) if isinstance(answer, list | tuple) and answer else 1  # else the row itself will be bad


REFCOCO = Schema(
    name="refcoco",
    columns=("question_id", "image", "answer", "bbox"),
    optional=("file_name",),
    samples=_samples,
    multiplicity=(("answer",), _expressions),
)
