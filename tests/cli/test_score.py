"""The command: table, JSON, exit code."""

from __future__ import annotations

import argparse
import json
import pathlib

import pytest

from argus_eval.cli.score import add_arguments, main
from argus_eval.errors import UsageError


@pytest.fixture
def arguments(tmp_path: pathlib.Path) -> list[str]:
    rows = [{"id": i, "target": "yes", "image": f"{i // 2}.jpg"} for i in range(6)]
    answers = [{"id": i, "text": "yes" if i < 4 else "no"} for i in range(5)]
    for name, lines in (("a.jsonl", rows), ("p.jsonl", answers)):
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    folder = str(tmp_path)
    return ["--task", "gqa", "--annotations", f"{folder}/a.jsonl", "--predictions", f"{folder}/p.jsonl"]


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return main(parser.parse_args(arguments))


def test_json_on_standard_output_is_all_there_is(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*arguments, "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["task"] == "gqa"
    assert report["n"] == 6
    assert report["missing"] == [5]
    assert report["extra"] == []
    assert report["unparsed"] == {"n": 0, "reasons": {}}
    accuracy = report["metrics"]["accuracy"]
    assert accuracy["value"] == pytest.approx(4 / 6)
    assert accuracy["n"] == 6
    low, high = accuracy["ci"]
    assert low < 4 / 6 < high


def test_intervals_can_be_left_out(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run([*arguments, "--set", "ci=off", "--json", "-"])
    assert json.loads(capsys.readouterr().out)["metrics"]["accuracy"]["ci"] is None


def test_a_table_for_people_and_a_file(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    assert run([*arguments, "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    assert "gqa: 6 items" in printed
    assert "accuracy" in printed
    assert "0.6667" in printed
    assert "missing (counted as wrong): 1 (5)" in printed
    assert json.loads((tmp_path / "out.json").read_text())["n"] == 6


def test_a_wrong_setting_is_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="one of on, off"):
        run([*arguments, "--set", "ci=perhaps"])
