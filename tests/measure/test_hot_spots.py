"""Stacks to hot spots, and the sampler on a program whose hot line is known."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from argus_eval.measure.hot_spots import hot_spots_of, sample_hot_spots

STACKS = """\
main (app.py:3);sample_hot_spots (measure/hot_spots.py:60);resize (image.py:12) 30
main (app.py:3);sample_hot_spots (measure/hot_spots.py:60);decode (image.py:40);read (<frozen io>:1) 10
main (app.py:3);sample_hot_spots (measure/hot_spots.py:60);resize (image.py:12) 20
other thread (pool.py:9);idle (pool.py:10) 500
torn line without a count
"""


def test_shares_are_of_the_work_alone() -> None:
    found = hot_spots_of(STACKS, below="somewhere/hot_spots.py", most=5)
    assert found.samples == 60
    assert [(spot.function, spot.file, spot.line) for spot in found.spots] == [
        ("resize", "image.py", 12),
        ("read", "<frozen io>", 1),
    ]
    assert [spot.share for spot in found.spots] == [pytest.approx(50 / 60), pytest.approx(10 / 60)]


def test_no_sample_is_a_reason() -> None:
    found = hot_spots_of("", below="hot_spots.py", most=5)
    assert found.spots == ()
    assert found.reason is not None


def test_without_the_profiler_the_reason_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    found = sample_hot_spots(lambda: None, duration_s=1)
    assert "argus-eval[profile]" in (found.reason or "")


def spin() -> int:
    return sum(number * number for number in range(20_000))


def test_the_hot_function_is_found() -> None:
    if not (shutil.which("py-spy") or (Path(sys.executable).parent / "py-spy").exists()):
        pytest.skip("py-spy is not installed")
    found = sample_hot_spots(spin, duration_s=1)
    if found.reason is not None:
        pytest.skip(f"py-spy may not look at this process: {found.reason}")
    own = sum(spot.share for spot in found.spots if Path(spot.file).name == Path(__file__).name)
    assert own > 0.5
