"""Counters of throttling, from files as the kernel writes them."""

from __future__ import annotations

import pathlib

from argus_eval.measure.throttle import ThrottleCounters, read_throttle, throttled

QUIET = ThrottleCounters(quota=3, thermal=7, device=0)


def test_counters_are_read(tmp_path: pathlib.Path) -> None:
    for core, count in ((0, 2), (1, 5)):
        folder = tmp_path / "cpus" / f"cpu{core}" / "thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "core_throttle_count").write_text(f"{count}\n")
    stat = tmp_path / "cpu.stat"
    stat.write_text("usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1\n")
    found = read_throttle(tmp_path / "cpus", (tmp_path / "absent", stat))
    assert (found.thermal, found.quota) == (7, 3)


def test_a_machine_that_tells_nothing(tmp_path: pathlib.Path) -> None:
    found = read_throttle(tmp_path, (tmp_path / "absent",))
    assert (found.thermal, found.quota) == (None, None)
    assert throttled(found, found) is None


def test_reasons() -> None:
    assert throttled(QUIET, QUIET) is None
    assert "heat" in (throttled(QUIET, ThrottleCounters(quota=3, thermal=8, device=0)) or "")
    assert "quota" in (throttled(QUIET, ThrottleCounters(quota=4, thermal=7, device=0)) or "")
    assert "device" in (throttled(QUIET, ThrottleCounters(quota=3, thermal=7, device=0x20)) or "")
    # A power cap in software is how a device works under load.
    assert throttled(QUIET, ThrottleCounters(quota=3, thermal=7, device=0x4)) is None
