"""Stored baselines: what is in the file, and that a comparison with it is the comparison with the run."""

from __future__ import annotations

import json
import pathlib

import pytest

from argus_eval.cli import main
from tests.gate.runs import BASELINE, FAST, FakeTask, two_arms, write_run


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A reference run, saved as ``main``; a run to compare with it; both have two tasks."""
    images = [f"image {index // 2}" for index in range(400)]
    for name, arm in (("reference", BASELINE), ("candidate", FAST)):
        tasks = [
            FakeTask(scores={BASELINE: two_arms(400, lost=3, gained=2)[arm]}, images=images),
            FakeTask(scores={BASELINE: two_arms(200, lost=9, gained=4)[arm]}, name="gqa", metric="accuracy"),
        ]
        write_run(tmp_path / name, tasks)
    assert main(["baseline", "save", "main", str(tmp_path / "reference"), "--dir", str(tmp_path / "kept")]) == 0
    return tmp_path


def judged(folder: pathlib.Path, baseline: str) -> tuple[int, list[object]]:
    found = folder / "check.json"
    code = main(["check", str(folder / "candidate"), "--baseline", baseline, "--json", str(found)])
    rules = [rule for arm in json.loads(found.read_text())["arms"] for rule in arm["rules"]]
    return code, [(rule["rule"], rule["subject"], rule["verdict"], rule["preservation"]) for rule in rules]


def test_a_stored_baseline_decides_as_the_run_it_was_saved_from(folder: pathlib.Path) -> None:
    stored = judged(folder, str(folder / "kept" / "main.baseline.json"))
    run = judged(folder, str(folder / "reference"))
    assert stored[0] == run[0]
    assert sorted(map(str, stored[1])) == sorted(map(str, run[1]))


def test_the_file_is_small_sorted_and_has_no_path(folder: pathlib.Path) -> None:
    path = folder / "kept" / "main.baseline.json"
    text = path.read_text()
    stored = json.loads(text)
    assert stored["schema"] == "argus-eval/baseline/1"
    rows = [row for task in stored["tasks"] for row in task["samples"]]
    assert len(rows) == 600
    lines = [line for line in text.splitlines() if line.startswith("    [")]
    assert len(lines) == 600
    assert max(map(len, lines)) < 100
    for task in stored["tasks"]:
        keys = [row[0] for row in task["samples"]]
        assert keys == sorted(keys)
    assert str(folder) not in text
    before = path.read_bytes()
    main(["baseline", "save", "main", str(folder / "reference"), "--dir", str(folder / "kept")])
    assert path.read_bytes() == before


def test_listing_and_showing(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ["--dir", str(folder / "kept")]
    capsys.readouterr()
    assert main(["baseline", "list", *kept]) == 0
    assert capsys.readouterr().out == "main  m:baseline  gqa (200), vqav2 (400)\n"
    assert main(["baseline", "show", "main", *kept]) == 0
    assert "vqav2 vqa_accuracy 0.6000, n = 400" in capsys.readouterr().out
    assert main(["baseline", "show", "absent", *kept]) == 2


@pytest.mark.parametrize("name", ["../main", "a/b", "", ".hidden"])
def test_a_name_is_no_path(folder: pathlib.Path, name: str) -> None:
    assert main(["baseline", "save", name, str(folder / "reference"), "--dir", str(folder / "kept")]) == 2


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"n": 400', '"n": 401', 4),
        ('["10", 1.0', '["11", 1.0', 4),
        ('["10", 1.0', '["10", 7.0', 4),
        ('"prompt": "sha256:prompt"', '"prompt": "sha256:other"', 4),
        ('["10", 1.0', '["10", "1.0"', 2),
        ("argus-eval/baseline/1", "argus-eval/baseline/9", 2),
        ('"tasks": [', '"tasks": [[', 2),
    ],
)
def test_a_file_that_was_changed_never_passes(folder: pathlib.Path, old: str, new: str, code: int) -> None:
    path = folder / "kept" / "main.baseline.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert main(["check", str(folder / "candidate"), "--baseline", str(path)]) == code


def test_random_weights_cannot_be_stored(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "run", [FakeTask(scores={BASELINE: [1.0] * 10})], weights="random")
    assert main(["baseline", "save", "x", str(tmp_path / "run"), "--dir", str(tmp_path)]) == 2
    assert "random weights" in capsys.readouterr().err
