"""Showing a page at another size: scaled as a whole and centred, margins filled with the paper's colour."""

from __future__ import annotations

from dataclasses import replace

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.pages.sheet import Page
from argus_eval.data.scenes.placing import seen_of
from argus_eval.data.scenes.raster import Point
from argus_eval.data.scenes.scene import Mark, SceneObject, TextBlock, Word

__all__ = ["fit_page"]


class _Scaling:
    def __init__(self, page: Page, size: ImageSize) -> None:
        self.factor = min(size.width / page.width, size.height / page.height)
        self.left = (size.width - page.width * self.factor) / 2
        self.top = (size.height - page.height * self.factor) / 2

    def exact(self, point: Point) -> Point:
        x, y = self.left + point[0] * self.factor, self.top + point[1] * self.factor
        return round(x * 16) / 16, round(y * 16) / 16

    def whole(self, point: Point) -> Point:
        x, y = self.exact(point)
        return float(round(x)), float(round(y))

    def word(self, word: Word) -> Word:
        first, second, third, fourth = (self.whole(corner) for corner in word.quad)
        return replace(word, quad=(first, second, third, fourth))

    def block(self, block: TextBlock) -> TextBlock:
        words = tuple(self.word(word) for word in block.words)
        return replace(block, words=words, letter_px=round(block.letter_px * self.factor, 2))

    def mark(self, mark: Mark) -> Mark:
        points = tuple(self.whole(point) for point in mark.points)
        return replace(mark, points=points, width_px=round(mark.width_px * self.factor, 2))


def fit_page(page: Page, size: ImageSize) -> Page:
    """The page in an image of another size."""
    scaling = _Scaling(page, size)
    return replace(
        page,
        width=size.width,
        height=size.height,
        texts=tuple(scaling.block(block) for block in page.texts),
        marks=tuple(scaling.mark(mark) for mark in page.marks),
        objects=_rescaled(page.objects, scaling, size),
    )


def _rescaled(objects: tuple[SceneObject, ...], scaling: _Scaling, size: ImageSize) -> tuple[SceneObject, ...]:
    moved = [
        replace(
            thing,
            centre_px=scaling.exact(thing.centre_px),
            reach_px=round(thing.reach_px * scaling.factor * 16) / 16,
        )
        for thing in objects
    ]
    seen = zip(moved, seen_of(moved, *size), strict=True)
    return tuple(
        replace(thing, box=sight.box, visible=round(sight.share, 4), area_px=sight.area_px)
        for thing, sight in seen
    )
