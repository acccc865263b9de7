"""Files that are wrong: an error that names the place, never a crash."""

from __future__ import annotations

import gzip
import pathlib

import pytest

from argus_eval.errors import IncompatibleError, UnknownNameError, UsageError

from .score_cases import Files


@pytest.fixture
def files(tmp_path: pathlib.Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"id": 1, "text": "a"}\n{bad}\n', "line 2: not valid JSON"),
        (b'{"id": 1, "text": "\xff"}\n', "line 1: not valid UTF-8"),
        (b'{"id": 1, "text": ' + b"[" * 100_000 + b"}\n", "line 1: JSON is nested too deeply"),
        (b'{"id": 1, "text": 5}\n', "text: expected a string, got 5"),
        (b'{"id": 1}\n', "'text' is missing"),
        (b'{"id": 1, "text": "a"}\n[1]\n', "line 2: not a JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"question_id": 1}]', "expected 'question_id' and 'answer'"),
        (b'{"answers": 1}', "expected a JSON array"),
        (b"\x00\x01", "not valid JSON"),
        (b'{"text": "a"}\n{"id": 1, "text": "a"}\n', "object 1: 'id': expected"),
        (gzip.compress(b"[]", mtime=0), "compressed with gzip"),
        ('{"id": 1, "text": "a"}\n'.encode("utf-16"), "is UTF-16"),
        (b'{"id": ' + b"9" * 100_000 + b', "text": "a"}\n', "line 1: not valid JSON"),
    ],
)
def test_wrong_predictions_are_named(files: Files, content: bytes, message: str) -> None:
    annotations = files.lines("a.jsonl", {"id": 1, "target": "yes"})
    with pytest.raises(UsageError, match=message):
        files.score("gqa", annotations, files.raw("p.jsonl", content))


@pytest.mark.parametrize(
    ("task", "content", "message"),
    [
        ("gqa", b"", "no annotations"),
        ("gqa", b'{"id": true, "target": "a"}\n', "'id' must be"),
        ("gqa", b'{"id": 1}\n', "'target' is missing"),
        ("gqa", b'{"id": 1, "target": 5}\n', "expected a string or a list of strings"),
        ("gqa", b'{"id": 1, "target": "a"}\n{"id": "1", "target": "a"}\n', "id '1' appears twice"),
        ("gqa", b'{"data": []}', "neither JSON Lines"),
        ("refcoco", b'{"id": 1, "target": [1, 2, 3], "image_size": [9, 9]}\n', "expected 4 finite numbers"),
        ("refcoco", b'{"id": 1, "target": [1, 2, 3, NaN], "image_size": [9, 9]}\n', "expected 4 finite numbers"),
        ("refcoco", b'{"id": 1, "target": [1, 2, 3, 4]}\n', "'image_size'"),
        ("refcoco", b'{"id": 1, "target": [1, 2, 3, 4], "image_size": [0, 9]}\n', "in pixels"),
        ("refcoco", b'{"images": [1]}', "expected JSON Lines"),
        ("coco_detection", b'{"images": [], "annotations": []}', "no images"),
        ("coco_detection", b'{"images": ' + b"[" * 100_000, "nested"),
        ("pope_random", b'{"id": 1, "target": "maybe"}\n', "'yes' or 'no'"),
        ("ai2d", b'{"id": 1, "target": "E", "options": ["x"]}\n', "names none of its 1 options"),
    ],
)
def test_wrong_annotations_are_named(files: Files, task: str, content: bytes, message: str) -> None:
    predictions = files.lines("p.jsonl", {"id": 1, "text": "x"})
    with pytest.raises(UsageError, match=message):
        files.score(task, files.raw("a.json", content), predictions, dialect="internvl")


def test_an_endless_line_is_refused_and_a_huge_value_is_streamed_past(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus_eval.data.jsonlines.LINE_LIMIT_BYTES", 1 << 16)
    annotations = files.lines("a.jsonl", {"id": 1, "target": "yes"})
    with pytest.raises(UsageError, match="line 1: longer than"):
        files.score("gqa", annotations, files.lines("p.jsonl", {"id": 1, "text": "a" * (2 << 20)}))


def test_what_does_not_go_together(files: Files) -> None:
    annotations = files.lines("a.jsonl", {"id": 1, "target": [1, 2, 3, 4], "image_size": [9, 9]})
    predictions = files.lines("p.jsonl", {"id": 1, "text": "x"})
    with pytest.raises(UsageError, match="--dialect"):
        files.score("refcoco", annotations, predictions)
    with pytest.raises(UnknownNameError, match=r"did you mean 'qwen2\.5-vl'"):
        files.score("refcoco", annotations, predictions, dialect="qwen2.5vl")
    with pytest.raises(IncompatibleError, match="molmo"):
        files.score("refcoco", annotations, predictions, dialect="molmo")
    with pytest.raises(UnknownNameError, match="did you mean 'refcoco'"):
        files.score("refcocoo", annotations, predictions)
    with pytest.raises(UsageError, match="no such file"):
        files.score("gqa", files.folder / "nothing", predictions)
    with pytest.raises(UsageError, match="gqa has no such variant"):
        files.score("gqa", files.lines("b.jsonl", {"id": 1, "target": "a"}), predictions, "compat=strict")


def test_windows_files_and_byte_order_marks(files: Files) -> None:
    annotations = files.raw("a.jsonl", b'\xef\xbb\xbf{"id": 1, "target": "a"}\r\n\r\n{"id": 2, "target": "b"}\r\n')
    predictions = files.raw("p.jsonl", b'\xef\xbb\xbf{"id": 1, "text": "a"}\r\n{"id": 2, "text": "b"}')
    assert files.score("gqa", annotations, predictions).metrics["accuracy"].value == 1.0


def test_white_space_before_the_first_line_is_no_blank_file(files: Files) -> None:
    annotations = files.lines("a.jsonl", {"id": 1, "target": "yes"})
    padded = files.raw("p.jsonl", b" " * (3 << 20) + b'{"id": 1, "text": "yes"}\n')
    report = files.score("gqa", annotations, padded)
    assert (report.metrics["accuracy"].value, report.missing) == (1.0, ())
