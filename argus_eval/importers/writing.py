"""An imported log as a run on disk, which ``compare``, ``check`` and ``report`` read like one of our own."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Sequence

import numpy as np

import argus_eval
from argus_eval.core.codec import to_json
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.results import (
    ArmResult,
    DataResolution,
    Efficiency,
    MetricValue,
    Quantiles,
    Results,
    TaskResult,
    Workload,
)
from argus_eval.data.fingerprint import data_fingerprint
from argus_eval.importers.imported import Imported, ImportedRequest, ImportedSpeed, ImportedTask
from argus_eval.stats.cluster import accuracy_interval, cluster_robust_interval
from argus_eval.stats.intervals import order_statistic_interval, quantile_with_minimum
from argus_eval.store import RunDirectory, RunWriter

__all__ = ["REGIME", "write_run"]

MANIFEST_SCHEMA = "argus-eval/manifest/1"
#: Neither cold nor warm as we mean it: whatever the other tool did.
REGIME = "imported"
_NOT_OURS = "imported: not interleaved, no A/A arm; shown, never claimed"


def write_run(imported: Imported, runs_dir: pathlib.Path, command: str = "") -> RunDirectory:
    """Write the run; the same log gives the same run, which is then written over.

    Raises:
        EnvironmentError_: the folder cannot be written.
        UsageError: another process is writing it.
    """
    name = re.sub(r"[^\w.+-]+", "-", f"{imported.tool}--{imported.model}")[:80]
    digest = fingerprint(to_json(imported)).removeprefix("sha256:")[:8]
    path = runs_dir / f"{name}--{digest}"
    run = RunWriter.create(path, _manifest(imported, path.name, command))
    (path / "records.jsonl").unlink(missing_ok=True)
    with RunWriter(run) as writer:
        writer.append(_records(imported))
    run.write_results(_results(imported, run.run_id, command))
    return run


def _arm(imported: Imported) -> str:
    return f"{imported.model}:{imported.tool}"


def _manifest(imported: Imported, run_id: str, command: str) -> dict[str, object]:
    return {
        "schema": MANIFEST_SCHEMA,
        "run_id": run_id,
        "argus_eval": argus_eval.__version__,
        "command": command,
        "imported": {
            "tool": imported.tool,
            "version": imported.version,
            "source": list(imported.source),
            "settings": dict(imported.settings),
            "reported": {task.name: dict(task.reported) for task in imported.tasks},
            "notes": list(imported.notes),
        },
        "arms": [
            {
                "id": _arm(imported),
                "role": "baseline",
                "model": imported.model,
                "backend": imported.tool,
                "recipes": [],
            }
        ],
        "tasks": [{"task": task.name, "requested": "imported", "resolved": "imported"} for task in imported.tasks],
    }


def _records(imported: Imported) -> Iterator[Record]:
    arm = _arm(imported)
    for task in imported.tasks:
        for order, sample in enumerate(task.samples):
            yield Record(
                key=record_key("import", arm, task.name, sample.key),
                pass_name="accuracy",  # noqa: S106
                arm=arm,
                task=task.name,
                sample=sample.key,
                replicate=0,
                block=0,
                order=order,
                status="ok",
                text=sample.text,
                scores=dict(sample.scores),
                hashes={"sample": sample.content} if sample.content else {},
                image=sample.image,
            )
    for order, request in enumerate(imported.speed.requests if imported.speed is not None else ()):
        yield _timed(arm, order, request)


def _timed(arm: str, order: int, request: ImportedRequest) -> Record:
    return Record(
        key=record_key("import", arm, "latency", order),
        pass_name="latency",  # noqa: S106
        arm=arm,
        task="",
        sample=str(order),
        replicate=0,
        block=0,
        order=order,
        status="ok" if request.error is None else "error",
        times_ns=Times(ttft=request.ttft_ns, e2e=request.e2e_ns),
        lengths={"output_tokens": request.output_tokens, "prompt_tokens": request.prompt_tokens},
        image=str(order),
        regime=REGIME,
        error=request.error,
    )


def _results(imported: Imported, run_id: str, command: str) -> Results:
    label = f"{imported.model} ({imported.tool}{f' {imported.version}' if imported.version else ''})"
    arm = ArmResult(
        id=_arm(imported),
        role="baseline",
        model=imported.model,
        parameters=None,
        weights="trained",
        recipes=(),
        backend=imported.tool,
        tasks=tuple(map(_task, imported.tasks)),
        efficiency=(_efficiency(imported.speed),) if imported.speed is not None else (),
        label=label,
        notes=imported.notes,
    )
    banner = f"imported from {imported.tool}: its prompts, its scoring, its times"
    return Results(
        run_id=run_id,
        complete=True,
        command=command,
        environment={},
        arms=(arm,),
        comparisons=(),
        banners=(banner, *imported.notes),
    )


def _task(task: ImportedTask) -> TaskResult:
    contents = [sample.content for sample in task.samples]
    identity = data_fingerprint(contents) if contents and all(contents) else ""
    scored = (name for sample in task.samples for name in sample.scores)
    names = dict.fromkeys((task.primary, *task.reported, *scored))
    return TaskResult(
        task=task.name,
        data=DataResolution(
            requested="imported", resolved="imported", fingerprint=identity, n=len(task.samples), source="log"
        ),
        metrics={name: _metric(task, name) for name in names},
    )


def _metric(task: ImportedTask, name: str) -> MetricValue:
    """The mean of the samples' own scores with an interval, or what the tool printed, without one."""
    scored = [
        (sample.scores[name], sample.image or sample.key) for sample in task.samples if name in sample.scores
    ]
    primary, higher_is_better = name == task.primary, task.higher_is_better.get(name, True)
    if not scored:
        # A task comes with the numbers the tool printed, so one without samples has this one.
        return MetricValue(
            value=task.reported[name],
            ci=None,
            n=0,
            status="scored",
            primary=primary,
            higher_is_better=higher_is_better,
            reason="as the tool printed it",
        )
    values = np.array([value for value, _ in scored])
    images = [image for _, image in scored]
    bounded = bool(((values >= 0) & (values <= 1)).all())
    interval = (accuracy_interval if bounded else cluster_robust_interval)(values, images)
    return MetricValue(
        value=float(values.mean()),
        ci=(interval.low, interval.high) if interval is not None else None,
        n=len(scored),
        status="scored",
        primary=primary,
        higher_is_better=higher_is_better,
    )


