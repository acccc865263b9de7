"""The syntax of every family as its makers document it: exact texts, exact boxes."""

# ruff: noqa: E501 - one answer a line

from __future__ import annotations

import pytest

from argus_eval.core.geometry import ImageSize, UnitBox
from argus_eval.core.prediction import Parsed, Region, Regions
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext

SIZE = ImageSize(1000, 500)
CONTEXT = ParseContext(image_size=SIZE)

# dialect, text, [(label, x1, y1, x2, y2 in pixels of 1000 × 500)], repairs
GOLDEN = [
    ("argus", "<ref>cat</ref><box><loc_0><loc_333><loc_666><loc_999></box>", [("cat", 0, 333 * 500 / 999, 666000 / 999, 500)], ()),
    ("argus", "<ref>cat</ref><box><loc_0><loc_0><loc_9><loc_9></box><box><loc_0><loc_0><loc_999><loc_999></box>",
     [("cat", 0, 0, 9000 / 999, 4500 / 999), ("cat", 0, 0, 1000, 500)], ()),
    ("argus", "cat<loc_0><loc_0><loc_999><loc_999>", [("cat", 0, 0, 1000, 500)], ("missing tags",)),
    ("argus", "<box><loc_0><loc_0><loc_1000><loc_4000></box>", [(None, 0, 0, 1000, 500)], ("clamped coordinates: 2",)),
    ("qwen-vl", "<ref>the dog</ref><box>(100,200),(300,999)</box>", [("the dog", 100000 / 999, 100000 / 999, 300000 / 999, 500)], ()),
    ("qwen-vl", "(100,200),(300,999)</box><|endoftext|>", [(None, 100000 / 999, 100000 / 999, 300000 / 999, 500)], ()),
    ("qwen-vl", "(100,200),(300,999)", [(None, 100000 / 999, 100000 / 999, 300000 / 999, 500)], ()),
    ("qwen-vl", "<ref>dogs</ref><box>(0,0),(999,999)</box><box>(0,0),(333,333)</box>",
     [("dogs", 0, 0, 1000, 500), ("dogs", 0, 0, 1000 / 3, 500 / 3)], ()),
    ("qwen-vl", "<ref>a</ref><box>(0,0,999,999)</box>", [("a", 0, 0, 1000, 500)], ("corners regrouped",)),
    ("qwen2-vl", "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>", [("cat", 100, 100, 300, 200)], ()),
    ("qwen2-vl", "cat(100,200),(300,400)<|im_end|>", [(None, 100, 100, 300, 200)], ()),
    ("qwen3-vl", '```json\n[{"bbox_2d": [100, 200, 300, 400], "label": "cat"}]\n```', [("cat", 100, 100, 300, 200)], ()),
    ("qwen3-vl", '{"bbox_2d": [100, 200, 300, 400], "name_en": "cat"}', [("cat", 100, 100, 300, 200)], ()),
    ("internvl", "<ref>cat</ref><box>[[100, 200, 300, 400], [0, 0, 1000, 1000]]</box>", [("cat", 100, 100, 300, 200), ("cat", 0, 0, 1000, 500)], ()),
    ("internvl", "cat[[100, 200, 300, 400]]", [(None, 100, 100, 300, 200)], ("missing tags",)),
    ("internvl", "<box>[[0.1, 0.2, 0.3, 0.4]]</box>", [(None, 100, 100, 300, 200)], ()),
    ("internvl", "<box>[[1, 0, 1, 2]]</box>", [(None, 1, 0, 1, 1)], ("empty boxes kept: 1",)),
    ("paligemma", "<loc0256><loc0128><loc0768><loc1000> cat ; <loc0000><loc0000><loc0512><loc0256> dog",
     [("cat", 125, 125, 1000000 / 1024, 375), ("dog", 0, 0, 250, 250)], ()),
    ("paligemma", "<loc0256><loc0128><loc0768><loc0512><seg001><seg002> cat", [("cat", 125, 125, 500, 375)], ()),
    ("paligemma", "<loc0256><loc0128><loc0768><loc0512> St. John's (café) ;", [("St. John's (café)", 125, 125, 500, 375)], ()),
    ("paligemma-1023", "<loc0000><loc0341><loc1023><loc0682> cat", [("cat", 1000 / 3, 0, 2000 / 3, 500)], ()),
    ("florence-2", "</s><s>cat<loc_0><loc_199><loc_499><loc_999>dog<loc_0><loc_0><loc_9><loc_9></s>",
     [("cat", 0.5, 99.75, 499.5, 499.75), ("dog", 0.5, 0.25, 9.5, 4.75)], ()),
    ("florence-2", "cats<loc_0><loc_0><loc_9><loc_9><loc_0><loc_0><loc_99><loc_99>", [("cats", 0.5, 0.25, 9.5, 4.75), ("cats", 0.5, 0.25, 99.5, 49.75)], ()),
    ("florence-2", "<loc_0><loc_0><loc_9><loc_9>", [(None, 0.5, 0.25, 9.5, 4.75)], ()),
    ("florence-2", "cat<loc_0><loc_0><loc_1000><loc_9>", [("cat", 0.5, 0.25, 999.5, 4.75)], ("clamped coordinates: 1",)),
    ("florence-2", "cat<poly><loc_10><loc_20><loc_30><loc_20><loc_30><loc_40><sep></poly>", [("cat", 10.5, 10.25, 30.5, 20.25)], ("polygon read as box",)),
    ("florence-2", "<OD>cat<loc_0><loc_0><loc_9><loc_9>", [("cat", 0.5, 0.25, 9.5, 4.75)], ()),
    ("kosmos-2", "<grounding><phrase>a cat</phrase><object><patch_index_0044><patch_index_0863></object> sits",
     [("a cat", 12.5 / 32 * 1000, 1.5 / 32 * 500, 31.5 / 32 * 1000, 26.5 / 32 * 500)], ()),
    ("kosmos-2", "<object><patch_index_0000><patch_index_0031></delimiter_of_multi_objects/><patch_index_0033><patch_index_0033></object>",
     [(None, 0, 0, 1000, 500 / 32), (None, 1000 / 32, 500 / 32, 2000 / 32, 1000 / 32)], ()),
    ("deepseek-vl2", "<|ref|>cat<|/ref|><|det|>[[0, 0, 333, 999]]<|/det|>.<｜end▁of▁sentence｜>", [("cat", 0, 0, 1000 / 3, 500)], ()),
    ("deepseek-vl2", "<|det|>[[0, 0, 333, 999]]<|/det|>", [(None, 0, 0, 1000 / 3, 500)], ()),
    ("cogvlm", "The cat is at [[012,034,567,890]].", [(None, 12, 17, 567, 445)], ()),
    ("cogvlm", "[[000,000,500,500;100,100,200,200]]", [(None, 0, 0, 500, 250), (None, 100, 50, 200, 100)], ()),
    ("glm-4.5v", "<think>left?</think><|begin_of_box|>[[100,200,300,400]]<|end_of_box|>", [(None, 100, 100, 300, 200)], ()),
    ("glm-4.5v", "<|begin_of_box|>[100, 200, 300, 400]<|end_of_box|> [100, 200, 300, 400]", [(None, 100, 100, 300, 200)], ()),
    ("glm-4.5v", "<|begin_of_box|><100,200,300,400><|end_of_box|>", [(None, 100, 100, 300, 200)], ()),
    ("glm-4.5v", "<|begin_of_box|>(100,200,300,400)<|end_of_box|>", [(None, 100, 100, 300, 200)], ()),
    ("glm-4.5v", "<|begin_of_box|>[[1,2,3,4]]<|end_of_box|><|begin_of_box|>[[1,2,3,4]]<|end_of_box|>", [(None, 1, 1, 3, 2)], ("duplicate regions removed: 1",)),
    ("gemini", '```json\n[{"box_2d": [200, 100, 400, 300], "label": "cat", "mask": "data:image/png;base64,xx"}]\n```', [("cat", 100, 100, 300, 200)], ()),
    ("molmo", '<point x="10.5" y="20.3" alt="cat">cat</point>', [("cat", 105, 101.5, 105, 101.5)], ()),
    ("molmo", 'Here: <points x1="10.5" y1="20.0" x2="30.5" y2="40.0" alt="cats">cats</points>', [("cats", 105, 100, 105, 100), ("cats", 305, 200, 305, 200)], ()),
    ("minicpm-v", "<ref>cat</ref><box>100 200 300 400</box>", [("cat", 100, 100, 300, 200)], ()),
    ("shikra", "The cat[0.100,0.300,0.500,0.700;0.2,0.4,0.6,0.5] sits", [(None, 100, 50, 500, 450), (None, 200, 150, 600, 250)], ()),
    ("llava", "[0.1, 0.3, 0.5, 0.7]", [(None, 100, 50, 500, 450)], ()),
    ("ferret", "a cat [100, 200, 300, 400]", [("a cat", 100, 100, 300, 200)], ()),
    ("rex-omni", "<|object_ref_start|>cat<|object_ref_end|><|box_start|><0><333><666><999>,<0><0><999><999><|box_end|>, <|object_ref_start|>dog<|object_ref_end|><|box_start|><0><0><333><333><|box_end|>",
     [("cat", 0, 500 / 3, 2000 / 3, 500), ("cat", 0, 0, 1000, 500), ("dog", 0, 0, 1000 / 3, 500 / 3)], ()),
    ("doctags", "<doctag><text><loc_50><loc_100><loc_250><loc_500>Total 5 < 6</text>\n<picture><loc_0><loc_0><loc_500><loc_500></picture></doctag>",
     [("Total 5 < 6", 100, 100, 500, 500), ("picture", 0, 0, 1000, 500)], ()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected", "repairs"), GOLDEN)
def test_decode(
    name: str, text: str, expected: list[tuple[str | None, float, float, float, float]], repairs: tuple[str, ...]
) -> None:
    prediction = DIALECTS.get(name).decode(text, CONTEXT)
    assert isinstance(prediction, Parsed), prediction
    assert isinstance(prediction.value, Regions)
    assert [region.label for region in prediction.value.regions] == [row[0] for row in expected]
    for region, (_, *corners) in zip(prediction.value.regions, expected, strict=True):
        assert region.box.to_pixels(SIZE).as_list() == pytest.approx(corners, abs=1e-9)
    assert prediction.repairs == repairs


def test_every_dialect_has_a_golden_answer() -> None:
    assert {row[0] for row in GOLDEN} | {"qwen2.5-vl"} == set(DIALECTS.names())


CAT = Region(box=UnitBox(0.1, 0.2, 0.3, 0.4), label="cat")
DOG = Region(box=UnitBox(0.5, 0.5, 0.75, 1.0), label="dog")

ENCODED = {
    "argus": "<ref>cat</ref><box><loc_100><loc_200><loc_300><loc_400></box><ref>dog</ref><box><loc_500><loc_500><loc_749><loc_999></box>",
    "qwen-vl": "<ref>cat</ref><box>(100,200),(300,400)</box><ref>dog</ref><box>(500,500),(749,999)</box>",
    "qwen2-vl": "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>"
    "<|object_ref_start|>dog<|object_ref_end|><|box_start|>(500,500),(750,1000)<|box_end|>",
    "qwen2.5-vl": '```json\n[\n\t{"bbox_2d": [101, 101, 302, 202], "label": "cat"},\n\t{"bbox_2d": [504, 252, 756, 504], "label": "dog"}\n]\n```',
    "qwen3-vl": '```json\n[\n\t{"bbox_2d": [100, 200, 300, 400], "label": "cat"},\n\t{"bbox_2d": [500, 500, 750, 1000], "label": "dog"}\n]\n```',
    "internvl": "<ref>cat</ref><box>[[100, 200, 300, 400]]</box><ref>dog</ref><box>[[500, 500, 750, 1000]]</box>",
    "paligemma": "<loc0205><loc0102><loc0410><loc0307> cat ; <loc0512><loc0512><loc1023><loc0768> dog",
    "paligemma-1023": "<loc0205><loc0102><loc0409><loc0307> cat ; <loc0512><loc0512><loc1023><loc0767> dog",
    "florence-2": "cat<loc_100><loc_200><loc_300><loc_400>dog<loc_500><loc_500><loc_750><loc_999>",
    "kosmos-2": "<phrase>cat</phrase><object><patch_index_0195><patch_index_0393></object>"
    "<phrase>dog</phrase><object><patch_index_0528><patch_index_1015></object>",
    "deepseek-vl2": "<|ref|>cat<|/ref|><|det|>[[100, 200, 300, 400]]<|/det|><|ref|>dog<|/ref|><|det|>[[500, 500, 749, 999]]<|/det|>",
    "cogvlm": "[[100,200,300,400;500,500,750,999]]",
    "glm-4.5v": "<|begin_of_box|>[[100,200,300,400],[500,500,750,1000]]<|end_of_box|>",
    "gemini": '```json\n[\n\t{"box_2d": [200, 100, 400, 300], "label": "cat"},\n\t{"box_2d": [500, 500, 1000, 750], "label": "dog"}\n]\n```',
    "molmo": '<point x="20.0" y="30.0" alt="cat">cat</point>\n<point x="62.5" y="75.0" alt="dog">dog</point>',
    "minicpm-v": "<ref>cat</ref><box>100 200 300 400</box><ref>dog</ref><box>500 500 750 1000</box>",
    "shikra": "[0.100,0.350,0.300,0.450;0.500,0.500,0.750,0.750]",
    "llava": "[0.10, 0.35, 0.30, 0.45] [0.50, 0.50, 0.75, 0.75]",
    "ferret": "cat [100, 200, 300, 400]\ndog [500, 500, 750, 1000]",
    "rex-omni": "<|object_ref_start|>cat<|object_ref_end|><|box_start|><99><199><299><399><|box_end|>, "
    "<|object_ref_start|>dog<|object_ref_end|><|box_start|><499><499><749><999><|box_end|>",
    "doctags": "<doctag><text><loc_50><loc_100><loc_150><loc_200>cat</text>\n<text><loc_250><loc_250><loc_375><loc_500>dog</text>\n</doctag>",
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS.names())
def test_encode(name: str) -> None:
    assert DIALECTS.get(name).encode([CAT, DOG], CONTEXT) == ENCODED[name]
