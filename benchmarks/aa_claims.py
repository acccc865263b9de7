"""How often a run claims what is not there, and how often it claims what is: live, with known injected effects.

    python -m benchmarks.aa_claims [--runs 40] [--first 1] [--budget 30s] [--effects 2,0.25]
        [--load 1] [--drift 0.5] [--out results.jsonl]
    python -m benchmarks.aa_claims --summary results.jsonl

Every run compares a baseline with its twin and with a third build of the same pipeline. Under the number of each
first comes one without any effect: whatever it claims is false. It also prints the smallest effect on TTFT that a
run like it would claim. For each k of ``--effects`` another run follows in which the baseline and its twin take k
of those printed effects longer to their first token, so that the third is faster by that much: twice should be
claimed in at least 95 % of runs, a quarter in at most 20 %. The run that follows may be noisier than the one that
its effect was chosen by; ``by_their_own_print`` counts those in which it is still k times what they print
themselves. ``--load`` keeps so many other cores busy; ``--drift`` makes every arm slower and slower, by that share
of its TTFT at the end of the budget.

Every run is a line of ``--out``, appended, so that a series can be made in pieces. Leaves with 1 where the summary
misses a bound.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.catalog import RECIPES
from argus_eval.recipes.protocol import RecipeInfo
from argus_eval.stats.intervals import wilson

if TYPE_CHECKING:
    from argus_eval.api import Run
    from argus_eval.core.results import SpeedUp
    from argus_eval.pipeline.pipeline import Pipeline

#: This module is also the recipe that changes nothing.
INFO = RecipeInfo(
    name="nothing",
    summary="the same pipeline once more",
    parts=frozenset({"decoder"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=1,
)
#: Requests whose median says how long the next one would take.
_RECENT = 9
#: k → (share of runs that must claim at least, at most)
_BOUNDS = {0.0: (0.0, 5 / 40), 2.0: (0.95, 1.0), 0.25: (0.0, 0.2)}


def apply(pipeline: Pipeline) -> Pipeline:
    """The same pipeline."""
    return dataclasses.replace(pipeline)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slowdown:
    """By what share requests are slower: always, and growing to ``drift`` after ``seconds``."""

    effect: float
    drift: float
    seconds: float
    began_s: float

    def now(self) -> float:
        """The share at this moment."""
        grown = self.drift * min(1.0, (time.perf_counter() - self.began_s) / self.seconds)
        return (1 + self.effect) * (1 + grown) - 1


class Slower:
    """A pipeline's decoder and language part, between which a share of what its requests usually take is waited.

    It waits busily, because sleeping changes what comes after it, and in front of the first token, because host
    work is a quantity of its own.
    """

    def __init__(self, pipeline: Pipeline, slowdown: Slowdown) -> None:
        self._decoder, self._language, self._slowdown = pipeline.decoder, pipeline.language, slowdown
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._began_s = 0.0

    def decode(self, data: bytes) -> Any:
        """The stock decoder; a request begins here."""
        self._began_s = time.perf_counter()
        return self._decoder(data)

    def generate(self, inputs: Any, encoded: Any, decoding: Any, recorder: Any) -> Any:
        """Wait, then the stock language part."""
        wait_s = self._slowdown.now() * float(np.median(self._recent)) if self._recent else 0.0
        until = time.perf_counter() + wait_s
        while time.perf_counter() < until:
            pass
        answer = self._language(inputs, encoded, decoding, recorder)
        if decoding.max_new_tokens == 1:
            self._recent.append(time.perf_counter() - self._began_s - wait_s)
        return answer

    def of(self, pipeline: Pipeline) -> Pipeline:
        """``pipeline`` with these parts."""
        return dataclasses.replace(pipeline, decoder=self.decode, language=self.generate)


@contextlib.contextmanager
def slowed(effect: float, drift: float, seconds: float) -> Iterator[None]:
    """Every baseline and twin built meanwhile takes ``effect`` longer; all arms drift."""
    from argus_eval.backends.transformers_local import LocalBackend

    stock = LocalBackend.runner, LocalBackend.twin
    began_s = time.perf_counter()

    def slower(runner: Any, share: float) -> Any:
        slowdown = Slowdown(effect=share, drift=drift, seconds=seconds, began_s=began_s)
        runner.pipeline = Slower(runner.pipeline, slowdown).of(runner.pipeline)
        return runner

    def runner(self: Any, recipes: tuple[str, ...]) -> Any:
        return slower(stock[0](self, recipes), 0.0 if recipes else effect)

    def twin(self: Any) -> Any:
        return slower(stock[1](self), effect)

    LocalBackend.runner, LocalBackend.twin = runner, twin  # type: ignore[method-assign]
    try:
        yield
    finally:
        LocalBackend.runner, LocalBackend.twin = stock  # type: ignore[method-assign]


@contextlib.contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Keep so many cores busy, others than this process's own where it is confined to some."""
    own = os.sched_getaffinity(0)
    others = set(range(os.cpu_count() or 1)) - own or own
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    for process in busy:
        os.sched_setaffinity(process.pid, others)
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def one_run(arguments: argparse.Namespace, seed: int, folder: str) -> Run:
    """A run of the baseline, its twin and the third build."""
    import argus_eval

    return argus_eval.evaluate(
        arguments.model,
        "refcoco,textvqa",
        "baseline,nothing",
        data="bundled",
        budget=arguments.budget,
        accuracy=False,
        runs_dir=folder,
        fresh=True,
        settings=[f"seed={seed}"],
    )


