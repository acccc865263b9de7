"""RAPL counters, from files as the kernel writes them; and no counter at all."""

from __future__ import annotations

import pathlib

import pytest

from argus_eval.measure.energy import energy_a_request_j, energy_counter


def package(folder: pathlib.Path, number: int, joules: float) -> pathlib.Path:
    path = folder / f"intel-rapl:{number}"
    path.mkdir(parents=True, exist_ok=True)
    (path / "energy_uj").write_text(f"{round(joules * 1e6)}\n")
    (path / "max_energy_range_uj").write_text("1000000000\n")
    return path


def test_packages_add_up_and_wrap(tmp_path: pathlib.Path) -> None:
    first, _ = package(tmp_path, 0, 990.0), package(tmp_path, 1, 10.0)
    (tmp_path / "intel-rapl:0:0").mkdir()
    counter = energy_counter("cpu", tmp_path)
    assert counter is not None
    before = counter.read_j()
    (first / "energy_uj").write_text("5000000\n")
    assert counter.read_j() - before == pytest.approx(15.0)


def test_without_a_counter_nothing_is_guessed(tmp_path: pathlib.Path) -> None:
    assert energy_counter("cpu", tmp_path) is None


def test_the_idle_machine_is_taken_off() -> None:
    assert energy_a_request_j(busy_j=100, busy_s=5, idle_w=8, requests=20) == 3.0
