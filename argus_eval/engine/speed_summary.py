"""From timed records to efficiency numbers and paired speed-ups; nothing here measures anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from argus_eval.core.record import Record
from argus_eval.core.results import Efficiency, Quantiles, Workload
from argus_eval.stats.intervals import minimum_requests, order_statistic_interval, quantile_with_minimum
from argus_eval.stats.latency import LOOKS, Speedup, speedup

__all__ = [
    "PairedRequests",
    "Saving",
    "SpeedTable",
    "efficiency",
    "median_over_images",
    "paired_requests",
    "paired_speedup",
    "paired_times",
    "saving",
]

FloatArray = NDArray[np.float64]
#: Seconds of one record, or ``None`` where it has none.
Quantity = Callable[[Record], float | None]
_COLD = "cold-process"
#: Distinct images that host stages are sampled on (MEASUREMENT §3)
_HOST_IMAGES = 64


def _seconds(name: str) -> Quantity:
    def read(record: Record) -> float | None:
        value = getattr(record.times_ns, name)
        return None if value is None else value / 1e9

    return read


def _tpot(record: Record) -> float | None:
    times, tokens = record.times_ns, record.lengths.get("output_tokens")
    if times.ttft is None or times.e2e is None or tokens is None or tokens < 16:
        return None
    # A server may hand over several tokens at once; what came with the first chunk is not waited for.
    rest = tokens - (record.lengths.get("first_chunk_tokens") or 1)
    return (times.e2e - times.ttft) / rest / 1e9 if rest > 0 else None


QUANTITIES: dict[str, Quantity] = {
    "ttft": _seconds("ttft"),
    "e2e": _seconds("e2e"),
    "tpot": _tpot,
    "to_uint8_tiles": _seconds("to_uint8_tiles"),
    "to_model_ready": _seconds("to_model_ready"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTable:
    """Timed records of one model, sorted once: (pass and regime) → arm → records."""

    records: Mapping[str, Mapping[str, Sequence[Record]]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> SpeedTable:
        """From every timed record that counts."""
        table: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        for record in records:
            if record.pass_name in ("latency", "host") and record.role == "measured":
                table[_section(record)][record.arm].append(record)
        return cls(records=table)

    def of_arm(self, section: str, arm: str) -> Sequence[Record]:
        """Records of one arm in one section, in the order they were made."""
        return self.records.get(section, {}).get(arm, ())

    def sections(self) -> tuple[str, ...]:
        """ "host", then "cold-image/1", "cold-image/64" …"""
        return tuple(sorted(self.records, key=lambda name: (name != "host", len(name), name)))


def _section(record: Record) -> str:
    return "host" if record.pass_name == "host" else record.regime


def efficiency(table: SpeedTable, arm: str, section: str, fingerprint: str) -> Efficiency:
    """What one arm did in one latency section, with host totals from the host pass.

    Medians have order-statistic intervals over images; in the cold-process regime over processes, since what a
    process's first request takes is the process's as much as the image's.
    """
    made = table.of_arm(section, arm)
    records = [record for record in made if record.status == "ok"]
    failed = [record for record in made if record.status == "error"]
    host = [record for record in table.of_arm("host", arm) if record.status == "ok"] or records
    regime, _, tokens = section.partition("/")
    replicates = len({record.replicate for record in records})
    images = len({record.image for record in records})
    draw = _process if regime == _COLD else _image
    ttft, ready = _values(records, "ttft"), _values(records, "to_model_ready")
    shares = [a / b for a, b in zip(ready, ttft, strict=False) if b] if len(ready) == len(ttft) else []
    return Efficiency(
        regime=regime,
        workload=Workload(fingerprint=fingerprint, n=images),
        output_tokens=int(tokens),
        replicates=replicates,
        ttft_s=_quantiles(records, "ttft", draw),
        # An answer of one token ends where TTFT does: the number would be a copy under another name.
        e2e_s=_quantiles(records, "e2e", draw) if int(tokens) > 1 else Quantiles(),
        tpot_s=_quantiles(records, "tpot", draw),
        stages_s=_stage_medians(records),
        to_uint8_tiles_s=_quantiles(host, "to_uint8_tiles", draw),
        to_model_ready_s=_quantiles(host, "to_model_ready", draw),
        residual=_residual(records),
        shortfalls=(
            *_failures(made, "timed requests"),
            *(_shortfalls(replicates, len({draw(record) for record in records}), regime) if records else ()),
            *_host_shortfalls(table.of_arm("host", arm)),
        ),
        host_share_of_ttft=float(np.median(shares)) if shares else None,
        requests=len(made),
        errors=len(failed),
        first_error=failed[0].error if failed else None,
    )


def _image(record: Record) -> object:
    return record.image


def _process(record: Record) -> object:
    return record.replicate


def _failures(made: Sequence[Record], what: str) -> tuple[str, ...]:
    """How many of these requests failed and what the first said; nothing where all were answered."""
    failed = [record for record in made if record.status == "error"]
    if not failed:
        return ()
    share = f"every one of {len(made)}" if len(failed) == len(made) else f"{len(failed)} of {len(made)}"
    return (f"{share} {what} failed; the first: {failed[0].error}",)


def _shortfalls(replicates: int, draws: int, regime: str) -> tuple[str, ...]:
    what = "processes" if regime == _COLD else "distinct images"
    found = []
    if replicates < LOOKS[0]:
        found.append(f"no interval and no claim: {replicates} replicates, {LOOKS[0]} are needed; raise --budget")
    for name, q in (("p90", 0.9), ("p99", 0.99)):
        if draws < minimum_requests(q):
            found.append(f"{name} not given: {draws} {what}, {minimum_requests(q)} are needed")
    return tuple(found)


def _host_shortfalls(host: Sequence[Record]) -> tuple[str, ...]:
    images = len({record.image for record in host if record.status == "ok"})
    failures = _failures(host, "requests for host work alone")
    if not images or images >= _HOST_IMAGES:
        return failures
    return (
        *failures,
        f"host work of {images} distinct images, {_HOST_IMAGES} are needed",
    )


def _values(records: Sequence[Record], name: str) -> list[float]:
    return [value for record in records if (value := QUANTITIES[name](record)) is not None]


def _quantiles(records: Sequence[Record], name: str, draw: Callable[[Record], object]) -> Quantiles:
    """Quantiles over what was drawn at random, each draw with the median of its requests."""
    pairs = [(value, draw(record)) for record in records if (value := QUANTITIES[name](record)) is not None]
    if not pairs:
        return Quantiles()
    values, draws = [value for value, _ in pairs], [drawn for _, drawn in pairs]
    typical = _median_of_each(values, draws)
    interval = order_statistic_interval(typical, 0.5)
    high, highest = (quantile_with_minimum(values, q, requests=draws) for q in (0.9, 0.99))
    return Quantiles(
        p50=float(np.median(typical)),
        ci=(interval.low, interval.high) if interval else None,
        p90=high.value if high else None,
        p99=highest.value if highest else None,
        n=len(typical),
    )


def median_over_images(records: Sequence[Record], name: str) -> Quantiles:
    """Quantiles of one quantity ("e2e") over images."""
    return _quantiles(records, name, _image)


def _median_of_each(values: Sequence[float], draws: Sequence[object]) -> FloatArray:
    groups: dict[object, list[float]] = defaultdict(list)
    for value, drawn in zip(values, draws, strict=True):
        groups[drawn].append(value)
    return np.array([float(np.median(group)) for group in groups.values()])


def _stage_medians(records: Sequence[Record]) -> dict[str, float]:
    seen: dict[str, list[int]] = defaultdict(list)
    for record in records:
        for slug, duration in record.times_ns.stages.items():
            seen[slug].append(duration)
    return {slug: float(np.median(durations)) / 1e9 for slug, durations in seen.items()}


def _residual(records: Sequence[Record]) -> float | None:
    """Median share of TTFT that no stage accounts for."""
    shares = []
    for record in records:
        ttft, stages = record.times_ns.ttft, record.times_ns.stages
        if ttft and stages:
            late = ("decode", "detokenize")
            spent = sum(ns for slug, ns in stages.items() if "." not in slug and slug not in late)
            shares.append((ttft - spent) / ttft)
    return float(np.median(shares)) if shares else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedRequests:
    """Requests about the same images under several arms.

    Attributes:
        seconds: shape (arms, replicates, images).
        images: shape (replicates, images), content hashes; replicates see different ones.
    """

    seconds: FloatArray
    images: NDArray[np.str_]


def paired_requests(table: SpeedTable, section: str, arms: Sequence[str], name: str) -> PairedRequests | None:
    """One quantity of several arms on the same images of the same blocks; ``None`` if nothing is left.

    An image that any arm failed on is left out under every arm. Replicates keep as many images as the one that has
    fewest, the first ones, so that the array stays rectangular; one with less than half as many images as the
    fullest is left out altogether: it would cost the others theirs.
    """
    rows: dict[int, dict[tuple[int, str], list[float | None]]] = defaultdict(dict)
    for index, arm in enumerate(arms):
        for record in table.of_arm(section, arm):
            row = rows[record.replicate].setdefault((record.block, record.image), [None] * len(arms))
            row[index] = QUANTITIES[name](record) if record.status == "ok" else None
    whole = {
        replicate: [(image, times) for (_, image), times in found.items() if None not in times]
        for replicate, found in sorted(rows.items())
    }
    fullest = max(map(len, whole.values()), default=0)
    if not fullest:
        return None
    kept = [found for found in whole.values() if 2 * len(found) >= fullest]
    width = min(map(len, kept))
    seconds = [[times for _, times in found[:width]] for found in kept]
    return PairedRequests(
        seconds=np.moveaxis(np.array(seconds, dtype=np.float64), -1, 0),
        images=np.array([[image for image, _ in found[:width]] for found in kept]),
    )


def paired_times(table: SpeedTable, section: str, arms: Sequence[str], name: str) -> FloatArray | None:
    """The seconds of :func:`paired_requests`: shape (arms, replicates, images)."""
    found = paired_requests(table, section, arms, name)
    return None if found is None else found.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Seconds an image that an arm is faster by (negative: slower), with its interval."""

    usual_s: float
    ci_s: tuple[float, float] | None


def saving(baseline: FloatArray, found: Speedup) -> Saving:
    """What the speed-up ``found`` is in seconds of the baseline's usual request, the geometric mean.

    It says the same as the ratio does, with the same interval: a mean of differences would follow the few requests
    that something else interrupted, and could be of either sign where the ratio is not.

    Args:
        baseline: seconds, shape (replicates, images), that ``found`` was made of.
    """
    usual = float(np.exp(np.log(baseline[: found.replicates]).mean()))
    ends = found.interval
    return Saving(
        usual_s=usual * (1 - 1 / found.geomean),
        ci_s=(usual * (1 - 1 / ends.low), usual * (1 - 1 / ends.high)) if ends is not None else None,
    )


def paired_speedup(requests: PairedRequests, index: int) -> Speedup:
    """The arm at ``index`` against the one at 0."""
    return speedup(requests.seconds[0], requests.seconds[index], images=requests.images)
