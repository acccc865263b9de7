"""One item of a benchmark: encoded image, what the prompt needs, and the reference answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argus_eval.core.geometry import ImageSize, PixelBox, PixelQuad

__all__ = ["EncodedImage", "AnswersTarget", "BoxTarget", "RegionTarget", "RegionsTarget", "Sample", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedImage:
    """A compressed image as it came from the data set. It is decoded by the pipeline, nowhere else.

    ``size`` is read from the header, after EXIF orientation has been left alone (stock processors do the same);
    ``None`` where the header cannot be read: the decoder will fail on it and the sample is recorded as an error.
    """

    data: bytes
    sha256: str
    size: ImageSize | None
    format: str | None  # "JPEG", "PNG" …, as Pillow names it


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersTarget:
    """Accepted answers: ten annotators, one class, five captions."""

    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxTarget:
    """The one box an expression refers to."""

    box: PixelBox


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionTarget:
    """One annotated region of an image.

    ``area_px`` is the annotation's own area (COCO bins sizes by the segmentation's, not the box's); ``crowd``
    and ``ignore`` follow the data set's meaning ("iscrowd", ICDAR's ``###``).
    """

    box: PixelBox
    label: str
    quad: PixelQuad | None = None
    area_px: float | None = None
    crowd: bool = False
    ignore: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsTarget:
    """Every annotated region of an image.

    ``negative_labels`` and ``not_exhaustive_labels`` are LVIS's federated lists; empty elsewhere.
    """

    regions: tuple[RegionTarget, ...]
    negative_labels: frozenset[str] = frozenset()
    not_exhaustive_labels: frozenset[str] = frozenset()


Target = AnswersTarget | BoxTarget | RegionsTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One item of a task.

    Attributes:
        key: unique within the task and stable across runs and shards (the data set's own id).
        images: encoded images in the order the prompt shows them; most tasks have one.
        inputs: what the prompt template names, such as ``{"question": …}`` or ``{"expression": …}``.
        target: the reference.
        cluster: samples with the same value are not independent: the content hash of the first image.
        attributes: covariates and subsets (split, question type, dataset_name), never shown to the model.
    """

    key: str
    images: tuple[EncodedImage, ...]
    inputs: Mapping[str, str]
    target: Target
    cluster: str
    options: tuple[str, ...] = ()
    attributes: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)

    @property
    def image_size(self) -> ImageSize | None:
        """Size of the first image, where there is one and its header could be read."""
        return self.images[0].size if self.images else None
