from __future__ import annotations

import json
from pathlib import Path

import pytest

import argus_eval.data.jsonlines as module
from argus_eval.data.jsonlines import JsonLines
from argus_eval.data.rows import BadRow


def lines(tmp_path: Path, *content: bytes) -> JsonLines:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(content))
    return JsonLines(name=str(file), file=file)


def test_rows_columns_and_count(tmp_path: Path):
    table = lines(tmp_path, b'{"a": 1, "image": "x/1.jpg"}', b"", b"  ", b'{"a": 2, "b": "\\u2028"}', b"")
    assert table.count() == 2
    assert table.columns() == ("a", "image")
    first, second = table.rows()
    assert first["image"] == {"bytes": None, "path": str(tmp_path / "x/1.jpg")}
    assert second == {"a": 2, "b": "\u2028"}
    assert list(table.rows(["b"])) == [{}, {"b": "\u2028"}]


def test_lines_are_split_at_newlines_only(tmp_path: Path):
    text = json.dumps({"a": "one\u2028two\x85three\rfour"}, ensure_ascii=False)
    (row,) = lines(tmp_path, text.encode()).rows()
    assert row == {"a": "one\u2028two\x85three\rfour"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": ', "not valid JSON"),
        (b"\xff\xfe", "not valid UTF-8"),
        (b'{"a": "\xc3\x28"}', "not valid UTF-8"),
        (b"[" * 100_000, "JSON is nested too deeply"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not valid JSON"),
    ],
)
def test_a_bad_line_costs_that_line_and_is_reported(tmp_path: Path, line: bytes, reason: str):
    table = lines(tmp_path, b'{"a": 1}', line, b'{"a": 3}')
    assert list(table.rows()) == [{"a": 1}, BadRow(key="line 2", reason=reason), {"a": 3}]
    assert table.count() == 3


def test_a_line_over_the_limit_is_passed_over(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "LINE_LIMIT_BYTES", 1 << 20)
    table = lines(tmp_path, b'{"a": 1}', b'{"a": "' + b"x" * (5 << 20) + b'"}', b'{"a": 3}', b"y" * (2 << 20))
    assert list(table.rows()) == [
        {"a": 1},
        BadRow(key="line 2", reason="longer than 1 MiB"),
        {"a": 3},
        BadRow(key="line 4", reason="longer than 1 MiB"),
    ]
