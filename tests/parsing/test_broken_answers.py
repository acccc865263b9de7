"""The ways in which models break their own format (METRICS 1.3), each with what it must come to."""

# ruff: noqa: E501 - one answer a line

from __future__ import annotations

import pytest

from argus_eval.core.geometry import ImageSize
from argus_eval.core.prediction import Parsed, Regions, Unparsed
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import ParseContext

SIZE = ImageSize(1000, 500)
CONTEXT = ParseContext(image_size=SIZE, resized_size=SIZE)
ROW = '{"bbox_2d": [100, 50, 300, 200], "label": "cat"}'

REPAIRED = [
    # dialect, text, number of boxes, repairs
    ("qwen2.5-vl", f"```json\n[{ROW}]", 1, ()),
    ("qwen2.5-vl", f"Sure! ```json\n[{ROW}]\n``` Let me know.", 1, ("surrounding text",)),
    ("qwen2.5-vl", f"<think>[[1,2,3,4]]</think>[{ROW}]", 1, ()),
    ("qwen2.5-vl", f"[{ROW}, {ROW.replace('cat', 'dog')[:-5]}", 1, ("truncated",)),
    ("qwen2.5-vl", f"[{ROW}, {ROW}, {ROW}]", 1, ("duplicate regions removed: 2",)),
    ("qwen2.5-vl", f"[{{{ROW}]", 1, ("unbalanced brackets",)),
    ("qwen2.5-vl", f"[{ROW.replace(chr(34), chr(39))},]", 1, ("single quotes", "stray comma")),
    ("qwen2.5-vl", '[{"bbox_2d": (100, 50, 300, 200), "label": "cat"}]', 1, ("parentheses for brackets",)),
    ("qwen2.5-vl", '[{"bbox_2d": [300, 200, 100, 50], "label": "cat"}]', 1, ("swapped corners kept: 1",)),
    ("qwen2.5-vl", '[{"bbox_2d": [100, 50, 100, 50], "label": "cat"}]', 1, ("empty boxes kept: 1",)),
    ("qwen2.5-vl", '[{"bbox_2d": [-10, 50, 99999, 200], "label": "cat"}]', 1, ("out of range kept: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [1, 2, 3], "label": "cat"}}]', 1, ("malformed boxes dropped: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [1, 2, 3, 4, 5], "label": "cat"}}]', 1, ("malformed boxes dropped: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [NaN, 2, 3, 4], "label": "cat"}}]', 1, ("malformed boxes dropped: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [1e999, 2, 3, 4]}}]', 1, ("malformed boxes dropped: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [{"9" * 30}, 2, 3, 4]}}]', 1, ("malformed boxes dropped: 1",)),
    ("qwen2.5-vl", f'[{ROW}, {{"bbox_2d": [x1, y1, x2, y2]}}]', 1, ("template echo",)),
    ("qwen2.5-vl", f'[{ROW}, {{"label": "nothing"}}]', 1, ("objects without a box: 1",)),
    ("qwen2.5-vl", '{"bbox_2d": [[100, 50], [300, 200]]}', 1, ()),
    ("qwen2.5-vl", '{"bbox_2d": [[100, 50, 300, 200], [1, 2, 3, 4]], "label": "cats"}', 2, ("several boxes in one object",)),
    ("qwen2.5-vl", '{"bbox_2d": "[100, 50, 300, 200]"}', 1, ("quoted coordinates",)),
    ("qwen2.5-vl", '{"bbox_2d": ["100", "50", "300", "200"]}', 1, ("quoted coordinates",)),
    ("qwen2.5-vl", '{"bbox_2d": [1, 2, 3, 4], "label": "a", "bbox_2d": [5, 6, 7, 8], "label": "b"}', 2, ()),
    ("qwen2.5-vl", "[100, 50, 300, 200]", 1, ("list without keys",)),
    ("qwen2.5-vl", f'{{"objects": [{ROW}]}}', 1, ()),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4], [5, 6", 1, ("truncated",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4], [5, 6</box>", 1, ("malformed boxes dropped: 1",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4</box>", 1, ("unclosed bracket",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4]]<ref>dog</ref><box>[[5, 6, 7, 8]]</box>", 2, ("unclosed tag",)),
    ("minicpm-v", "<ref>cat</ref><box>1 2 3 4<ref>dog</ref><box>5 6 7 8</box>", 1, ("unclosed tag",)),
    ("internvl", "<ref>cat</ref><box>1, 2, 3, 4</box>", 1, ("missing brackets",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2], [3, 4]]</box>", 1, ("corners regrouped",)),
    ("internvl", "Here it is: <ref>cat</ref><box>[[1, 2, 3, 4]]</box>.", 1, ("surrounding text",)),
    ("internvl", "<ref>cat</ref><box>[[x1, y1, x2, y2]]</box><ref>cat</ref><box>[[1, 2, 3, 4]]</box>", 1, ("template echo",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 99999]]</box>", 1, ("out of range kept: 1",)),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4]]</box>" * 50, 1, ("duplicate regions removed: 49",)),
    ("argus", "<ref>cat</ref><box><loc_1><loc_2><loc_3><loc_4></box><ref>dog</ref><box><loc_1><loc_2>", 1, ("truncated",)),
    ("argus", "<ref>cat</ref><box><loc_1><loc_2><loc_3></box><box><loc_1><loc_2><loc_3><loc_4></box>", 1, ("malformed boxes dropped: 1",)),
    ("argus", "I see <ref>cat</ref><box><loc_1><loc_2><loc_3><loc_4></box>", 1, ("surrounding text",)),
    ("paligemma", "<loc0001><loc0002><loc0003> cat ; <loc0001><loc0002><loc0003><loc0004> dog", 1, ("malformed boxes dropped: 1",)),
    ("paligemma", "<loc0001><loc0002><loc0003><loc0004><loc0005> cat ; <loc0001><loc0002><loc0003><loc0004> dog", 1, ("malformed boxes dropped: 1",)),
    ("paligemma", "<loc0001><loc0002><loc0003><loc0004> cat ; <loc0001><loc00", 1, ("truncated",)),
    ("paligemma", "There: <loc0001><loc0002><loc0003><loc0004> cat", 1, ("surrounding text",)),
    ("florence-2", "cat<loc_1><loc_2><loc_3><loc_4><loc_5>", 1, ("malformed boxes dropped: 1",)),
    ("florence-2", "cat<loc_1><loc_2><loc_3><loc_4>dog<loc_1><lo", 1, ("truncated", "malformed boxes dropped: 1")),
    ("deepseek-vl2", "<|ref|>cat<|/ref|><|det|>[[1, 2, 3, 4, 5]]<|/det|><|det|>[[1, 2, 3, 4]]<|/det|>", 1, ("malformed boxes dropped: 1",)),
    ("deepseek-vl2", "<|ref|>cat<|/ref|><|det|>[[1, 2, 3, 4], [99999, 1, 2]]<|/det|>", 1, ("malformed boxes dropped: 1",)),
    ("glm-4.5v", "The box is [[1,2,3,4]]", 1, ("missing tags",)),
    ("glm-4.5v", "<|begin_of_box|>[[1,2,3,4]]", 1, ("truncated",)),
    ("minicpm-v", "<ref>cat</ref><box>[1 2 3 4]</box>", 1, ("brackets around the numbers",)),
    ("kosmos-2", "<phrase>a</phrase><object><patch_index_0001><patch_index_0040></object><phrase>b</phrase><object><patch_index_0001>", 1, ("truncated",)),
    ("molmo", '<point x="1" y="2" alt="a">a</point> <point x="3" y="', 1, ("truncated",)),
    ("molmo", '<points x1="1" y1="2" x2="3" alt="a">a</points>', 1, ("malformed boxes dropped: 1",)),
    ("rex-omni", "<|object_ref_start|>a<|object_ref_end|><|box_start|><1><2><3><4>,<5><6><7><|box_end|>", 1, ("malformed boxes dropped: 1",)),
    ("rex-omni", "<|object_ref_start|>a<|object_ref_end|><|box_start|><1><2><|box_end|>", 1, ("point read as an empty box", "empty boxes kept: 1")),
    ("rex-omni", "<|object_ref_start|>a<|object_ref_end|><|box_start|><1><2><3><4><5><6><|box_end|>", 1, ("polygon read as box",)),
    ("doctags", "<doctag><text><loc_1><loc_2><loc_3><loc_4>wor", 1, ("truncated",)),
    ("llava", "[0.1, 0.2, 0.3, 0.4] and [1]", 1, ("out of range kept: 1",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "count", "repairs"), REPAIRED)
