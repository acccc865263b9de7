"""A scene as a training example: its pixels, what stands where, and what is asked about it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes.draws import Stream
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.profile import SceneProfile
from argus_eval.data.scenes.render import encode, render
from argus_eval.data.scenes.scene import Scene
from argus_eval.data.scenes.typeface import letter_ends
from argus_eval.models.argus.training.questions import Question, questions_of

__all__ = [
    "Example",
    "Thing",
    "Writing",
    "make_example",
    "example_to_json",
    "example_from_json",
    "TRAINING_PROFILE",
]

#: Scenes of things and signs; painted at half the usual size, since a tile is smaller still.
TRAINING_PROFILE = SceneProfile(
    kinds=(("objects", 0.6), ("signs", 0.27), ("crowd", 0.09), ("diagram", 0.04)),
    sizes=(
        (ImageSize(320, 240), 0.62),
        (ImageSize(320, 214), 0.14),
        (ImageSize(240, 320), 0.16),
        (ImageSize(300, 450), 0.04),
        (ImageSize(512, 384), 0.04),
    ),
)
_COMPRESSED_EVERY = 2  # every second picture goes through JPEG


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An object; ``box`` is x1, y1, x2, y2 as fractions of the image."""

    category: str
    colour: str
    texture: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A word on an object, in lower case.

    Attributes:
        text: the word.
        quad: x and y of its corners as fractions of the image: top left, top right, bottom right, bottom left of
            the upright word.
        ends: where each letter ends along the word, as a share of its width.
    """

    text: str
    quad: tuple[float, ...]
    ends: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Pixels are (side, side, 3) uint8: the whole scene, squeezed into one tile as the processor does it."""

    pixels: npt.NDArray[np.uint8]
    things: tuple[Thing, ...]
    writings: tuple[Writing, ...]
    questions: tuple[Question, ...]


def make_example(
    seed: int,
    side_px: int,
    kinds: Sequence[str],
    *,
    stream: Stream = Stream.TRAINING,
    profile: SceneProfile = TRAINING_PROFILE,
) -> Example:
    """The example of a seed: always the same one.

    Args:
        seed: any integer ≥ 0.
        side_px: side of the tile.
        kinds: kinds of questions.
        stream: training scenes unless said otherwise; streams share no scene.
        profile: which scenes to make.
    """
    scene = generate_scene(seed, profile, stream=stream)
    picture = render(scene)
    if seed % _COMPRESSED_EVERY == 0:
        picture = Image.open(io.BytesIO(encode(picture))).convert("RGB")
    tile = picture.resize((side_px, side_px), Image.Resampling.BICUBIC)
    return Example(
        pixels=np.asarray(tile, dtype=np.uint8),
        things=_things(scene),
        writings=_writings(scene),
        questions=tuple(questions_of(scene, tuple(kinds))),
    )


def _things(scene: Scene) -> tuple[Thing, ...]:
    found = []
    for thing in scene.objects:
        x1, y1, x2, y2 = thing.box.to_unit(scene.size).as_list()
        found.append(
            Thing(category=thing.category, colour=thing.colour, texture=thing.texture, box=(x1, y1, x2, y2))
        )
    return tuple(found)


def _writings(scene: Scene) -> tuple[Writing, ...]:
    found = []
    for block in scene.texts:
        if block.owner is None:
            continue
        for word in block.words:
            quad = tuple(share for x, y in word.quad for share in (x / scene.width, y / scene.height))
            found.append(Writing(text=word.text.lower(), quad=quad, ends=letter_ends(word.text, block.face)))
    return tuple(found)


def example_to_json(example: Example) -> dict[str, Any]:
    """Everything but the pixels, as plain lists."""
    return {
        "things": [[thing.category, thing.colour, thing.texture, *thing.box] for thing in example.things],
        "writings": [[item.text, item.quad, item.ends] for item in example.writings],
        "questions": [list(question) for question in example.questions],
    }


def example_from_json(content: dict[str, Any], pixels: npt.NDArray[np.uint8]) -> Example:
    """The inverse of `example_to_json`."""
    return Example(
        pixels=pixels,
        things=tuple(
            Thing(category=row[0], colour=row[1], texture=row[2], box=(row[3], row[4], row[5], row[6]))
            for row in content["things"]
        ),
        writings=tuple(
            Writing(text=row[0], quad=tuple(row[1]), ends=tuple(row[2])) for row in content["writings"]
        ),
        questions=tuple(
            Question(row[0], row[1], row[2], row[3] if isinstance(row[3], str) else tuple(row[3]))
            for row in content["questions"]
        ),
    )
