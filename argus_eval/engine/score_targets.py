"""Reference answers in the generic format: JSON Lines with ``id``, ``target`` and what the task needs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from argus_eval.core.geometry import ImageSize, PixelBox, PixelQuad
from argus_eval.core.sample import (
    AnswersTarget,
    BoxTarget,
    EncodedImage,
    RegionsTarget,
    RegionTarget,
    Sample,
    Target,
)
from argus_eval.engine.score_input import Id, Line, json_lines
from argus_eval.errors import UsageError
from argus_eval.tasks.spec import TaskSpec

__all__ = ["Item", "check_flag", "placeholder_image", "read_items"]

_UNREADABLE = "###"
_KNOWN = frozenset(("id", "target", "options", "image_size", "resized_size"))
_NEEDS_SIZE = frozenset(("grounding", "detection", "dense_captioning", "text_spotting"))

#: A sample, its id as the file has it, and the size that the image processor made of the image.
Item = tuple[Id, Sample, ImageSize | None]


def read_items(file: Path, spec: TaskSpec, categories: tuple[str, ...]) -> list[Item]:
    """The items of an annotation file.

    Args:
        file: JSON Lines.
        spec: the task; its kind says what a target is.
        categories: names a detector could choose from; where empty, the labels in the file.

    Raises:
        UsageError: a line lacks something or has a wrong value; the message says which.
    """
    items = [_item(line, spec) for line in json_lines(file)]
    if not items:
        raise UsageError(f"{file}: no annotations")
    seen: set[str] = set()
    for identity, sample, _ in items:
        if sample.key in seen:
            raise UsageError(f"{file}: id {identity!r} appears twice")
        seen.add(sample.key)
    if spec.kind == "detection":
        names = categories or tuple(sorted({name for _, sample, _ in items for name in _labels(sample.target)}))
        return [(identity, _with_options(sample, names), resized) for identity, sample, resized in items]
    return items


def placeholder_image(size: ImageSize | None) -> EncodedImage:
    """An image of which only the size matters."""
    return EncodedImage(data=b"", sha256="", size=size, format=None)


def _item(line: Line, spec: TaskSpec) -> Item:
    identity = line.row.get("id")
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise UsageError(f"{line.where}: 'id' must be a string or a whole number, got {identity!r}")
    where = f"{line.where} (id {identity!r})"
    if "target" not in line.row:
        raise UsageError(f"{where}: 'target' is missing")
    size = _size(line.row.get("image_size"), f"{where}: image_size")
    if size is None and spec.kind in _NEEDS_SIZE:
        raise UsageError(f"{where}: 'image_size' [width, height] is needed for {spec.kind}")
    sample = Sample(
        key=str(identity),
        images=(placeholder_image(size),) if size else (),
        inputs={},
        target=_target(line.row["target"], spec, f"{where}: target"),
        cluster=_cluster(line.row, identity),
        options=_options(line.row.get("options"), f"{where}: options"),
        attributes={
            k: v for k, v in line.row.items() if k not in _KNOWN and isinstance(v, str | int | float | bool)
        },
    )
    return identity, sample, _size(line.row.get("resized_size"), f"{where}: resized_size")


def _cluster(row: Mapping[str, Any], identity: Id) -> str:
    """Items of one image are not independent, where the file says which image they belong to."""
    return str(next((row[name] for name in ("image_id", "image", "file_name") if row.get(name)), identity))


def _target(value: Any, spec: TaskSpec, where: str) -> Target:
    match spec.kind:
        case "grounding":
            return BoxTarget(box=_box(value, where))
        case "detection":
            return RegionsTarget(regions=tuple(_object(v, f"{where}[{i}]") for i, v in _list(value, where)))
        case "dense_captioning":
            return RegionsTarget(regions=tuple(_phrase(v, f"{where}[{i}]") for i, v in _list(value, where)))
        case "text_spotting":
            return RegionsTarget(regions=tuple(_word(v, f"{where}[{i}]") for i, v in _list(value, where)))
        case _:
            return AnswersTarget(answers=_answers(value, where))


def _answers(value: Any, where: str) -> tuple[str, ...]:
    answers = [value] if isinstance(value, str) else value
    if not isinstance(answers, list) or not answers or not all(isinstance(item, str) for item in answers):
        raise UsageError(f"{where}: expected a string or a list of strings, got {_short(value)}")
    return tuple(answers)


def _object(value: Any, where: str) -> RegionTarget:
    row = _row(value, where)
    area = row.get("area")
    check_flag(row.get("iscrowd"), f"{where}.iscrowd")
    return RegionTarget(
        box=_box(row.get("bbox"), f"{where}.bbox"),
        label=_text(row.get("label"), f"{where}.label"),
        area_px=None if area is None else _numbers([area], 1, f"{where}.area")[0],
        crowd=bool(row.get("iscrowd", False)),
    )


def check_flag(value: Any, where: str) -> None:
    """A flag is 0, 1, false, true or not there.

    Raises:
        UsageError: it is something else; the text "0" would pass for true.
    """
    if value is not None and not (isinstance(value, int | float) and value in (0, 1)):
        raise UsageError(f"{where}: expected 0 or 1, got {_short(value)}")


def _phrase(value: Any, where: str) -> RegionTarget:
    row = _row(value, where)
    return RegionTarget(box=_box(row.get("bbox"), f"{where}.bbox"), label=_text(row.get("text"), f"{where}.text"))


def _word(value: Any, where: str) -> RegionTarget:
    row = _row(value, where)
    points = _numbers(row.get("quad"), 8, f"{where}.quad")
    text = _text(row.get("text"), f"{where}.text")
    xs, ys = points[0::2], points[1::2]
    x1, y1, x2, y2, x3, y3, x4, y4 = points
    return RegionTarget(
        box=PixelBox(min(xs), min(ys), max(xs), max(ys)),
        label=text,
        quad=PixelQuad((x1, y1, x2, y2, x3, y3, x4, y4)),
        ignore=text == _UNREADABLE,
    )


def _box(value: Any, where: str) -> PixelBox:
    return PixelBox(*_numbers(value, 4, where))


def _numbers(value: Any, count: int, where: str) -> list[float]:
    good = (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )
    if not good or not all(abs(item) <= 1e12 and math.isfinite(item) for item in value):
        raise UsageError(f"{where}: expected {count} finite numbers, got {_short(value)}")
    return [float(item) for item in value]


def _size(value: Any, where: str) -> ImageSize | None:
    if value is None:
        return None
    width, height = _numbers(value, 2, where)
    if width < 1 or height < 1:
        raise UsageError(f"{where}: expected [width, height] in pixels, got {_short(value)}")
    return ImageSize(int(width), int(height))


def _options(value: Any, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str | int | float) for item in value):
        raise UsageError(f"{where}: expected a list of choices, got {_short(value)}")
    return tuple(str(item) for item in value)


def _list(value: Any, where: str) -> Iterable[tuple[int, Any]]:
    if not isinstance(value, list):
        raise UsageError(f"{where}: expected a list, got {_short(value)}")
    return enumerate(value)


def _row(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: expected an object, got {_short(value)}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where}: expected a string, got {_short(value)}")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _labels(target: Target) -> list[str]:
    assert isinstance(target, RegionsTarget)
    return [region.label for region in target.regions]


def _with_options(sample: Sample, names: tuple[str, ...]) -> Sample:
    from dataclasses import replace

    return replace(sample, options=names)