def _efficiency(speed: ImportedSpeed) -> Efficiency:
    ok = [request for request in speed.requests if request.error is None]
    lengths = [request.output_tokens for request in ok if request.output_tokens is not None]
    return Efficiency(
        regime=REGIME,
        workload=Workload(fingerprint="", n=len(ok) or speed.n),
        output_tokens=round(float(np.median(lengths))) if lengths else 0,
        replicates=1,
        ttft_s=_quantiles([request.ttft_ns for request in ok], speed, "ttft"),
        e2e_s=_quantiles([request.e2e_ns for request in ok], speed, "e2e"),
        tpot_s=_quantiles([_tpot_ns(request) for request in ok], speed, "tpot"),
        stages_s={},
        to_uint8_tiles_s=Quantiles(),
        to_model_ready_s=Quantiles(),
        residual=None,
        throughput=dict(speed.throughput),
        shortfalls=(_NOT_OURS, *speed.notes),
    )


def _tpot_ns(request: ImportedRequest) -> float | None:
    """Time per token after the first, for at least 16 tokens, as for our own requests."""
    if request.ttft_ns is None or request.e2e_ns is None or (request.output_tokens or 0) < 16:
        return None
    assert request.output_tokens is not None
    return (request.e2e_ns - request.ttft_ns) / (request.output_tokens - 1)


def _quantiles(times_ns: Sequence[float | None], speed: ImportedSpeed, name: str) -> Quantiles:
    values = np.array([value for value in times_ns if value is not None]) / 1e9
    if not values.size:
        reported = speed.reported_s
        p50, p90, p99 = (reported.get(f"{name}.{quantile}") for quantile in ("p50", "p90", "p99"))
        return Quantiles(p50=p50, p90=p90, p99=p99, n=speed.n if p50 is not None else 0)
    interval = order_statistic_interval(values, 0.5)
    high, highest = (quantile_with_minimum(values, q) for q in (0.9, 0.99))
    return Quantiles(
        p50=float(np.median(values)),
        ci=(interval.low, interval.high) if interval else None,
        p90=high.value if high else None,
        p99=highest.value if highest else None,
        n=int(values.size),
    )
