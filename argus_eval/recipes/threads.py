"""threads: as many compute threads as the process really has cores, one thread between operators. Process scope.

Bottleneck: torch starts a thread for each core it sees. In a container with a share of a large machine it sees
them all; the threads then wait for each other's time slices, and the tokenizer's threads take theirs too.

Compute threads = the smallest of the cores this process may run on (two hardware threads of a core count once) and
the container's quota; one inter-operator thread; tokenizers without threads of their own; OMP and MKL told the
same for libraries that are loaded later and for child processes.

Expected effect: nothing where torch counted right; ±20 % on a CPU host and far less spread in containers with a
quota. It concerns the whole process, so arms with and without it run in processes of their own.
"""

from __future__ import annotations

import math
import os
import pathlib
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply", "usable_cores"]

INFO = RecipeInfo(
    name="threads",
    summary="as many threads as there really are cores, none for the tokenizer",
    parts=frozenset({"process"}),
    scope="process",
    loss_class=LossClass.L0,
    order=98,
    staged=False,
    serving={
        "vllm": ("OMP_NUM_THREADS=1", "TOKENIZERS_PARALLELISM=false"),
        "sglang": ("OMP_NUM_THREADS=1", "TOKENIZERS_PARALLELISM=false"),
    },
)

_CPUS = pathlib.Path("/sys/devices/system/cpu")
_QUOTA = pathlib.Path("/sys/fs/cgroup/cpu.max")


def usable_cores(cpus: pathlib.Path = _CPUS, quota: pathlib.Path = _QUOTA) -> int:
    """Whole cores this process can keep busy, at least one.

    Args:
        cpus: where Linux describes its processors; without it every processor counts as a core.
        quota: the container's ``cpu.max``: microseconds a period, or ``max``.
    """
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores = len({_siblings(cpus, processor) for processor in allowed})
    limit, _, period = (_read(quota) or "max").partition(" ")
    if limit == "max" or not period:
        return cores
    return max(1, min(cores, math.floor(int(limit) / int(period))))


def _siblings(cpus: pathlib.Path, processor: int) -> str:
    """The hardware threads that share a core with ``processor``, as Linux lists them."""
    return _read(cpus / f"cpu{processor}" / "topology" / "thread_siblings_list") or str(processor)


def _read(path: pathlib.Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def apply(pipeline: Pipeline) -> Pipeline:
    """Set the process's threads; the pipeline only notes it."""
    import torch

    from argus_eval.recipes.model_copy import noted

    cores = usable_cores()
    os.environ.update(OMP_NUM_THREADS=str(cores), MKL_NUM_THREADS=str(cores), TOKENIZERS_PARALLELISM="false")
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    notes = []
    if torch.get_num_interop_threads() != 1:
        try:
            torch.set_num_interop_threads(1)
        except RuntimeError:  # only possible before the first parallel work of a process
            notes.append("recipe 'threads': inter-operator threads were running already and stay as they are")
    return noted(pipeline, *notes, **{"threads.before": before, "threads.compute": cores})
