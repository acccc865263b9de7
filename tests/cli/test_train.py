"""What ``argus-eval train`` refuses before it paints a single scene."""

from __future__ import annotations

import pathlib

import pytest

from argus_eval.cli import main


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--kinds", "refcoc=1"], "did you mean 'refcoco'"),
        (["--kinds", "refcoco=0"], "a positive number is needed"),
        (["--kinds", "refcoco=1,pope=x"], "pope=x: a positive number is needed"),
        (["--kinds", "refcoco=inf"], "a positive number is needed"),
        (["--set", "tile_px=-2"], "a whole number is needed"),
        (["--set", "tile=2"], "number of the shape"),
        (["--stages", "towr"], "did you mean 'tower'"),
        (["--stages", ""], "no stage is named"),
        (["--stages", "tower,tower"], "tower is named twice"),
        (["--rates", "tower"], "a rate for a stage"),
        (["--stages", "tower", "--rates", "joint=1e-3"], "a rate for a stage"),
        (["--pointing", "-1"], "must be 0 or more"),
        (["--pointing", "nan"], "must be 0 or more"),
        (["--minutes", "0"], "must be positive"),
        (["--start-parts", "towr"], "did you mean 'tower'"),
        (["--architecture", "llava"], "invalid choice"),
    ],
)
def test_a_wrong_flag_ends_before_anything_is_painted(
    flags: list[str], said: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--out", str(tmp_path / "run"), *flags]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
