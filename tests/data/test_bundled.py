"""The samples in the package: complete, within their size, and what the generator makes."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from argus_eval.data import bundled
from argus_eval.data.bundled.names import NAMES
from argus_eval.data.bundled.plan import PLANS, bundled_scene, pool_size, select
from argus_eval.data.scenes import Stream, annotate, content_fingerprint, generate_scene, only, scene_to_text
from argus_eval.errors import UnknownNameError

FOLDER = Path(bundled.__file__).parent


@pytest.fixture(scope="module")
def scenes():
    return [bundled_scene(index) for index in range(pool_size())]


@pytest.fixture(scope="module")
def stored():
    return pq.read_table(FOLDER / "scenes.parquet", columns=["scene", "width", "height", "content"]).to_pylist()


def test_names_cost_nothing_heavy():
    program = (
        "import sys; from argus_eval.data.bundled import bundled_names; names = bundled_names();"
        "heavy = {'pyarrow', 'numpy', 'PIL', 'torch', 'pandas'} & set(sys.modules); print(len(names), heavy)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{len(NAMES)} set()"


def test_every_name_has_a_plan_and_a_file():
    assert set(NAMES) == set(PLANS)
    assert {path.stem for path in FOLDER.glob("*.parquet")} == {*NAMES, "scenes"}


def test_everything_together_is_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) < 25e6
    assert pool_size() <= 600


def test_rows_are_stored_in_small_groups():
    for path in FOLDER.glob("*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        groups = [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)]
        assert max(groups) <= 64


def test_stored_contents_are_those_the_generator_makes(scenes, stored):
    """Every scene of the pool, so that a change of the generator cannot go unnoticed."""
    assert [row["scene"] for row in stored] == [scene.id for scene in scenes]
    different = [
        scene.id for scene, row in zip(scenes, stored, strict=True) if scene_to_text(scene) != row["content"]
    ]
    assert different == []


@pytest.mark.parametrize("name", ["textvqa", "chartqa", "pope", "flickr30k_entities"])
def test_stored_rows_are_those_the_builder_picks(name, scenes):
    picked = select(name, [annotate(name, scene) for scene in scenes])
    questions = pq.read_table(FOLDER / f"{name}.parquet")
    column = "sentence" if name == "flickr30k_entities" else "question"
    assert questions.column("scene").to_pylist() == [scenes[at].id for at, _ in picked]
    assert questions.column(column).to_pylist() == [row[column] for _, row in picked]


def test_counts_are_the_planned_ones():
    for name in NAMES:
        rows = list(bundled.iter_rows(name, columns=["answer"]))
        assert len(rows) == bundled.bundled_count(name)
        items = sum(len(row["answer"]) for row in rows) if PLANS[name].unit == "answers" else len(rows)
        assert items == PLANS[name].items
    assert PLANS["refcoco"].items == PLANS["textvqa"].items == 512


@pytest.mark.parametrize("name", NAMES)
def test_rows_carry_an_encoded_image_of_the_right_size(name):
    column = "image_1" if name == "mmmu_val" else "image"
    for index, row in enumerate(bundled.iter_rows(name)):
        assert "scene" not in row
        image = row[column]
        assert isinstance(image, dict)
        assert set(image) == {"bytes", "path"}
        if index % 16 == 0:
            opened = Image.open(io.BytesIO(image["bytes"]))
            assert opened.format == {"jpg": "JPEG", "png": "PNG"}[image["path"].rsplit(".", 1)[1]]
            if "width" in row:
                assert opened.size == (row["width"], row["height"])
            if "bbox" in row:
                x, y, width, height = row["bbox"]
                assert x + width <= opened.width
                assert y + height <= opened.height


def test_columns_can_be_chosen_and_images_left_out():
    row = next(bundled.iter_rows("gqa", columns=["question", "answer", "no such column"]))
    assert sorted(row) == ["answer", "question"]


def test_the_pool_holds_few_images_at_once():
    held = []
    original = bundled._Pool.image

    class Watched(bundled._Pool):
        def image(self, scene):
            found = original(self, scene)
            held.append(sum(len(group) for group in self._groups.values()))
            return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundled, "_Pool", Watched)
        assert len(list(bundled.iter_rows("textvqa"))) == 512
    assert max(held) <= 3 * 64


def test_images_decode_to_the_stored_size(stored):
    sizes = {row["scene"]: (row["width"], row["height"]) for row in stored}
    assert len(set(sizes.values())) >= 8
    assert any(height > width for width, height in sizes.values())
    assert any(width >= 1024 for width, _ in sizes.values())
    table = pq.read_table(FOLDER / "scenes.parquet", columns=["scene", "image"])
    for row in table.to_pylist()[::37]:
        opened = Image.open(io.BytesIO(row["image"]["bytes"]))
        opened.load()
        assert opened.size == sizes[row["scene"]]


def test_no_bundled_scene_is_met_in_training_or_validation(scenes):
    ours = {content_fingerprint(scene) for scene in scenes}
    assert len(ours) == len(scenes)
    for stream in (Stream.TRAINING, Stream.VALIDATION):
        for kind in ("objects", "signs", "diagram"):
            for seed in range(25):
                assert content_fingerprint(generate_scene(seed, only(kind), stream=stream)) not in ours


def test_detection_categories_cover_the_annotations():
    for name in ("coco_detection", "lvis_detection"):
        known = {category["id"]: category["name"] for category in bundled.bundled_categories(name)}
        for row in bundled.iter_rows(name, columns=["annotations"]):
            assert all(known[item["category_id"]] == item["category"] for item in row["annotations"])


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'refcoco'"):
        bundled.bundled_count("refcco")
    with pytest.raises(UnknownNameError, match="bundled categories"):
        bundled.bundled_categories("gqa")
