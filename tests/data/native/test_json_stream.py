from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import argus_eval.data.native.json_stream as module
from argus_eval.data.native.json_stream import elements
from argus_eval.errors import EnvironmentError_, UsageError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def written(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "a.json"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def expected(value: Any) -> list[tuple[str | None, Any]]:
    if isinstance(value, list):
        return [(None, item) for item in value]
    found = []
    for name, member in value.items():
        found += [(name, item) for item in member] if isinstance(member, list) else [(name, member)]
    return found


@given(
    st.lists(VALUES, max_size=6) | st.dictionaries(st.text(max_size=3), VALUES, max_size=4),
    st.integers(1, 7),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_the_same_elements_as_reading_it_whole(tmp_path_factory, value, chunk, indent, escaped):
    file = tmp_path_factory.mktemp("json") / "a.json"
    file.write_text(json.dumps(value, indent=indent, ensure_ascii=escaped), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", chunk)
        assert list(elements(file)) == expected(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        '{"a": [1}',
        '{"a" 1}',
        '{"a": 1,}',
        "{1: 2}",
        "[1] x",
        "7",
        '"text"',
        "[tru]",
    ],
)
def test_what_is_no_such_json_is_said_with_its_place(tmp_path: Path, text: str):
    with pytest.raises(UsageError, match=r"a\.json: not the JSON expected near byte \d+"):
        list(elements(written(tmp_path, text)))


def test_a_value_nested_without_end_is_said_with_its_place(tmp_path: Path):
    with pytest.raises(UsageError, match=r"a\.json: JSON is nested too deeply near byte \d+"):
        list(elements(written(tmp_path, "[" * 100_000)))


def test_bad_utf8_and_a_missing_file(tmp_path: Path):
    with pytest.raises(UsageError, match="not valid UTF-8"):
        list(elements(written(tmp_path, b'["\xff\xfe"]')))
    with pytest.raises(EnvironmentError_, match="nowhere"):
        list(elements(tmp_path / "nowhere.json"))


def test_a_byte_order_mark_is_no_value(tmp_path: Path):
    assert list(elements(written(tmp_path, b"\xef\xbb\xbf[1, 2]"))) == [(None, 1), (None, 2)]


def test_one_endless_element_is_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "ELEMENT_LIMIT_CHARACTERS", 1000)
    monkeypatch.setattr(module, "CHUNK_BYTES", 100)
    with pytest.raises(UsageError, match="one element is longer than"):
        list(elements(written(tmp_path, '["' + "x" * 100_000 + '"]')))


def test_a_large_file_takes_little_memory(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_BYTES", 1 << 16)
    item = json.dumps({"id": 1, "segmentation": [[0.5] * 60], "bbox": [1, 2, 3, 4]})
    file = written(tmp_path, '{"annotations": [' + ",".join([item] * 4_000) + "]}")
    assert file.stat().st_size > 1.2e6
    tracemalloc.start()
    count = sum(1 for _ in elements(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 4_000
    assert peak < 6e5
