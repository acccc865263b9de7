"""Official releases: the real annotation files where they lie beside the checkout, small ones otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from argus_eval.core.geometry import PixelBox, PixelQuad
from argus_eval.core.sample import Sample
from argus_eval.data.local import open_local
from argus_eval.data.resolution import resolve
from argus_eval.data.rows import BadRow
from argus_eval.data.schemas.registry import SCHEMAS
from argus_eval.data.source import SourceSpec
from argus_eval.errors import UsageError
from tests.data.tables import jpeg

COCO = SourceSpec(
    schema="coco",
    split="val2017",
    checked="2026-11-22",
    native={"annotations": "annotations/instances_val2017.json", "images": "val2017"},
)
LVIS = SourceSpec(
    schema="lvis", split="val", checked="2026-11-22", native={"annotations": "lvis_v1_val.json", "images": "."}
)
GENOME = SourceSpec(
    schema="vg_regions",
    split="test",
    checked="2026-11-22",
    native={
        "regions": "region_descriptions.json",
        "splits": "densecap_splits.json",
        "images": "VG_100K",
        "more_images": "VG_100K_2",
    },
)
ICDAR = SourceSpec(
    schema="icdar2015",
    split="test",
    checked="2026-11-22",
    native={"annotations": "Challenge4_Test_Task4_GT", "images": "ch4_test_images"},
)
FLICKR = SourceSpec(
    schema="flickr30k_entities",
    split="test",
    checked="2026-11-22",
    native={
        "split": "test.txt",
        "sentences": "Sentences",
        "annotations": "Annotations",
        "images": "flickr30k-images",
    },
)


def read(root: Path, spec: SourceSpec) -> list[Sample | BadRow]:
    data = resolve(spec, str(root), strict=True, ci=True, bundled=None)
    schema = SCHEMAS.get(spec.schema)
    return [item for index, row in enumerate(data.rows()) for item in schema.read(row, index)]


def dump(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


@pytest.mark.reference
def test_coco_photos_with_their_official_instances(reference_dir: Path, tmp_path: Path):
    photos = reference_dir / "images" / "coco"
    official = json.loads((photos / "annotations.json").read_text())
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val2017.json").symlink_to(photos / "annotations.json")
    (tmp_path / "val2017").mkdir()
    for image in official["images"]:  # the photos are named by their ids, the file by the names of 2014
        (tmp_path / "val2017" / image["file_name"]).symlink_to(photos / f"{image['id']:012d}.jpg")
    samples = read(tmp_path, COCO)
    assert len(samples) == len(official["images"]) == 12
    names = {category["id"]: category["name"] for category in official["categories"]}
    for sample, image in zip(samples, official["images"], strict=True):
        theirs = [item for item in official["annotations"] if item["image_id"] == image["id"]]
        assert sample.key == str(image["id"])
        assert [(r.label, r.area_px, r.crowd) for r in sample.target.regions] == [
            (names[item["category_id"]], item["area"], bool(item["iscrowd"])) for item in theirs
        ]
        x, y, width, height = theirs[0]["bbox"]
        assert sample.target.regions[0].box == PixelBox(x, y, x + width, y + height)
        assert sample.options == tuple(names.values())
        assert sample.image_size is not None


@pytest.mark.reference
def test_lvis_lists_are_those_of_the_official_file(reference_dir: Path, tmp_path: Path):
    official = json.loads((reference_dir / "lvis" / "lvis_val_100.json").read_text())
    (tmp_path / "lvis_v1_val.json").symlink_to(reference_dir / "lvis" / "lvis_val_100.json")
    table = open_local(tmp_path, LVIS, SCHEMAS.get("lvis"))
    assert table.count() == len(official["images"])
    rows = list(table.rows())
    assert sum(len(row["annotations"]) for row in rows) == len(official["annotations"])
    for image in official["images"]:
        # the photographs are not beside the file: put any picture where the release has it
        name = Path(str(image.get("file_name") or image["coco_url"])).name
        (tmp_path / name).write_bytes(jpeg())
    samples = read(tmp_path, LVIS)
    categories = resolve(LVIS, str(tmp_path), strict=True, ci=True, bundled=None).categories()
    assert [(item["name"], item["frequency"]) for item in categories] == [
        (item["name"], item["frequency"]) for item in official["categories"]
    ]
    names = {category["id"]: category["name"] for category in official["categories"]}
    for sample, image in zip(samples, official["images"], strict=True):
        assert sample.target.negative_labels == {names[number] for number in image["neg_category_ids"]}
        assert sample.target.not_exhaustive_labels == {
            names[number] for number in image["not_exhaustive_category_ids"]
        }
        present = {region.label for region in sample.target.regions}
        assert set(sample.options) == present | sample.target.negative_labels
        assert list(sample.options) == sorted(sample.options)


def test_lvis_images_lie_where_their_address_ends(tmp_path: Path):
    (tmp_path / "train2017").mkdir()
    (tmp_path / "train2017" / "7.jpg").write_bytes(jpeg(size=(9, 8)))
    dump(
        tmp_path / "lvis_v1_val.json",
        {
            "images": [{"id": 7, "coco_url": "http://images.cocodataset.org/train2017/7.jpg"}],
            "annotations": [],
            "categories": [{"id": 1, "name": "cup"}],
        },
    )
    (sample,) = read(tmp_path, LVIS)
    assert sample.image_size == (9, 8)


def test_annotations_that_refer_to_nothing_are_reported(tmp_path: Path):
    (tmp_path / "val2017").mkdir()
    for name in ("a", "b"):
        (tmp_path / "val2017" / f"{name}.jpg").write_bytes(jpeg())
    box = [1, 2, 3, 4]
    dump(
        tmp_path / "annotations" / "instances_val2017.json",
        {
            "annotations": [
                {"image_id": 1, "category_id": 1, "bbox": box, "area": 12, "iscrowd": 1},
                {"image_id": 2, "category_id": 9, "bbox": box, "area": 12},
                {"image_id": 3, "category_id": 1, "bbox": box, "area": 12},
            ],
            "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
            "categories": [{"id": 1, "name": "cup"}],
        },
    )
    items = read(tmp_path, COCO)
    assert items[:1] == [BadRow(key="image 3", reason="annotations of an image that is not listed")]
    assert items[1].target.regions[0].crowd
    assert items[2] == BadRow(key="image 2", reason="annotation of a category that is not listed")


def test_ids_that_are_no_ids_cost_their_row(tmp_path: Path):
    (tmp_path / "val2017").mkdir()
    dump(
        tmp_path / "annotations" / "instances_val2017.json",
        {
            "images": [{"id": [1], "file_name": "a.jpg"}, 5, {}],
            "annotations": [{"image_id": {}, "category_id": [], "bbox": [1, 2, 3, 4]}, "x"],
            "categories": [{"id": 1, "name": "cup"}],
        },
    )
    items = read(tmp_path, COCO)
    keys = [item.key for item in items]
    assert keys[:3] == ["images 0", "annotations 1", "image {}"]
    assert len(keys) == 5
    assert all(isinstance(item, BadRow) for item in items)


@pytest.mark.parametrize("bbox", [[1, 2, float("nan"), 4], [1, 2, 3], None, [1, 2, -3, 4]])
def test_a_bad_box_is_a_bad_image(tmp_path: Path, bbox):
    (tmp_path / "val2017").mkdir()
    (tmp_path / "val2017" / "a.jpg").write_bytes(jpeg())
    dump(
        tmp_path / "annotations" / "instances_val2017.json",
        {
            "annotations": [{"image_id": 1, "category_id": 1, "bbox": bbox, "area": 12}],
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "categories": [{"id": 1, "name": "cup"}],
        },
    )
    (item,) = read(tmp_path, COCO)
    assert isinstance(item, BadRow)
    assert item.key == "1"
    assert item.reason.startswith("bbox")


def test_a_file_that_is_no_annotation_file(tmp_path: Path):
    (tmp_path / "val2017").mkdir()
    dump(tmp_path / "annotations" / "instances_val2017.json", {"info": {}, "images": []})
    with pytest.raises(UsageError, match="no categories"):
        read(tmp_path, COCO)


def test_a_release_that_is_not_complete(tmp_path: Path):
    (tmp_path / "val2017").mkdir()
    with pytest.raises(UsageError, match=r"annotations/instances_val2017\.json is missing"):
        read(tmp_path, COCO)


@pytest.mark.reference
def test_visual_genome_regions_of_the_split(reference_dir: Path, tmp_path: Path):
    photos = reference_dir / "images" / "visual_genome"
    official = json.loads((photos / "regions_1.json").read_text())
    other = {"id": 2, "regions": official["regions"][:2]}
    dump(tmp_path / "region_descriptions.json", [other, {"id": 1, "regions": official["regions"]}])
    dump(tmp_path / "densecap_splits.json", {"train": [2], "val": [], "test": [1, 77]})
    (tmp_path / "VG_100K").mkdir()
    (tmp_path / "VG_100K_2").symlink_to(photos)
    sample, missing = read(tmp_path, GENOME)
    assert (sample.key, len(sample.target.regions), sample.image_size) == ("1", 258, (800, 600))
    first = sample.target.regions[0]
    assert (first.label, first.box) == ("the clock is green in colour", PixelBox(421, 57, 503, 196))
    assert missing == BadRow(key="77", reason="image of the split without regions in the file")


@pytest.mark.reference
def test_icdar_words_with_their_corners(reference_dir: Path, tmp_path: Path):
    photos = reference_dir / "images" / "icdar2015"
    official = json.loads((photos / "annotations.json").read_text())["images"]
    folder = tmp_path / "Challenge4_Test_Task4_GT"
    folder.mkdir()
    (tmp_path / "ch4_test_images").symlink_to(photos)
    for name, image in official.items():
        lines = [
            ",".join(map(str, word["quad"])) + "," + ("###" if word["ignore"] else (word["text"] or "a,b"))
            for word in image["words"]
        ]
        text = "\ufeff" + "\r\n".join(lines)
        (folder / f"gt_{Path(name).stem}.txt").write_text(text, encoding="utf-8", newline="")
    samples = read(tmp_path, ICDAR)
    assert [sample.key for sample in samples] == [f"img_{number}" for number in range(1, 11)]
    for sample in samples:
        words = official[f"{sample.key}.jpg"]["words"]
        assert [region.quad for region in sample.target.regions] == [
            PixelQuad(tuple(map(float, word["quad"]))) for word in words
        ]
        assert [region.ignore for region in sample.target.regions] == [word["ignore"] for word in words]
        assert {region.label for region in sample.target.regions} <= {"###", "a,b"} | {w["text"] for w in words}
    quad = samples[0].target.regions[0]
    assert quad.box == PixelBox(
        min(quad.quad.points[0::2]),
        min(quad.quad.points[1::2]),
        max(quad.quad.points[0::2]),
        max(quad.quad.points[1::2]),
    )


def test_icdar_lines_that_are_no_words(tmp_path: Path):
    (tmp_path / "ch4_test_images").mkdir()
    folder = tmp_path / "Challenge4_Test_Task4_GT"
    folder.mkdir()
    for number, text in enumerate([b"1,2,3,4,5,6,7,8", b"1,2,3,4,5,6,7,x,word", b"\xff\xfe", b"1,2,word"]):
        (tmp_path / "ch4_test_images" / f"img_{number}.jpg").write_bytes(jpeg())
        (folder / f"gt_img_{number}.txt").write_bytes(text)
    items = read(tmp_path, ICDAR)
    assert [item.key for item in items] == ["img_0", "img_1", "img_2", "img_3"]
    assert items[2].reason == "annotation is not valid UTF-8"
    assert all(isinstance(item, BadRow) for item in items)


def flickr(root: Path, annotation: str, sentences: str) -> Path:
    for folder in ("Sentences", "Annotations", "flickr30k-images"):
        (root / folder).mkdir()
    (root / "test.txt").write_text("36979\n1\n")
    (root / "Annotations" / "36979.xml").write_text(annotation)
    (root / "Sentences" / "36979.txt").write_text(sentences)
    (root / "flickr30k-images" / "36979.jpg").write_bytes(jpeg())
    return root


THING = (
    "<object><name>{0}</name>"
    "<bndbox><xmin>{1}</xmin><ymin>{2}</ymin><xmax>{3}</xmax><ymax>{4}</ymax></bndbox></object>"
)


def test_flickr_phrases_with_their_boxes_merged(tmp_path: Path):
    annotation = (
        "<annotation><size><width>64</width></size>"
        + THING.format(8, 11, 21, 31, 41)
        + THING.format(8, 1, 31, 21, 46)
        + THING.format(9, 2, 2, 5, 5)
        + "<object><name>7</name><scene>1</scene><nobndbox>1</nobndbox></object></annotation>"
    )
    sentences = "[/EN#8/people Two men] in [/EN#7/scene a street] .\n\nOf [/EN#9/clothing/other a hat] .\n"
    items = read(flickr(tmp_path, annotation, sentences), FLICKR)
    two, hat, gone = items
    assert (two.key, two.inputs, dict(two.attributes)) == (
        "36979/0/0",
        {"expression": "Two men"},
        {"boxes": 2, "any_box": "10.0,20.0,30.0,40.0;0.0,30.0,20.0,45.0"},
    )
    assert two.target.box == PixelBox(0, 20, 30, 45)  # files count from 1
    assert (hat.key, hat.inputs["expression"]) == ("36979/1/0", "a hat")
    assert gone == BadRow(key="1", reason="annotation or sentences are missing")
    data = resolve(FLICKR, str(tmp_path), strict=True, ci=True, bundled=None)
    assert data.count_samples() == 3
    assert next(iter(data.rows(["sentence"])))["sentence"] == "Two men in a street ."


def test_flickr_files_with_entities_are_not_expanded(tmp_path: Path):
    bomb = '<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>'
    first, _ = read(flickr(tmp_path, bomb, "[/EN#8/people Two men]"), FLICKR)
    assert first == BadRow(key="36979", reason="annotation or sentences cannot be read")
