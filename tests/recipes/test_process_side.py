"""Recipes of process scope, in processes of their own."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from argus_eval.recipes import gc_freeze, threads
from argus_eval.recipes.threads import usable_cores

_FAKE = """
import dataclasses, gc, os, torch
@dataclasses.dataclass
class Pipeline:
    notes: tuple = ()
    settings: dict = dataclasses.field(default_factory=dict)
"""


def in_a_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", _FAKE + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_threads_are_set_what_is_alive_is_frozen_and_both_are_noted() -> None:
    said = in_a_process(
        "from argus_eval.recipes import gc_freeze, threads\n"
        "torch.set_num_threads(7)\n"
        "found = gc_freeze.apply(threads.apply(Pipeline()))\n"
        "print(torch.get_num_threads() == threads.usable_cores(), torch.get_num_interop_threads(),\n"
        "      os.environ['TOKENIZERS_PARALLELISM'], found.settings['threads.before'], found.notes,\n"
        "      gc.get_freeze_count() > 1000, found.settings['gc-freeze.frozen'] > 1000, gc.get_threshold()[0])"
    )
    assert said == "True 1 false 7 () True True 10000"


def test_threads_that_run_already_are_said_to_stay() -> None:
    said = in_a_process(
        "from argus_eval.recipes import threads\n"
        "torch.set_num_interop_threads(3)\n"
        "torch.jit.fork(lambda: 1)\n"
        "print(torch.get_num_interop_threads(), *threads.apply(Pipeline()).notes)"
    )
    assert "stay as they are" in said


@pytest.mark.parametrize(("quota", "expected"), [("max 100000", 2), ("150000 100000", 1), ("50000 100000", 1)])
def test_cores_are_counted_once_and_within_the_quota(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, quota: str, expected: int
) -> None:
    for processor, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{processor}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings + "\n")
    (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert usable_cores(tmp_path, tmp_path / "cpu.max") == expected
    assert usable_cores(tmp_path / "nothing", tmp_path / "nothing") == 4


def test_they_say_that_they_concern_the_process() -> None:
    assert {module.INFO.scope for module in (threads, gc_freeze)} == {"process"}
