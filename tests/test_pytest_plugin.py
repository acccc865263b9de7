"""The pytest plugin in a repository that is not ours: a fresh pytest in a scratch folder."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import argus_eval
from tests.gate.runs import BASELINE, FakeTask, two_arms, write_run

TEST = """
def test_accuracy(argus_eval_run):
    run = argus_eval_run()
    assert run.preserves_accuracy("BASELINE", margin=0.01)
"""


def run_pytest(folder: pathlib.Path, *words: str) -> subprocess.CompletedProcess[str]:
    source = pathlib.Path(argus_eval.__file__).parents[1]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(source)}
    command = [sys.executable, "-m", "pytest", "-p", "argus_eval.pytest_plugin", "-q", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def repository(tmp_path: pathlib.Path) -> pathlib.Path:
    """A scratch repository with a reference run, a good run and a bad one."""
    scores = two_arms(400, lost=40)
    good, bad = ({BASELINE: list(scores[arm])} for arm in scores)
    for name, found in (("reference", good), ("good", good), ("bad", bad)):
        write_run(tmp_path / "runs" / name, [FakeTask(scores=found)])
    (tmp_path / "test_model.py").write_text(TEST.replace("BASELINE", "runs/reference"))
    return tmp_path


def test_a_model_that_keeps_its_accuracy_passes(repository: pathlib.Path) -> None:
    done = run_pytest(repository, "--argus-eval-run", "good")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_failure_says_why(repository: pathlib.Path) -> None:
    done = run_pytest(repository, "--argus-eval-run", "runs/bad")
    assert done.returncode == 1
    assert "<FAIL: m:baseline: vqav2: −10.00 points" in done.stdout
    assert "accuracy preservation" in done.stdout
    assert "guards all" in done.stdout


def test_asking_without_naming_a_run_is_an_error(repository: pathlib.Path) -> None:
    done = run_pytest(repository)
    assert done.returncode != 0
    assert "--argus-eval-run" in done.stdout


def test_the_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, pytest\nbefore = set(sys.modules)\nimport argus_eval.pytest_plugin\n"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('argus_eval')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_api_answers_with_its_reason(repository: pathlib.Path) -> None:
    good = argus_eval.load_run(repository / "runs" / "good")
    bad = argus_eval.load_run("bad", repository / "runs")
    assert good.preserves_accuracy(bad, margin=0.01)
    found = bad.preserves_accuracy(good, margin=0.01)
    assert not found
    assert found.verdict == "FAIL"
    assert not bad.preserves_accuracy("reference", margin=0.05)
    assert bad.preserves_accuracy("reference", margin=0.2)
    assert "FAIL: m:baseline against m:baseline (good)" in str(found)
