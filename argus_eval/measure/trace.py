"""A timeline of one request by torch's own profiler, for chrome://tracing or Perfetto."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

__all__ = ["write_trace"]


def write_trace(work: Callable[[], object], path: pathlib.Path) -> None:
    """Run ``work`` once under ``torch.profiler`` (CPU, and CUDA where there is one) and write its timeline.

    Args:
        work: one request. Its times under the profiler are no measurement.
        path: a ``.json`` file; its folder is made.
    """
    import torch
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(ProfilerActivity.CUDA)
    path.parent.mkdir(parents=True, exist_ok=True)
    with profile(activities=activities) as watched:
        work()
    watched.export_chrome_trace(str(path))