def test_repaired(name: str, text: str, count: int, repairs: tuple[str, ...]) -> None:
    prediction = DIALECTS.get(name).decode(text, CONTEXT)
    assert isinstance(prediction, Parsed), prediction
    assert isinstance(prediction.value, Regions)
    assert len(prediction.value.regions) == count
    assert prediction.repairs == repairs


@pytest.mark.parametrize("name", DIALECTS.names())
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty answer"),
        (" \n</s>", "empty answer"),
        ("I cannot find it.", "no box"),
        ("<think>The box is [[1, 2, 3, 4]] I think", "reasoning not finished"),
    ],
)
def test_nothing_to_read(name: str, text: str, reason: str) -> None:
    assert DIALECTS.get(name).decode(text, CONTEXT) == Unparsed(reason=reason)


UNPARSED = [
    ("qwen2.5-vl", "```json\n[]\n```", "no box"),
    ("qwen2.5-vl", '{"bbox_2d": [x1, y1, x2, y2], "label": "cat"}', "template echo"),
    ("qwen2.5-vl", "[[x1, y1, x2, y2]]", "template echo"),
    ("qwen2.5-vl", '{"bbox_2d": [1, 2, 3], "label": "cat"}', "malformed box"),
    ("qwen2.5-vl", '{"bbox_2d": [NaN, NaN, NaN, NaN]}', "malformed box"),
    ("qwen2.5-vl", '```json\n[{"bbox_2d": [1, 2, 3', "truncated"),
    ("qwen2.5-vl", '```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "c', "truncated"),
    ("internvl", "<ref>cat</ref><box>[[x1, y1, x2, y2]]</box>", "template echo"),
    ("internvl", "<ref>cat</ref><box>", "truncated"),
    ("internvl", "<ref>cat</ref><bo", "truncated"),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3, 4", "truncated"),
    ("internvl", "<ref>cat</ref><box>[[1, 2, 3]]</box>", "malformed box"),
    ("internvl", "[1, 2, 3]", "malformed box"),
    ("argus", "<ref>cat</ref><box><loc_x1><loc_y1><loc_x2><loc_y2></box>", "template echo"),
    ("argus", "<ref>cat</ref><box><loc_1><loc_2>", "truncated"),
    ("argus", "<ref>cat</ref><box></box>", "malformed box"),
    ("qwen-vl", "<ref>cat</ref><box>(x1,y1),(x2,y2)</box>", "template echo"),
    ("qwen-vl", "<ref>cat</ref><box>(1,2),(3", "truncated"),
    ("paligemma", "<loc0001><loc0002><loc0003> cat", "malformed box"),
    ("paligemma", "<loc0001><loc0002><loc0003><lo", "truncated"),
    ("kosmos-2", "<phrase>a</phrase><object><patch_index_0001></object>", "malformed box"),
    ("glm-4.5v", "<|begin_of_box|>[[x1,y1,x2,y2]]<|end_of_box|>", "template echo"),
    ("cogvlm", "[[x0,y0,x1,y1]]", "template echo"),
    ("minicpm-v", "<box>1 2 3</box>", "malformed box"),
    ("minicpm-v", "<box>x1 y1 x2 y2</box>", "template echo"),
    ("shikra", "[0.1,0.2,0.3", "truncated"),
    ("ferret", "cat [x1, y1, x2, y2]", "template echo"),
    ("molmo", '<point x="x1" y="y1">cat</point>', "template echo"),
    ("deepseek-vl2", "<|ref|>cat<|/ref|>", "no box"),
    ("deepseek-vl2", "<|ref|>cat", "truncated"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "reason"), UNPARSED)
