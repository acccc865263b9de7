"""argus-nano with sound recipes and a broken one, from images to the gate's verdict."""

from __future__ import annotations

import pathlib

import pytest

import argus_eval
from argus_eval.cli import main
from argus_eval.recipes.catalog import RECIPES

_BROKEN = ("shifted-normalisation", "swapped-axes", "lost-half")


def _register() -> None:
    for name in _BROKEN:
        if name not in RECIPES:
            RECIPES.add(name, f"tests.gate.{name.replace('-', '_')}")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> argus_eval.Run:
    _register()
    return argus_eval.evaluate(
        model="argus-nano",
        tasks="vqav2",
        recipes="baseline,exact,lossless,shifted-normalisation",
        data="bundled",
        limit=32,
        budget="1s",
        device="cpu",
        runs_dir=tmp_path_factory.mktemp("runs"),
    )


@pytest.mark.slow
def test_sound_recipes_pass_and_a_broken_one_is_caught(run: argus_eval.Run) -> None:
    assert run.metric("argus-nano:baseline", "vqav2[synthetic]").value is not None
    exact = run.preserves_accuracy(arm="exact", allow_synthetic="a test")
    assert exact.verdict == "PASS (identical)"
    # 32 images without a change bound a loss at 1 − 0.05^(1/32) = 8.9 points.
    assert run.preserves_accuracy(arm="lossless", margin=0.10, allow_synthetic="a test")
    assert run.preserves_accuracy(arm="lossless", margin=0.01, allow_synthetic="a test").verdict == "INCONCLUSIVE"
    broken = run.preserves_accuracy(arm="shifted-normalisation", margin=0.10, allow_synthetic="a test")
    assert broken.verdict == "FAIL", str(broken)
    assert "a pixel differs by 1.5" in str(broken)


@pytest.mark.slow
def test_the_command_says_the_same(run: argus_eval.Run, tmp_path: pathlib.Path) -> None:
    assert main(["check", str(run.path)]) == 4  # synthetic data, which the default policy does not allow
    policy = tmp_path / "gate.yaml"
    policy.write_text(
        "accuracy: [{task: vqav2, margin: 0.3}]\nflips: [{at_most: 0.12}]\nvalidity: {allow_synthetic: a test}\n"
    )
    assert main(["check", str(run.path), "--policy", str(policy)]) == 1
    for arm in ("exact", "lossless"):
        assert main(["check", str(run.path), "--policy", str(policy), "--arm", arm]) == 0
    assert main(["baseline", "save", "nano", str(run.path), "--dir", str(tmp_path)]) == 0
    stored = ["--baseline", str(tmp_path / "nano.baseline.json"), "--policy", str(policy)]
    assert main(["check", str(run.path), *stored, "--arm", "baseline"]) == 0
    # A stored baseline knows nothing of pixels; the answers themselves have changed.
    assert main(["check", str(run.path), *stored, "--arm", "shifted-normalisation"]) == 1


def test_changed_answers_alone_catch_a_broken_recipe(tmp_path: pathlib.Path) -> None:
    """Without an efficiency pass nobody looks at pixels."""
    _register()
    found = argus_eval.evaluate(
        model="argus-nano",
        tasks="vqav2",
        recipes="baseline,shifted-normalisation",
        data="bundled",
        limit=24,
        efficiency=False,
        device="cpu",
        runs_dir=tmp_path,
    )
    policy = tmp_path / "gate.yaml"
    policy.write_text("flips: [{at_most: 0.1}]\nvalidity: {allow_synthetic: a test}\n")
    assert main(["check", str(found.path), "--policy", str(policy)]) == 1


@pytest.mark.slow
def test_a_wrong_pipeline_costs_accuracy(tmp_path: pathlib.Path) -> None:
    """What the checkpoint is for: a broken host side must show in what it finds."""
    _register()
    found = argus_eval.evaluate(
        model="argus-nano",
        tasks="refcoco",
        recipes=",".join(("baseline", *_BROKEN)),
        data="bundled",
        limit=200,
        efficiency=False,
        device="cpu",
        runs_dir=tmp_path,
    )
    sound, *broken = (
        found.metric(f"argus-nano:{arm}", "refcoco[synthetic]").value for arm in ("baseline", *_BROKEN)
    )
    assert sound is not None
    # The best constant box gets 0.04 of such scenes.
    assert sound > 0.6
    for name, value in zip(_BROKEN, broken, strict=True):
        assert value is not None
        assert value < sound - 0.1, name
