"""What the reference itself scores after being written and read in a dialect: the most any model could."""

from __future__ import annotations

from argus_eval.core.geometry import ImageSize, UnitQuad
from argus_eval.core.prediction import Prediction, Region, Unparsed
from argus_eval.core.sample import RegionsTarget, RegionTarget, Sample
from argus_eval.parsing.protocol import Dialect
from argus_eval.tasks.reading import parse_context
from argus_eval.tasks.spec import TaskSpec

__all__ = ["as_written", "counted", "perfect_answer", "shows_ceiling"]


def shows_ceiling(spec: TaskSpec) -> bool:
    """Whether the grid of a dialect costs so much that a page must say how much: AP over tight thresholds."""
    return spec.kind == "detection"


def perfect_answer(
    spec: TaskSpec, sample: Sample, dialect: Dialect, resized_size: ImageSize | None = None
) -> Prediction:
    """The annotated regions that count, written and read back.

    Args:
        spec: the task.
        sample: its target are regions.
        dialect: how boxes are written.
        resized_size: of the image after the processor, where the dialect counts in it.
    """
    if not isinstance(sample.target, RegionsTarget) or sample.image_size is None:
        return Unparsed(reason="no image size")
    context = parse_context(spec, sample, resized_size=resized_size)
    regions = [as_written(region, sample.image_size) for region in counted(sample.target)]
    try:
        text = dialect.encode(regions, context)
    except ValueError as problem:
        return Unparsed(reason=str(problem))
    return dialect.decode(text, context)


def counted(target: RegionsTarget) -> list[RegionTarget]:
    """The regions that must be found: crowds and those to be ignored are not among them."""
    return [region for region in target.regions if not region.crowd and not region.ignore]


def as_written(region: RegionTarget, size: ImageSize) -> Region:
    """An annotated region in fractions of its image, ready for a dialect."""
    quad = None
    if region.quad is not None:
        scaled = (value / (size.width, size.height)[i % 2] for i, value in enumerate(region.quad.points))
        quad = UnitQuad(tuple(scaled))  # type: ignore[arg-type]
    return Region(box=region.box.to_unit(size), label=region.label, quad=quad)
