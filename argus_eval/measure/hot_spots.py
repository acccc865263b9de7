"""Where Python spends host time, seen from outside by a sampling profiler (py-spy, extra ``profile``).

A sampling profiler does not slow down what it watches; a tracing one would change the very shares it reports.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["HotSpot", "HotSpots", "hot_spots_of", "sample_hot_spots"]

_RATE_HZ = 200
_START_S = 20.0
_FRAME = re.compile(r"^(?P<function>.*) \((?P<file>.*?)(?::(?P<line>\d+))?\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpot:
    """One line of Python and the share of samples that found the program there; C code counts to its caller."""

    function: str
    file: str
    line: int | None
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpots:
    """The hottest lines, hottest first; none, and the reason, where nothing could be sampled."""

    spots: tuple[HotSpot, ...]
    samples: int
    reason: str | None = None


def sample_hot_spots(work: Callable[[], object], *, duration_s: float, most: int = 12) -> HotSpots:
    """Repeat ``work`` in this thread for about ``duration_s`` while py-spy samples this process."""
    program = shutil.which("py-spy") or shutil.which("py-spy", path=str(pathlib.Path(sys.executable).parent))
    if program is None:
        return HotSpots(spots=(), samples=0, reason="py-spy is not installed: install argus-eval[profile]")
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "stacks.txt"
        command = [program, "record", "--pid", str(os.getpid()), "--duration", str(max(1, round(duration_s)))]
        command += ["--rate", str(_RATE_HZ), "--format", "raw", "--nonblocking", "--output", str(target)]
        watcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603
        try:
            while watcher.poll() is None:
                work()
            said = watcher.stderr.read() if watcher.stderr is not None else ""
        finally:
            watcher.kill()
            watcher.communicate()
        if not target.is_file():
            words = [line for line in said.strip().splitlines() if line.strip()]
            return HotSpots(spots=(), samples=0, reason=f"py-spy: {words[-1] if words else 'no output'}"[:300])
        return hot_spots_of(target.read_text(encoding="utf-8", errors="replace"), below=__file__, most=most)


def hot_spots_of(stacks: str, *, below: str, most: int) -> HotSpots:
    """Aggregate collapsed stacks (``frame;frame;… count`` a line) by their innermost frame.

    Args:
        stacks: what ``py-spy record --format raw`` writes.
        below: only stacks that pass through this file count; other threads do other things.
        most: how many lines to keep.
    """
    marker = pathlib.Path(below).name
    counts: Counter[tuple[str, str, int | None]] = Counter()
    for row in stacks.splitlines():
        stack, _, count = row.rpartition(" ")
        frames = [_frame(text) for text in stack.split(";")]
        if not count.isdigit() or not any(file.endswith(marker) for _, file, _ in frames[:-1]):
            continue
        counts[frames[-1]] += int(count)
    total = sum(counts.values())
    spots = tuple(
        HotSpot(function=function, file=file, line=line, share=count / total)
        for (function, file, line), count in counts.most_common(most)
    )
    return HotSpots(spots=spots, samples=total, reason=None if total else "py-spy took no sample of the work")


def _frame(text: str) -> tuple[str, str, int | None]:
    found = _FRAME.match(text)
    if found is None:
        return text, "", None
    return found["function"], found["file"], int(found["line"]) if found["line"] else None