def test_unparsed(name: str, text: str, reason: str) -> None:
    assert DIALECTS.get(name).decode(text, CONTEXT) == Unparsed(reason=reason)


@pytest.mark.parametrize("name", ["qwen2.5-vl", "llava", "shikra"])
def test_an_unknown_image_size_is_a_reason(name: str) -> None:
    text = DIALECTS.get(name).encode([], CONTEXT)
    assert DIALECTS.get(name).decode(text, ParseContext()) == Unparsed(reason="image size unknown")
    with pytest.raises(ValueError, match="image size unknown"):
        DIALECTS.get(name).encode([], ParseContext())


def test_qwen2_5_reads_the_size_that_was_used() -> None:
    text = '{"bbox_2d": [140, 140, 280, 280]}'
    for resized, expected in ((ImageSize(1400, 700), 0.1), (ImageSize(700, 350), 0.2), (None, 140 / 1008)):
        context = ParseContext(image_size=SIZE, resized_size=resized)
        prediction = DIALECTS.get("qwen2.5-vl").decode(text, context)
        assert isinstance(prediction, Parsed)
        assert isinstance(prediction.value, Regions)
        assert prediction.value.regions[0].box.x1 == pytest.approx(expected)


def test_qwen2_5_refuses_what_its_processor_refuses() -> None:
    context = ParseContext(image_size=ImageSize(2010, 10))
    expected = Unparsed(reason="image refused by the resize rule")
    assert DIALECTS.get("qwen2.5-vl").decode('{"bbox_2d": [1, 2, 3, 4]}', context) == expected


@pytest.mark.parametrize("name", ["qwen2.5-vl", "internvl", "argus"])
def test_the_token_limit_is_told(name: str) -> None:
    dialect = DIALECTS.get(name)
    context = ParseContext(image_size=SIZE, resized_size=SIZE, hit_limit=True)
    whole = {
        "qwen2.5-vl": ROW,
        "internvl": "<box>[[1, 2, 3, 4]]</box>",
        "argus": "<box><loc_1><loc_2><loc_3><loc_4></box>",
    }[name]
    prediction = dialect.decode(whole, context)
    assert isinstance(prediction, Parsed)
    assert prediction.repairs == ("token limit reached",)
    assert dialect.decode("The image shows a", context) == Unparsed(reason="truncated")