def told(speedup: SpeedUp | None, replicates: int) -> dict[str, object] | None:
    """What a run prints of one quantity."""
    if speedup is None:
        return None
    return {
        "claim": speedup.claim,
        "ratio": round(speedup.geomean, 5),
        "median": round(speedup.median, 5),
        "ci": speedup.ci,
        "aa": [speedup.aa.ratio, speedup.aa.ci],
        "detectable": speedup.detectable,
        "replicates": replicates,
        "sentence": speedup.sentence,
    }


def line_of(run: Run, arguments: argparse.Namespace, seed: int, times: float, effect: float) -> dict[str, Any]:
    """One line of the series."""
    comparison = run.results.comparisons[0]
    replicates: dict[str, set[int]] = defaultdict(set)
    for record in run.records():
        if record.role == "measured" and record.pass_name in ("host", "latency"):
            replicates[record.pass_name if record.pass_name == "host" else record.regime].add(record.replicate)
    entry = run.arm(run.results.comparisons[0].baseline).efficiency[0]
    return {
        "seed": seed,
        "times": times,
        "effect": round(effect, 5),
        "load": arguments.load,
        "drift": arguments.drift,
        "budget": arguments.budget,
        "cores": len(os.sched_getaffinity(0)),
        "loadavg": [round(value, 2) for value in os.getloadavg()],
        "at": time.strftime("%FT%TZ", time.gmtime()),
        "ttft_s": entry.ttft_s.p50,
        "host_s": entry.to_model_ready_s.p50,
        "claims": sorted(name for name, speedup in comparison.speedup.items() if speedup.claim),
        "ttft": told(comparison.speedup.get("ttft"), len(replicates["cold-image/1"])),
        "host": told(comparison.speedup.get("host"), len(replicates["host"])),
    }


def series(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All runs asked for; each is written as soon as it is there."""
    from argus_eval.config import parse_budget

    RECIPES.add("nothing", "benchmarks.aa_claims")
    found: list[dict[str, Any]] = []
    budget_s = parse_budget(arguments.budget)

    def make(seed: int, times: float, effect: float) -> dict[str, Any]:
        changed = slowed(effect, arguments.drift, budget_s)
        with changed, busy_cores(arguments.load), tempfile.TemporaryDirectory() as folder:
            line = line_of(one_run(arguments, seed, folder), arguments, seed, times, effect)
        found.append(line)
        print(f"run {seed}, {times:g} × {effect:.2%}: claims {line['claims'] or 'nothing'}", flush=True)
        if arguments.out is not None:
            with arguments.out.open("a") as out:
                out.write(json.dumps(line) + "\n")
        return line

    for seed in range(arguments.first, arguments.first + arguments.runs):
        line = make(seed, 0.0, 0.0)
        sharp = line["ttft"] and line["ttft"]["detectable"]
        for times in map(float, arguments.effects.split(",")) if arguments.effects and sharp else ():
            make(seed, times, times * (sharp - 1))
    return found


def summary(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Claims counted by k, load and drift, with Wilson intervals of their share."""
    groups: dict[tuple[float, int, float], list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[line["times"], line["load"], line["drift"]].append(line)
    found = []
    for (times, load, drift), group in sorted(groups.items()):
        claimed = sum(bool(line["claims"]) if times == 0 else "ttft" in line["claims"] for line in group)
        interval = wilson(claimed, len(group))
        assert interval is not None
        low, high = _BOUNDS.get(times, (0.0, 1.0))
        printed = [line for line in group if line["ttft"] and line["ttft"]["detectable"]]
        sharp = [line["ttft"]["detectable"] - 1 for line in printed]
        # The effect was chosen before the run, which may be noisier than the one that it was chosen by.
        kept = [line for line in printed if 0 < times * (line["ttft"]["detectable"] - 1) <= line["effect"]]
        found.append(
            {
                "times": times,
                "load": load,
                "drift": drift,
                "runs": len(group),
                "claimed": claimed,
                "share": [round(claimed / len(group), 3), round(interval.low, 3), round(interval.high, 3)],
                "met": low <= claimed / len(group) <= high,
                "by_their_own_print": [sum("ttft" in line["claims"] for line in kept), len(kept)]
                if times
                else None,
                "replicates": [line["ttft"]["replicates"] for line in group if line["ttft"]],
                "detectable": [round(float(q), 4) for q in np.quantile(sharp, [0.0, 0.5, 1.0])] if sharp else [],
            }
        )
    return found


def machine() -> dict[str, object]:
    """Where the series was made."""
    from argus_eval.measure.environment import capture_environment

    return {"python": platform.python_version(), "environment": capture_environment()}


def main() -> int:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="argus-nano")
    parser.add_argument("--runs", type=int, default=40, help="without effect; each is followed by one for each k")
    parser.add_argument("--first", type=int, default=1, help="number of the first run, which is also its seed")
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--effects", default="2,0.25", help="k, in printed minimum detectable effects")
    parser.add_argument("--load", type=int, default=0, help="processes that keep other cores busy")
    parser.add_argument("--drift", type=float, default=0.0, help="share by which all arms are slower in the end")
    parser.add_argument("--out", type=pathlib.Path, help="append a line of JSON for each run")
    parser.add_argument("--summary", type=pathlib.Path, help="only count what is in this file")
    parser.add_argument("--json", type=pathlib.Path, help="write the summary, the machine and all lines there")
    arguments = parser.parse_args()
    if arguments.summary is None:
        lines = series(arguments)
    else:
        lines = [json.loads(line) for line in arguments.summary.read_text().splitlines()]
    found = summary(lines)
    for group in found:
        print(json.dumps(group))
    if arguments.json is not None:
        whole = {"summary": found, "machine": machine(), "runs": lines}
        arguments.json.write_text(json.dumps(whole, indent=1) + "\n")
    return 0 if all(group["met"] for group in found) else 1


if __name__ == "__main__":
    sys.exit(main())
