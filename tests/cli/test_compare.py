"""``argus-eval compare``: numbers, lists, and a page on which nothing of the models is interpreted."""

from __future__ import annotations

import html.parser
import json
import pathlib
import re

import numpy as np
import pytest

from argus_eval.cli import main
from tests.gate.runs import BASELINE, FAST, FakeTask, two_arms, write_run

HOSTILE = '<script>alert(1)</script><img src="http://x/y">\u202e\x1b[31m'


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    n = 60
    answers = {BASELINE: [f"<b>{i}" for i in range(n)], FAST: [HOSTILE] * n}
    tasks = [
        FakeTask(scores=two_arms(n, lost=6, gained=2), answers=answers),
        FakeTask(scores=two_arms(40, lost=1, gained=4), name="gqa", metric="accuracy"),
        FakeTask(scores=two_arms(30, lost=0, gained=0), name="docvqa_val", metric="anls"),
    ]
    write_run(tmp_path / "run", tasks)
    return tmp_path


def compared(folder: pathlib.Path, *words: str) -> dict:
    path = folder / "compare.json"
    assert main(["compare", *words, "--json", str(path)]) == 0
    return json.loads(path.read_text())["comparisons"][0]


def test_differences_are_paired_and_flips_are_listed(folder: pathlib.Path) -> None:
    found = compared(folder, str(folder / "run"))
    tasks = {task["task"]: task for task in found["tasks"]}
    vqa = tasks["vqav2"]
    assert vqa["difference"] == pytest.approx((2 - 6) / 60)
    assert vqa["interval"][0] < vqa["difference"] < vqa["interval"][1]
    assert (vqa["lost"], vqa["gained"], len(vqa["flips"])) == (6, 2, 8)
    # Binomial(8, 1/2), two-sided: 2 · (1 + 8 + 28) / 256.
    assert vqa["mcnemar_p"] == pytest.approx(74 / 256)
    assert [flip["arm_score"] - flip["baseline_score"] for flip in vqa["flips"]] == [-1.0] * 6 + [1.0] * 2
    assert tasks["docvqa_val"]["difference"] == 0
    groups = {group["group"]: group for group in found["groups"]}
    assert groups["macro"]["difference"] == pytest.approx(np.mean([-4 / 60, 3 / 40, 0]))
    assert groups["all-vqa"]["tasks"] == ["gqa", "vqav2"]
    assert groups["all-vqa"]["difference"] == pytest.approx(np.mean([-4 / 60, 3 / 40]))


def test_the_page_loads_nothing_and_escapes_everything(folder: pathlib.Path) -> None:
    path = folder / "page.html"
    assert main(["compare", str(folder / "run"), "--html", str(path)]) == 0
    page = path.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy.startswith("default-src &#39;none&#39;")

    outside: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            outside.extend(v for k, v in attrs if k in ("src", "href") and v and not v.startswith(("#", "data:")))

    Reader().feed(page)
    assert outside == []


def test_two_runs_and_their_unmatched_samples(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = {BASELINE: two_arms(60)[BASELINE]}
    first = write_run(folder / "first", [FakeTask(scores=scores), FakeTask(scores=scores, name="gqa")])
    second = write_run(folder / "second", [FakeTask(scores={BASELINE: [1.0] * 70})])
    found = compared(folder, str(first.path), str(second.path))
    (task,) = found["tasks"]
    assert (task["n"], len(task["only_arm"]), task["only_baseline"]) == (60, 10, [])
    assert any("missing from the baseline" in reason for reason in task["problems"])
    assert list(found["one_sided"]) == ["gqa"]
    assert found["within_run"] is False
    assert "10 only in the arm: 60, 61" in capsys.readouterr().out


def test_times_of_two_runs_are_shown_and_never_claimed(folder: pathlib.Path) -> None:
    from dataclasses import replace

    from argus_eval.engine.speed_summary import SpeedTable, efficiency

    runs = []
    for name, seconds in (("slow", 0.2), ("quick", 0.1)):
        timed = {BASELINE: np.full((2, 70), seconds)}
        run = write_run(folder / name, [FakeTask(scores={BASELINE: [1.0] * 20})], timed=timed)
        results, table = run.results(), SpeedTable.of(run.records())
        arms = tuple(
            replace(arm, efficiency=(efficiency(table, arm.id, "cold-image/1", ""),)) if arm.role != "aa" else arm
            for arm in results.arms
        )
        run.write_results(replace(results, arms=arms))
        runs.append(str(run.path))
    speed = {row["quantity"]: row for row in compared(folder, *runs)["speed"]}
    assert speed["ttft"]["ratio"] == pytest.approx(2.0)
    assert speed["ttft"]["claim"] is False
    assert speed["ttft"]["interval"] is None
    assert "never claimed" in speed["ttft"]["sentence"]


def test_a_stored_baseline_stands_first(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = ["--dir", str(folder / "kept")]
    assert main(["baseline", "save", "main", str(folder / "run"), *kept]) == 0
    found = compared(folder, "main", str(folder / "run"), "--arm", "fast", *kept)
    vqa = next(task for task in found["tasks"] if task["task"] == "vqav2")
    assert (vqa["lost"], vqa["gained"]) == (6, 2)
    assert vqa["flips"][0]["baseline_text"] is None
    assert main(["compare", str(folder / "run"), "main", *kept]) == 2
    assert "stands first" in capsys.readouterr().err
