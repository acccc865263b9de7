"""JSON as models write it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argus_eval.parsing.json_scan import JsonObject, Word, scan_json

ROW = '{"bbox_2d": [1, 2, 3, 4], "label": "cat"}'
PAIRS = (("bbox_2d", (1.0, 2.0, 3.0, 4.0)), ("label", "cat"))


def pairs(text: str) -> list[tuple[tuple[str, object], ...]]:
    return [item.pairs for item in scan_json(text).objects]


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (ROW, ()),
        (f"[{ROW}]", ()),
        (f"```json\n[\n\t{ROW}\n]\n```", ()),
        (f"```\n{ROW}", ()),
        (f"Sure! ```json\n{ROW}\n``` Done.", ()),
        (ROW.replace('"', "'"), ("single quotes",)),
        (ROW.replace("[", "(").replace("]", ")"), ("parentheses for brackets",)),
        (f"[{ROW},]", ("stray comma",)),
        (f"[,{ROW}]", ("stray comma",)),
        ('{"bbox_2d": [1, 2, 3, 4,], "label": "cat",}', ("stray comma",)),
        ('{"bbox_2d": [1, 2,, 3, 4], "label": "cat"}', ("stray comma",)),
        ('{bbox_2d: [1, 2, 3, 4], label: "cat"}', ("key without quotes",)),
        ('{"bbox_2d": [1, 2, 3, 4] "label": "cat"}', ("missing comma",)),
        (f"[{{\n{ROW}\n]", ("unbalanced brackets",)),
        (f"[{ROW[:-1]}]", ("unbalanced brackets",)),
        (f"{ROW}}}", ("unbalanced brackets",)),
        (f"[{ROW}}}]", ("unbalanced brackets",)),
        (f"```json\n[{ROW[:-1]}\n```", ("unbalanced brackets",)),
        ('{"bbox_2d": [1, 2, 3, 4], "label": "cat\n}', ("unclosed string",)),
    ],
)
def test_one_object_however_it_is_mangled(text: str, repairs: tuple[str, ...]) -> None:
    assert pairs(text) == [PAIRS]
    assert scan_json(text).repairs == repairs


@pytest.mark.parametrize("end", range(1, len(f"[{ROW}, {ROW}]")))
def test_a_cut_text_keeps_whole_objects(end: int) -> None:
    whole = f"[{ROW}, {ROW}]"
    scan = scan_json(whole[:end])
    assert scan.truncated
    assert len(scan.objects) == (0 if end < len(ROW) + 1 else 1 if end < 2 * len(ROW) + 3 else 2)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('{"label": "the \\"big\\" cat"}', 'the "big" cat'),
        ('{"label": "the "big" cat"}', 'the "big" cat'),
        ("{'label': 'the women's cat'}", "the women's cat"),
        ('{"label": "caf\\u00e9 \\ud83d\\ude00"}', "café 😀"),
        ('{"label": "a, b: {c} [d]"}', "a, b: {c} [d]"),
        ('{"label": "```"}', "```"),
        ('{"label": "\\ud800"}', "\ufffd"),
    ],
)
def test_strings(text: str, label: str) -> None:
    assert pairs(text) == [(("label", label),)]


def test_apostrophes_in_prose_open_nothing() -> None:
    assert pairs(f"I can't be sure, but it's here: {ROW}") == [PAIRS]


def test_words_are_no_numbers() -> None:
    (item,) = scan_json('{"a": [NaN, Infinity, -Infinity, 1e999, null, true, x1, 99999999999999999999]}').objects
    values = item.pairs[0][1]
    assert isinstance(values, tuple)
    assert all(isinstance(value, Word) for value in values)


def test_nested_objects_come_in_order() -> None:
    text = f'{{"objects": [{ROW}, {ROW.replace("cat", "dog")}], "count": 2}}'
    scan = scan_json(text)
    assert [item.pairs[-1] for item in scan.objects] == [("count", 2.0), ("label", "cat"), ("label", "dog")]
    assert scan.objects[0].start == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), json_values, min_size=1, max_size=4),
    st.sampled_from([None, 2]),
)
@settings(max_examples=60, deadline=None)
def test_valid_json_needs_no_repair(data: dict[str, object], indent: int | None) -> None:
    """Strings that themselves look like the end of a string are the price of reading unescaped quotes."""
    text = json.dumps(data, indent=indent)
    scan = scan_json(text)
    assert scan.repairs == ()
    assert not scan.truncated
    assert not scan.surrounded
    flat = {
        key: value for key, value in data.items() if isinstance(value, str | int) and not isinstance(value, bool)
    }
    if not any(isinstance(value, dict) for value in data.values()) and flat == data:
        assert [item.pairs for item in scan.objects] == [tuple(data.items())]


def test_start_is_a_position() -> None:
    assert scan_json(f"ab {ROW}").objects == (JsonObject(PAIRS, 3),)
