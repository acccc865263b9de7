"""Peaks of memory, each arm in a process of its own (MEASUREMENT §8 and §14)."""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.core.record import Record, record_key
from argus_eval.core.request import Request
from argus_eval.core.results import Memory
from argus_eval.engine.worker_messages import WorkerSpec
from argus_eval.engine.worker_process import WorkerProcess

__all__ = ["measure_memory", "memory_key", "memory_result"]


def memory_key(arm: str) -> str:
    """Key of an arm's record in this pass."""
    return record_key("memory", arm)


def measure_memory(arm: str, spec: WorkerSpec, requests: Sequence[Request], at_s: float) -> Record:
    """Start a process that holds one arm, run ``requests`` in it, and record its peaks.

    Raises:
        EnvironmentError_: the process cannot be started or dies.
        SampleError: every request failed.
    """
    with WorkerProcess(spec) as worker:
        peaks = worker.memory(arm, requests)
        start_s = worker.start_s
    return Record(
        key=memory_key(arm),
        pass_name="memory",  # noqa: S106 - a measuring pass
        arm=arm,
        task="",
        sample="",
        replicate=0,
        block=0,
        order=0,
        status="ok",
        at_s=round(at_s, 6),
        values={
            "host_peak_bytes": float(peaks.host),
            "host_resident_peak_bytes": float(peaks.host_resident),
            "device_peak_bytes": _float(peaks.device_allocated),
            "device_reserved_bytes": _float(peaks.device_reserved),
            "pinned_peak_bytes": _float(peaks.pinned),
            "samples": float(peaks.samples),
            "requests": float(len(requests)),
            "start_s": start_s,
        },
    )


def memory_result(records: Sequence[Record], arm: str) -> Memory:
    """What was recorded of an arm; empty where it was not measured."""
    for record in records:
        if record.pass_name == "memory" and record.arm == arm and record.status == "ok":
            values = record.values
            return Memory(
                host_peak_bytes=_whole(values.get("host_peak_bytes")),
                device_peak_bytes=_whole(values.get("device_peak_bytes")),
                device_reserved_bytes=_whole(values.get("device_reserved_bytes")),
                pinned_peak_bytes=_whole(values.get("pinned_peak_bytes")),
            )
    return Memory()


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
