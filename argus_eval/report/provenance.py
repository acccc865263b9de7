"""Where the numbers come from: data, arms, environment, and the files to take away."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from argus_eval.core.codec import to_json
from argus_eval.core.results import Results
from argus_eval.core.units import format_bytes
from argus_eval.report.text import printable, shown
from argus_eval.report.wording import arm_label

__all__ = ["ArmRow", "DataRow", "Download", "arm_rows", "data_rows", "downloads", "environment_rows"]

_SHORT = 19
#: Downloads above this are compressed, so that the page stays within its size.
_COMPRESS_BYTES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRow:
    """Which data a task used."""

    task: str
    requested: str
    resolved: str
    source: str
    n: int
    fingerprint: str
    prompt: str

    @property
    def short(self) -> str:
        """The beginning of the fingerprint."""
        return self.fingerprint[:_SHORT]

    @property
    def prompt_short(self) -> str:
        """The beginning of the prompt's fingerprint."""
        return self.prompt[:_SHORT]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRow:
    """What an arm was built from."""

    label: str
    weights: str
    parameters: str
    backend: str
    device: str
    dtype: str
    image_processor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file inside the page: its name, its ``data:`` address, and what it is."""

    name: str
    address: str
    words: str


def data_rows(results: Results) -> tuple[DataRow, ...]:
    """One row for each task and fingerprint."""
    rows: dict[tuple[str, str], DataRow] = {}
    for arm in results.arms:
        for task in arm.tasks:
            data = task.data
            rows.setdefault(
                (task.task, data.fingerprint),
                DataRow(
                    task=printable(task.task),
                    requested=printable(data.requested),
                    resolved=printable(data.resolved),
                    source=printable(data.source),
                    n=data.n,
                    fingerprint=printable(data.fingerprint),
                    prompt=printable(task.prompt_fingerprint) or "–",
                ),
            )
    return tuple(rows.values())


def arm_rows(results: Results) -> tuple[ArmRow, ...]:
    """One row for each arm, the twin included."""
    return tuple(
        ArmRow(
            label=arm_label(arm),
            weights=arm.weights,
            parameters=f"{arm.parameters:,}".replace(",", "\u202f") if arm.parameters is not None else "unknown",
            backend=printable(arm.backend),
            device=printable(arm.device),
            dtype=printable(arm.dtype),
            image_processor=printable(arm.image_processor),
        )
        for arm in results.arms
    )


def environment_rows(environment: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Names and values with nesting written as ``host › cpu``; what is unknown says so."""
    return tuple(_flat(environment, ()))


def _flat(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(item, (*path, str(name)))
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _flat(item, (*path, str(index)))
    else:
        words = ", ".join(map(str, value)) if isinstance(value, list | tuple) else _scalar(value, path)
        # names of environment variables stay as they are
        name = " › ".join(part if part.isupper() else part.replace("_", " ") for part in path)
        yield printable(name), shown(words).text


def _scalar(value: object, path: tuple[str, ...]) -> str:
    if value is None or value == "":
        return "unknown"
    if isinstance(value, int) and path and path[-1].endswith("_bytes"):
        return format_bytes(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def downloads(results: Results, drawing: str | None) -> tuple[Download, ...]:
    """results.json as it is, its two tables as CSV, and the trade-off chart where there is one."""
    document = json.dumps(to_json(results), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    files = [
        _download("results.json", "application/json", document, f"every number of this page ({results.schema})"),
        _download("accuracy.csv", "text/csv", _accuracy_csv(results), "one row per arm, task and metric"),
        _download("efficiency.csv", "text/csv", _efficiency_csv(results), "one row per arm, regime and length"),
    ]
    if drawing is not None:
        files.append(_download("trade-off.svg", "image/svg+xml", drawing, "the first chart, in light colours"))
    return tuple(files)


def _download(name: str, kind: str, text: str, words: str) -> Download:
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > _COMPRESS_BYTES:
        # without a time in its header the same run gives the same page
        data, name, kind = gzip.compress(data, mtime=0), f"{name}.gz", "application/gzip"
    encoded = base64.b64encode(data).decode("ascii")
    return Download(name=name, address=f"data:{kind};base64,{encoded}", words=words)


def _accuracy_csv(results: Results) -> str:
    header = (
        "arm",
        "task",
        "metric",
        "primary",
        "status",
        "value",
        "ci_low",
        "ci_high",
        "n",
        "unparsed",
        "errors",
    )
    rows: list[tuple[object, ...]] = [header]
    for arm in results.arms:
        for task in arm.tasks:
            for name, metric in task.metrics.items():
                ends = metric.ci or ("", "")
                value = "" if metric.value is None else metric.value
                counts = (metric.n, task.unparsed.n, task.errors)
                rows.append((arm.id, task.task, name, metric.primary, metric.status, value, *ends, *counts))
    return _csv(rows)


def _efficiency_csv(results: Results) -> str:
    quantities = ("ttft_s", "e2e_s", "tpot_s", "to_uint8_tiles_s", "to_model_ready_s")
    header = ["arm", "regime", "output_tokens", "n", "replicates"]
    header += [f"{name}.{part}" for name in quantities for part in ("p50", "ci_low", "ci_high", "p90", "p99")]
    header += ["residual", "host_peak_bytes", "device_peak_bytes", "energy_j"]
    rows: list[tuple[object, ...]] = [tuple(header)]
    for arm in results.arms:
        for entry in arm.efficiency:
            row: list[object] = [arm.id, entry.regime, entry.output_tokens, entry.workload.n, entry.replicates]
            for name in quantities:
                found = getattr(entry, name)
                row += [found.p50, *(found.ci or (None, None)), found.p90, found.p99]
            row += [entry.residual, entry.memory.host_peak_bytes, entry.memory.device_peak_bytes, entry.energy_j]
            rows.append(tuple("" if cell is None else cell for cell in row))
    return _csv(rows)


def _csv(rows: list[tuple[object, ...]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in rows:
        writer.writerow([_spreadsheet_safe(cell) for cell in row])
    return buffer.getvalue()


def _spreadsheet_safe(cell: object) -> object:
    """A text that a spreadsheet would run as a formula gets a quote in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
