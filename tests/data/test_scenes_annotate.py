"""Rows have the published columns, and their answers are those of the scene."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pyarrow as pa
import pytest

from argus_eval.data.bundled.columns import schema_of
from argus_eval.data.scenes import BENCHMARKS, annotate, generate_scene, only
from argus_eval.data.scenes.annotate.pope import POPULAR
from argus_eval.data.scenes.catalogue import CATEGORIES, THEMES, plural
from argus_eval.data.scenes.raster import fill, tight_box
from argus_eval.errors import UnknownNameError

KINDS = ("objects", "crowd", "signs", "document", "chart", "infographic", "diagram")


@pytest.fixture(scope="module")
def scenes():
    return [generate_scene(seed, only(kind)) for kind in KINDS for seed in range(14)]


@pytest.fixture(scope="module")
def rows(scenes):
    """Benchmark → pairs of scene and row."""
    return {name: [(scene, row) for scene in scenes for row in annotate(name, scene)] for name in BENCHMARKS}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_columns_and_types_are_the_published_ones(name, rows):
    schema = schema_of(name)
    assert len(rows[name]) >= 10
    for scene, row in rows[name]:
        assert {"scene", *row} == set(schema.names)
        table = pa.Table.from_pylist([{"scene": scene.id, **row}], schema)
        stored = table.to_pylist()[0]
        missing = [key for key, value in stored.items() if value is None and not key.startswith("image_")]
        assert not missing


@pytest.mark.parametrize("name", BENCHMARKS)
def test_rows_are_a_function_of_the_scene(name, scenes):
    for scene in scenes[::9]:
        assert annotate(name, scene) == annotate(name, scene)


def test_an_unknown_benchmark_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'textvqa'"):
        annotate("textvq", generate_scene(1))


@pytest.mark.parametrize("name", ["refcoco", "refcoco+", "refcocog"])
def test_boxes_of_expressions_are_those_of_an_object_and_the_outline_fits(name, rows):
    for scene, row in rows[name]:
        x, y, width, height = row["bbox"]
        boxes = {tuple(thing.box.as_list()) for thing in scene.objects}
        assert (x, y, x + width, y + height) in boxes
        assert 1 <= len(row["answer"]) <= 3
        assert len(set(row["answer"])) == len(row["answer"])
        outline = list(zip(row["segmentation"][0::2], row["segmentation"][1::2], strict=True))
        inside = tight_box(fill([outline], scene.width, scene.height))
        assert inside is not None
        assert inside.x1 >= x
        assert inside.y1 >= y
        assert inside.x2 <= x + width
        assert inside.y2 <= y + height


def test_refcoco_plus_has_no_position_words(rows):
    for _, row in rows["refcoco+"]:
        words = {word for sentence in row["answer"] for word in sentence.split(" that says ")[0].split()}
        assert not words & {"left", "right", "top", "bottom", "corner", "above", "below", "leftmost", "rightmost"}


@pytest.mark.parametrize("name", ["textvqa", "vqav2"])
def test_ten_answers_have_a_majority(name, rows):
    disagreeing = 0
    for _, row in rows[name]:
        answers = [item["answer"] if isinstance(item, dict) else item for item in row["answers"]]
        assert len(answers) == 10
        (best, count), *_ = Counter(answers).most_common()
        assert count >= 6
        disagreeing += count < 10
        if name == "vqav2":
            assert best == row["multiple_choice_answer"]
    assert 0.2 < disagreeing / len(rows[name]) < 0.9


def test_textvqa_answers_can_be_read_in_the_image(rows):
    for scene, row in rows["textvqa"]:
        best = Counter(row["answers"]).most_common(1)[0][0]
        written = [block.text.lower() for block in scene.texts]
        assert any(best in text for text in written)
        assert set(row["ocr_tokens"]) == {word.text for block in scene.texts for word in block.words}
        assert best not in row["question"].split()


def test_counts_are_right(rows):
    counted = 0
    for scene, row in rows["vqav2"]:
        if row["question_type"] == "how many":
            words = re.sub(r"How many (.*) are.*", r"\1", row["question"]).split(" ")
            named = [
                thing
                for thing in scene.objects
                if plural(thing.category) == " ".join(words)
                or f"{thing.colour} {plural(thing.category)}" == " ".join(words)
            ]
            assert str(len(named)) == row["multiple_choice_answer"]
            counted += 1
    assert counted > 10


def test_presence_is_right_and_balanced(rows):
    for scene, row in rows["pope"]:
        name = re.fullmatch(r"Is there an? (.*) in the image\?", row["question"])[1]
        present = name in {thing.category for thing in scene.objects}
        assert row["answer"] == ("yes" if present else "no")
        if row["answer"] == "no" and row["category"] == "popular":
            assert name in POPULAR
        if row["answer"] == "no" and row["category"] == "adversarial":
            assert name in THEMES[scene.theme]
    cells = Counter((row["category"], row["answer"]) for _, row in rows["pope"])
    assert len(cells) == 6
    assert len(set(cells.values())) == 1


def test_gqa_answers_agree_with_the_full_answer_and_the_scene(rows):
    for scene, row in rows["gqa"]:
        assert row["answer"] in row["fullAnswer"].lower()
        if row["types"]["detailed"] == "exist":
            name = re.sub(r".*\b(?:see|there) an? (.*?)( in the image)?\?", r"\1", row["question"])
            assert (row["answer"] == "yes") == (name in {thing.category for thing in scene.objects})
        for at, step in enumerate(row["semantic"]):
            assert all(0 <= before < at for before in step["dependencies"])


@pytest.mark.parametrize(("name", "options"), [("ai2d", "options"), ("scienceqa_img", "choices")])
def test_choices_are_different_and_hold_the_answer(name, options, rows):
    for _, row in rows[name]:
        listed = row[options]
        assert len(set(listed)) == len(listed) >= 3
        assert 0 <= int(row["answer"]) < len(listed)
    assert len({row["answer"] for _, row in rows[name]}) >= 4


def test_letters_point_where_the_diagram_says(rows):
    asked = 0
    for scene, row in rows["ai2d"]:
        found = re.fullmatch(r"Which letter points to the (.*)\?", row["question"])
        if found:
            index = next(thing.index for thing in scene.objects if thing.category == found[1])
            assert row["options"][int(row["answer"])] == scene.diagram.labels[index]
            asked += 1
    assert asked > 5


def test_mmmu_options_are_a_python_list_as_on_the_hub(rows):
    kinds = Counter()
    for _, row in rows["mmmu_val"]:
        listed = ast.literal_eval(row["options"])
        assert "<image 1>" in row["question"]
        assert re.fullmatch(r"validation_[A-Z][a-z]+_\d+", row["id"])
        if row["question_type"] == "open":
            assert listed == []
            float(row["answer"])
        else:
            assert "ABCD".index(row["answer"]) < len(listed)
        kinds[row["question_type"]] += 1
    assert len(kinds) == 2


def test_chart_arithmetic(rows):
    checked = 0
    charts = [generate_scene(seed, only("chart")) for seed in range(60)]
    for scene, row in ((chart, row) for chart in charts for row in annotate("chartqa", chart)):
        found = re.fullmatch(r"What is the (sum|difference) (?:of|between) (.*) and (.*)\?", row["question"])
        if not found:
            continue
        chart = scene.chart
        if chart.kind == "pie":
            table = {series.name: series.values[0] for series in chart.series}
        else:
            table = dict(zip(chart.categories, chart.series[0].values, strict=True))
        one, two = table[found[2]], table[found[3]]
        expected = one + two if found[1] == "sum" else abs(one - two)
        assert float(row["answer"].rstrip("%")) == expected
        checked += 1
    assert checked > 10
    assert {row["type"] for _, row in rows["chartqa"]} == {"human_test", "augmented_test"}


@pytest.mark.parametrize("name", ["docvqa_val", "infovqa_val"])
def test_answers_of_documents_stand_on_the_page(name, rows):
    for scene, row in rows[name]:
        page = " ".join(block.text for block in scene.texts)
        if row.get("answer_type", ["single span"]) == ["single span"]:
            assert row["answers"][0] in page


def test_ocrbench_answers_are_substrings_of_what_is_written(rows):
    kinds = Counter(row["question_type"] for _, row in rows["ocrbench"])
    assert len(kinds) >= 6
    for scene, row in rows["ocrbench"]:
        page = " ".join(block.text for block in scene.texts).lower().replace("×", r"\times")
        assert any(answer.lower() in page for answer in row["answer"])
        assert (row["dataset"] == "HME100k") == row["question_type"].startswith("Handwritten Math")


def test_quads_are_clockwise_and_inside(rows):
    for scene, row in rows["text_spotting"]:
        for line in row["gt"].splitlines():
            *numbers, text = line.split(",", 8)
            points = [(int(numbers[at]), int(numbers[at + 1])) for at in range(0, 8, 2)]
            twice = sum(
                x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True)
            )
            assert twice > 0  # y points down, so this is clockwise on the screen
            assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in points)
            assert text


def test_detections_are_all_objects_with_ids_from_one(rows):
    names = {number: category.name for number, category in enumerate(CATEGORIES, start=1)}
    for scene, row in rows["coco_detection"]:
        assert len(row["annotations"]) == len(scene.objects)
        for item, thing in zip(row["annotations"], scene.objects, strict=True):
            assert item["id"] > 0
            assert names[item["category_id"]] == item["category"] == thing.category
            polygons = [list(zip(loop[0::2], loop[1::2], strict=True)) for loop in item["segmentation"]]
            drawn = fill(polygons, scene.width, scene.height)
            # Holes are filled in polygons; apart from them the area is that of the outline.
            assert drawn.sum() >= item["area"]
            assert tight_box(drawn) == thing.box


def test_lvis_checks_what_it_says_it_checks(rows):
    partial = 0
    for scene, row in rows["lvis_detection"]:
        marked = Counter(item["category"] for item in row["annotations"])
        present = Counter(thing.category for thing in scene.objects)
        names = [category.name for category in CATEGORIES]
        assert not {names[number - 1] for number in row["neg_category_ids"]} & set(present)
        for name, number in marked.items():
            whole = names.index(name) + 1 not in row["not_exhaustive_category_ids"]
            assert number == present[name] if whole else number < present[name]
        partial += len(row["not_exhaustive_category_ids"])
    assert partial > 0


def test_phrases_stand_where_they_say_and_share_ids(rows):
    for _, row in rows["flickr30k_entities"]:
        words = row["sentence"].split()
        for phrase in row["phrases"]:
            start = phrase["first_word_index"]
            length = len(phrase["phrase"].split())
            assert " ".join(words[start : start + length]).lower() == phrase["phrase"].lower()
            assert f"[/EN#{phrase['phrase_id']}/" in row["markup"]
            assert all(x1 < x2 and y1 < y2 for x1, y1, x2, y2 in phrase["boxes"])
    by_id = {}
    for scene, row in rows["flickr30k_entities"]:
        for phrase in row["phrases"]:
            assert by_id.setdefault((scene.kind, phrase["phrase_id"]), phrase["boxes"]) == phrase["boxes"]


def test_regions_are_inside_and_numbered(rows):
    for scene, row in rows["vg_dense_caption"]:
        numbers = [region["region_id"] for region in row["regions"]]
        assert len(set(numbers)) == len(numbers) >= len(scene.objects)
        for region in row["regions"]:
            assert region["x"] + region["width"] <= scene.width
            assert region["y"] + region["height"] <= scene.height
            assert region["width"] > 0
            assert region["height"] > 0


def test_captions_have_their_number_of_references(rows):
    assert {len(set(row["answer"])) for _, row in rows["coco_caption"]} == {5}
    assert {len(set(row["annotations_captions"])) for _, row in rows["nocaps"]} == {10}
    assert len({row["image_domain"] for _, row in rows["nocaps"]}) == 3
