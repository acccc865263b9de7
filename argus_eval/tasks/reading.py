"""What a parser is told about the question an answer belongs to."""

from __future__ import annotations

from argus_eval.core.geometry import ImageSize
from argus_eval.core.sample import Sample
from argus_eval.parsing.protocol import ParseContext
from argus_eval.tasks.spec import TaskSpec

__all__ = ["expressible", "parse_context"]

#: Kinds of task whose right answer may be that there is nothing to list
_LISTS = frozenset({"detection", "dense_captioning", "text_spotting"})


def parse_context(
    spec: TaskSpec, sample: Sample, *, resized_size: ImageSize | None = None, hit_limit: bool = False
) -> ParseContext:
    """The context of one answer: what the model was shown, never what it should have said."""
    return ParseContext(
        image_size=sample.image_size,
        resized_size=resized_size,
        options=sample.options,
        hit_limit=hit_limit,
        may_be_empty=spec.kind in _LISTS,
        quads=spec.kind == "text_spotting",
    )


def expressible(spec: TaskSpec, *, labels: bool, points: bool) -> bool:
    """Whether a dialect with these abilities can answer the task at all."""
    if not spec.answers_with_boxes:
        return True
    return not points and (labels or spec.kind not in _LISTS)
