"""Scenes are a function of their seed, the same everywhere, and their boxes are true."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from argus_eval.core.geometry import ImageSize
from argus_eval.data.scenes import (
    Stream,
    content_fingerprint,
    generate_scene,
    only,
    scene_from_text,
    scene_to_text,
)
from argus_eval.data.scenes.draws import Draws, draws_for
from argus_eval.data.scenes.lettering import quad_box
from argus_eval.data.scenes.placing import cover_of, pose_of, scene_sights

KINDS = ("objects", "crowd", "signs", "document", "chart", "infographic", "diagram")


@pytest.fixture(scope="module")
def scenes():
    return [generate_scene(seed, only(kind)) for kind in KINDS for seed in range(12)]


def test_random_words_are_those_of_the_bit_generator():
    """Golden: NumPy guarantees the raw stream, so these numbers hold for every version and platform."""
    draws = draws_for(Stream.TRAINING, 3, "content")
    assert [draws.integer(0, 999) for _ in range(6)] == [883, 680, 619, 338, 67, 978]


def test_draws_stay_in_range_and_reach_both_ends():
    draws = Draws(np.random.SeedSequence(5))
    seen = {draws.integer(2, 4) for _ in range(200)}
    assert seen == {2, 3, 4}
    assert all(0 <= draws.unit() < 1 for _ in range(500))
    assert sorted(draws.shuffled("abcdef")) == list("abcdef")
    assert len(set(draws.sample(range(50), 20))) == 20
    assert {draws.weighted((("a", 1.0), ("b", 0.0))) for _ in range(50)} == {"a"}


def test_equal_seeds_give_equal_scenes_in_another_process(scenes):
    program = (
        "import hashlib\n"
        "from argus_eval.data.scenes import generate_scene, only, scene_to_text\n"
        f"texts = [scene_to_text(generate_scene(seed, only(kind))) for kind in {KINDS!r} for seed in range(3)]\n"
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = "".join(scene_to_text(scene) for scene in scenes if scene.seed < 3)
    assert done.stdout.strip() == hashlib.sha256(here.encode()).hexdigest()


def test_json_brings_a_scene_back(scenes):
    for scene in scenes[::5]:
        assert scene_from_text(scene_to_text(scene)) == scene


def test_streams_and_seeds_share_no_scene():
    fingerprints = [
        content_fingerprint(generate_scene(seed, only("objects"), stream=stream))
        for stream in Stream
        for seed in range(60)
    ]
    assert len(set(fingerprints)) == len(fingerprints)


def test_a_fingerprint_forgets_name_and_seed_but_no_content():
    scene = scene_from_text(scene_to_text(generate_scene(1)))
    text = scene_to_text(scene)
    renamed = scene_from_text(text.replace('"training"', '"bundled"').replace(scene.id, "other"))
    assert content_fingerprint(renamed) == content_fingerprint(scene)
    wider = scene_from_text(text.replace(f'"width":{scene.width}', f'"width":{scene.width + 1}'))
    assert content_fingerprint(wider) != content_fingerprint(scene)


@pytest.mark.parametrize("size", [ImageSize(128, 128), ImageSize(320, 240), ImageSize(512, 700)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_size_can_be_asked_for(kind, size):
    for seed in range(3):
        scene = generate_scene(seed, only(kind), size=size)
        assert scene.size == size
        for block in scene.texts:
            for word in block.words:
                left, top, right, bottom = quad_box(word.quad)
                assert 0 <= left <= right <= size.width
                assert 0 <= top <= bottom <= size.height


def test_boxes_are_those_of_the_visible_pixels(scenes):
    """All objects painted into one array of indices, later over earlier: what remains of each is what is seen."""
    for scene in scenes:
        front = np.full((scene.height, scene.width), -1)
        sizes = {}
        for thing in scene.objects:
            left, top, mask = cover_of(pose_of(thing))
            rows, columns = np.nonzero(mask)
            rows, columns = rows + top, columns + left
            inside = (rows >= 0) & (rows < scene.height) & (columns >= 0) & (columns < scene.width)
            front[rows[inside], columns[inside]] = thing.index
            sizes[thing.index] = len(rows)
        for thing, sight in zip(scene.objects, scene_sights(scene), strict=True):
            rows, columns = np.nonzero(front == thing.index)
            assert sight.area_px == len(rows)
            assert sight.box == thing.box
            assert thing.area_px == len(rows)
            assert thing.visible == pytest.approx(len(rows) / sizes[thing.index], abs=1e-4)
            seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert thing.box.as_list() == seen


def test_ordinary_scenes_are_neither_empty_nor_hidden():
    for seed in range(40):
        scene = generate_scene(seed, only("objects"))
        assert 2 <= len(scene.objects) <= 8
        assert all(thing.visible >= 0.6 for thing in scene.objects)
        assert [thing.index for thing in scene.objects] == list(range(len(scene.objects)))


def test_writing_is_legible_in_front_and_on_its_owner():
    written = 0
    for seed in range(60):
        scene = generate_scene(seed, only("signs"))
        texts = [block.text for block in scene.texts]
        assert len(texts) == len(set(texts))
        for block in scene.texts:
            assert block.owner is not None
            owner = scene.objects[block.owner]
            assert owner.visible == 1.0
            assert block.letter_px >= 0.034 * max(scene.size)
            for word in block.words:
                left, top, right, bottom = quad_box(word.quad)
                assert owner.box.x1 <= left < right <= owner.box.x2
                assert owner.box.y1 <= top < bottom <= owner.box.y2
            written += 1
    assert written > 60


def test_many_object_scenes_have_many_objects():
    counts = [len(generate_scene(seed, only("crowd")).objects) for seed in range(15)]
    assert min(counts) >= 8
    assert max(counts) > 15


def test_charts_say_what_they_show(scenes):
    for scene in scenes:
        if scene.chart is None:
            continue
        words = [block.text for block in scene.texts]
        assert scene.chart.title in words
        for series in scene.chart.series:
            assert len(series.values) == (1 if scene.chart.kind == "pie" else len(scene.chart.categories))
        if scene.chart.kind == "pie":
            assert sum(series.values[0] for series in scene.chart.series) == 100
        else:
            assert all(name in words for name in scene.chart.categories)
        if scene.chart.valued and scene.chart.kind == "bar":
            for series in scene.chart.series:
                assert all(f"{value:.0f}" in words for value in series.values)


def test_documents_say_their_fields(scenes):
    for scene in scenes:
        if scene.document is None or scene.kind != "document":
            continue
        words = " ".join(block.text for block in scene.texts)
        for _, value in scene.document.fields:
            assert value in words
        for row in scene.document.rows:
            assert all(cell in words for cell in row)
        if scene.document.kind == "receipt":
            total = dict(scene.document.fields)["Total"]
            assert float(total) == pytest.approx(sum(float(row[1]) for row in scene.document.rows))


def test_the_generator_needs_numpy_and_pillow_only():
    program = (
        "import sys, argus_eval.data.scenes;"
        "print({'torch', 'pyarrow', 'pandas', 'scipy', 'pydantic', 'datasets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
