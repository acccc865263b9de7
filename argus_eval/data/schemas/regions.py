"""Boxes with labels: COCO and LVIS detection, Visual Genome regions, ICDAR2015 words, Flickr30k phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from argus_eval.core.geometry import PixelBox
from argus_eval.core.sample import BoxTarget, RegionsTarget, RegionTarget, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.native.flickr30k_entities import open_sentences
from argus_eval.data.native.icdar2015 import open_words
from argus_eval.data.native.instances import open_instances
from argus_eval.data.native.visual_genome import open_regions
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.schemas.fields import (
    box_xywh,
    flag,
    identifier,
    number,
    quad,
    records,
    sequence,
    text,
    wording,
)
from argus_eval.data.schemas.schema import Schema
from argus_eval.errors import SampleError

__all__ = ["COCO", "FLICKR30K_ENTITIES", "ICDAR2015", "LVIS", "VG_REGIONS"]

_UNREADABLE = "###"
_FEDERATED = ("neg_category_ids", "not_exhaustive_category_ids")
_SIDES = ("x", "y", "width", "height")


def _image_sample(row: Row, target: RegionsTarget, options: tuple[str, ...] = ()) -> Sample:
    image = encoded_image(row.get("image"))
    return Sample(
        key=identifier(row, "image_id"),
        images=(image,),
        inputs={},
        target=target,
        cluster=image.sha256,
        options=options,
    )


def _objects(row: Row) -> tuple[RegionTarget, ...]:
    return tuple(_object(item) for item in records(row.get("annotations"), "annotations"))


def _object(item: Mapping[str, object]) -> RegionTarget:
    area = item.get("area")
    return RegionTarget(
        box=box_xywh(item.get("bbox"), may_be_empty=True),
        label=text(item, "category"),
        area_px=None if area is None else number(area, "area"),
        crowd=flag(item.get("iscrowd"), "iscrowd"),
    )


def _categories(row: Row) -> dict[str, str]:
    """Id, as text, → name."""
    listed = records(row.get("categories"), "categories")
    return {identifier(item, "id"): text(item, "name") for item in listed}


def _named(row: Row, column: str, names: Mapping[str, str]) -> frozenset[str]:
    ids = row.get(column) or ()
    if not isinstance(ids, list | tuple) or not all(str(item) in names for item in ids):
        raise SampleError(f"{column} is not a list of known categories")
    return frozenset(names[str(item)] for item in ids)


def _coco(row: Row, index: int) -> Iterator[Sample]:
    """The prompt names every category of the data set, so it gives nothing away."""
    del index
    yield _image_sample(row, RegionsTarget(regions=_objects(row)), options=tuple(_categories(row).values()))


def _lvis(row: Row, index: int) -> Iterator[Sample]:
    """1,203 names fit no prompt: it names what is in the image and what is verified not to be, alphabetically."""
    del index
    names = _categories(row)
    target = RegionsTarget(
        regions=_objects(row),
        negative_labels=_named(row, "neg_category_ids", names),
        not_exhaustive_labels=_named(row, "not_exhaustive_category_ids", names),
    )
    asked = {region.label for region in target.regions} | target.negative_labels
    yield _image_sample(row, target, options=tuple(sorted(asked)))


def _vg_regions(row: Row, index: int) -> Iterator[Sample]:
    del index
    sequence(row, "regions")
    regions = tuple(
        RegionTarget(
            box=box_xywh([item.get(side) for side in _SIDES], "region", may_be_empty=True),
            label=wording(item, "phrase").strip(),
        )
        for item in records(row.get("regions"), "regions")
    )
    yield _image_sample(row, RegionsTarget(regions=regions))


def _icdar2015(row: Row, index: int) -> Iterator[Sample]:
    del index
    words = tuple(_word(line) for line in wording(row, "gt").splitlines() if line.strip())
    yield _image_sample(row, RegionsTarget(regions=words))


def _word(line: str) -> RegionTarget:
    *numbers, transcription = line.lstrip("\ufeff").split(",", 8)
    try:
        corners = quad([float(value) for value in numbers])
    except ValueError:
        raise SampleError("gt has a line that is not eight numbers and a text") from None
    xs, ys = corners.points[0::2], corners.points[1::2]
    return RegionTarget(
        box=PixelBox(min(xs), min(ys), max(xs), max(ys)),
        label=transcription,
        quad=corners,
        ignore=transcription.strip() == _UNREADABLE,
    )


def _flickr30k(row: Row, index: int) -> Iterator[Sample | BadRow]:
    """One sample a phrase with a box; several boxes are merged into their union (the "merged box" protocol)."""
    del index
    image = encoded_image(row.get("image"))
    sentence = f"{identifier(row, 'filename').removesuffix('.jpg')}/{identifier(row, 'sentence_id')}"
    for position, item in enumerate(records(row.get("phrases"), "phrases")):
        if not _is_boxed(item):
            continue
        try:
            boxes = [_corners(value) for value in sequence(item, "boxes")]
            yield Sample(
                key=f"{sentence}/{position}",
                images=(image,),
                inputs={"expression": text(item, "phrase")},
                target=BoxTarget(box=_union(boxes)),
                cluster=image.sha256,
                attributes={"boxes": len(boxes), **_any_box(boxes)},
            )
        except SampleError as problem:
            yield BadRow(key=f"{sentence}/{position}", reason=str(problem))


def _any_box(boxes: list[PixelBox]) -> dict[str, str]:
    """Boxes by themselves, where their union hides them, for the "any box" protocol."""
    if len(boxes) < 2:
        return {}
    return {"any_box": ";".join(f"{box.x1!r},{box.y1!r},{box.x2!r},{box.y2!r}" for box in boxes)}


def _is_boxed(phrase: Mapping[str, object]) -> bool:
    """Phrases without a box (scenes, things not visible) are not part of the benchmark."""
    return phrase.get("boxes") not in (None, [], ())


def _boxed_phrases(row: Row) -> int:
    try:
        return sum(map(_is_boxed, records(row.get("phrases"), "phrases")))
    except SampleError:
        return 1  # the row itself will be bad


def _union(boxes: list[PixelBox]) -> PixelBox:
    return PixelBox(
        min(box.x1 for box in boxes),
        min(box.y1 for box in boxes),
        max(box.x2 for box in boxes),
        max(box.y2 for box in boxes),
    )


def _corners(value: object) -> PixelBox:
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise SampleError("boxes holds something that is not 4 numbers")
    x1, y1, x2, y2 = (number(item, "box") for item in value)
    if x2 <= x1 or y2 <= y1:
        raise SampleError("box has no area")
    return PixelBox(x1, y1, x2, y2)


COCO = Schema(
    name="coco",
    columns=("image_id", "image", "annotations", "categories"),
    samples=_coco,
    native=open_instances,
)

LVIS = Schema(
    name="lvis",
    columns=("image_id", "image", "annotations", "categories", *_FEDERATED),
    samples=_lvis,
    native=open_instances,
)

VG_REGIONS = Schema(
    name="vg_regions",
    columns=("image_id", "image", "regions"),
    samples=_vg_regions,
    native=open_regions,
)

ICDAR2015 = Schema(
    name="icdar2015",
    columns=("image_id", "image", "gt"),
    samples=_icdar2015,
    native=open_words,
)

FLICKR30K_ENTITIES = Schema(
    name="flickr30k_entities",
    columns=("filename", "image", "sentence_id", "phrases"),
    samples=_flickr30k,
    multiplicity=(("phrases",), _boxed_phrases),
    native=open_sentences,
)
