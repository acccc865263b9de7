"""What is painted is where the content says it is."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFont

from argus_eval.data.scenes import Encoding, choose_encoding, encode, generate_scene, only, render
from argus_eval.data.scenes.catalogue import CATEGORIES
from argus_eval.data.scenes.lettering import Place, quad_box, set_centred
from argus_eval.data.scenes.painting.letters import paint_text
from argus_eval.data.scenes.painting.things import paint_object
from argus_eval.data.scenes.placing import Pose, cover_of
from argus_eval.data.scenes.raster import tight_box
from argus_eval.data.scenes.scene import SceneObject, TextBlock
from argus_eval.data.scenes.typeface import SPACE, extent

_PAPER = (128, 64, 200)  # a colour that nothing is painted in


def _painted_box(canvas: Image.Image) -> tuple[int, int, int, int]:
    changed = np.abs(np.asarray(canvas, dtype=int) - _PAPER).max(axis=2) > 40
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@pytest.mark.parametrize("category", [category.name for category in CATEGORIES])
@pytest.mark.parametrize(("reach", "turn", "outlined"), [(70.0, 9.0, True), (27.5, -6.0, False)])
def test_an_object_is_painted_where_its_mask_is(category, reach, turn, outlined):
    pose = Pose(category, (150.0625, 140.5), reach, turn, True)
    left, top, mask = cover_of(pose)
    box = tight_box(mask)
    assert box is not None
    thing = SceneObject(
        index=0, category=category, colour="red", size="medium", texture="striped", shade=(212, 38, 40),
        second_shade=(240, 160, 160), centre_px=pose.centre_px, reach_px=reach, turn_degrees=turn, mirrored=True,
        outlined=outlined, box=box, visible=1.0, area_px=1,
    )  # fmt: skip
    canvas = Image.new("RGB", (300, 280), _PAPER)
    paint_object(canvas, thing, shadow=False)
    expected = (box.x1 + left, box.y1 + top, box.x2 + left, box.y2 + top)
    assert _painted_box(canvas) == pytest.approx(expected, abs=2.01)  # tips thinner than a pixel


@pytest.mark.parametrize("face", ["sans", "bold", "stroke"])
@pytest.mark.parametrize("turn", [0.0, 7.0])
@pytest.mark.parametrize("text", ["EXIT", "STATION $12", "10:45"])
def test_words_are_painted_within_their_corners(face, turn, text):
    place = Place((200.0, 120.0), 300.0, 60.0, turn)
    setting = set_centred([text.split()], face, place)
    for word in setting.words:
        canvas = Image.new("RGB", (400, 240), _PAPER)
        block = TextBlock(
            words=(word,), role="sign", colour=(255, 255, 255), face=face, letter_px=setting.letter_px
        )
        paint_text(canvas, block)
        # A turned word need not reach the corners of its own rectangle.
        left, top, right, bottom = quad_box(word.quad)
        painted = _painted_box(canvas)
        slack = 1.5 if turn == 0 else 6.0
        assert painted == pytest.approx((left, top, right, bottom), abs=slack)
        assert painted[0] >= left - 1.5
        assert painted[2] <= right + 1.5


@pytest.mark.parametrize("word", ["Market", "WEDNESDAY", "$42", "jumpy", "10:45", "Queen"])
def test_the_table_of_letter_extents_is_that_of_the_font(word):
    """Read from Pillow's font once; another Pillow may carry another cut of it, but not another font."""
    font = ImageFont.load_default(size=1000)
    mask, (left, top) = font.getmask2(word, mode="L", anchor="ls")
    x1, y1, x2, y2 = mask.getbbox()
    ink = extent(word, "sans")
    found = ((x1 + left) / 1000, -(y2 + top) / 1000, (x2 + left) / 1000, -(y1 + top) / 1000)
    assert found == pytest.approx((ink.left, ink.bottom, ink.right, ink.top), abs=0.06)
    assert font.getlength(word) / 1000 == pytest.approx(ink.advance, abs=0.06)
    assert font.getlength(" ") / 1000 == pytest.approx(SPACE, abs=0.08)


@pytest.mark.parametrize("kind", ["objects", "crowd", "signs", "document", "chart", "infographic", "diagram"])
def test_a_scene_is_painted_at_its_size_and_the_same_twice(kind):
    scene = generate_scene(5, only(kind))
    first, second = render(scene), render(scene)
    assert first.size == scene.size
    assert first.mode == "RGB"
    assert first.tobytes() == second.tobytes()


def test_objects_stand_out_from_the_background():
    """The mean colour inside an object's box differs from the same place without it."""
    for seed in range(6):
        scene = generate_scene(seed, only("objects"))
        canvas = np.asarray(render(scene), dtype=float)
        background = (np.array(scene.background.first) + scene.background.second) / 2
        for thing in scene.objects:
            x1, y1, x2, y2 = (round(value) for value in thing.box.as_list())
            inside = canvas[y1:y2, x1:x2].reshape(-1, 3)
            assert np.abs(inside - background).max(axis=1).max() > 60


def test_encodings_are_those_chosen():
    formats = set()
    for seed in range(40):
        scene = generate_scene(seed, only("chart" if seed % 2 else "objects"))
        encoding = choose_encoding(scene)
        formats.add(encoding.format)
        assert encoding == choose_encoding(scene)
        assert encoding.format == "PNG" or 80 <= encoding.quality <= 92
    assert formats == {"PNG", "JPEG"}
    image = render(generate_scene(1, only("diagram")))
    for encoding in (Encoding("JPEG", 85), Encoding("PNG", 0)):
        opened = Image.open(io.BytesIO(encode(image, encoding)))
        assert (opened.format, opened.size) == (encoding.format, image.size)
