"""How often a run claims what is not there, and how often it claims what is: live, with known injected effects.

    python -m benchmarks.aa_claims [--runs 40] [--budget 30s] [--effects 0,2,0.25] [--load 1] [--json out.json]

Each run compares a baseline with its twin and with a third build of the same pipeline. With effect 0 the third is
the same again: a claim is a false one. With effect k the baseline and its twin are held up by so much that the
third is k minimum detectable effects faster, as computed from the first quiet run: twice should be claimed in at
least 95 % of runs, a quarter in at most 20 %. ``--load`` keeps so many other cores busy meanwhile.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.catalog import RECIPES
from argus_eval.recipes.protocol import RecipeInfo
from argus_eval.stats.detectable import minimum_detectable_effect

if TYPE_CHECKING:
    from argus_eval.api import Run
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


def apply(pipeline: Pipeline) -> Pipeline:
    """The same pipeline."""
    return dataclasses.replace(pipeline)


class HeldUp:
    """A decoder that takes longer than it needs; waits busily, because sleeping changes what comes after it."""

    def __init__(self, decoder: Any, seconds: float) -> None:
        self._decoder, self._seconds = decoder, seconds

    def __call__(self, data: bytes) -> Any:
        until = time.perf_counter() + self._seconds
        decoded = self._decoder(data)
        while time.perf_counter() < until:
            pass
        return decoded


def hold_up(seconds: float) -> None:
    """Make every baseline and twin take ``seconds`` longer to decode than the decoder does."""
    from argus_eval.backends import transformers_local

    backend = transformers_local.LocalBackend
    original = getattr(backend, "_plain", None) or (backend.runner, backend.twin)
    backend._plain = original  # type: ignore[attr-defined]

    def slowed(runner: Any) -> Any:
        held = HeldUp(runner.pipeline.decoder, seconds)
        runner.pipeline = dataclasses.replace(runner.pipeline, decoder=held)
        return runner

    def runner(self: Any, recipes: tuple[str, ...]) -> Any:
        made = original[0](self, recipes)
        return made if recipes or not seconds else slowed(made)

    def twin(self: Any) -> Any:
        made = original[1](self)
        return slowed(made) if seconds else made

    backend.runner, backend.twin = runner, twin  # type: ignore[method-assign]


def one_run(arguments: argparse.Namespace, folder: pathlib.Path, seed: int) -> Run:
    """A run of the baseline, its twin and the third build."""
    import argus_eval

    return argus_eval.evaluate(
        arguments.model,
        "refcoco,textvqa",
        "baseline,nothing",
        weights="random",
        data="bundled",
        budget=arguments.budget,
        accuracy=False,
        runs_dir=folder,
        fresh=True,
        settings=[f"seed={seed}"],
    )


def quiet_facts(run: Run) -> tuple[float, float]:
    """Minimum detectable effect on TTFT of such a run, and its median TTFT in seconds."""
    times: dict[int, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for record in run.records():
        if record.pass_name == "latency" and record.role == "measured" and record.regime.endswith("/1"):
            times[record.replicate][record.image][record.arm] = record.times_ns.ttft or 0
    baseline, twin = (next(arm.id for arm in run.results.arms if arm.role == role) for role in ("baseline", "aa"))
    effects = [
        float(np.mean([math.log(seen[baseline] / seen[twin]) for seen in images.values()]))
        for images in times.values()
    ]
    effect = minimum_detectable_effect(
        float(np.std(effects, ddof=1)), most=len(effects), sd_replicates=len(effects)
    )
    if effect is None:
        raise SystemExit(f"{len(effects)} replicates fitted into the budget; 6 are needed: raise --budget")
    ttft = run.arm(baseline).efficiency[0].ttft_s.p50
    assert ttft is not None
    return effect, ttft


def main() -> int:
    """Run and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="argus-nano")
    parser.add_argument("--runs", type=int, default=40, help="for each effect")
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--effects", default="0,2,0.25", help="in minimum detectable effects")
    parser.add_argument("--load", type=int, default=0, help="processes that keep other cores busy")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    RECIPES.add("nothing", "benchmarks.aa_claims")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(arguments.load)]
    found = []
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            effect, ttft_s = quiet_facts(one_run(arguments, folder, 0))
            print(f"minimum detectable effect on TTFT: {effect:.2%} of {ttft_s * 1e3:.1f} ms", flush=True)
            for times in map(float, arguments.effects.split(",")):
                hold_up(times * effect * ttft_s)
                claims = dict.fromkeys(("ttft", "host", "any"), 0)
                for seed in range(1, arguments.runs + 1):
                    speedups = one_run(arguments, folder, seed).results.comparisons[0].speedup
                    for quantity in ("ttft", "host"):
                        claims[quantity] += quantity in speedups and speedups[quantity].claim
                    claims["any"] += any(speedup.claim for speedup in speedups.values())
                    print(f"{times:g} × effect, run {seed}: {claims}", flush=True)
                found.append({"times": times, "runs": arguments.runs, "claims": claims})
    finally:
        for process in busy:
            process.kill()
    for line in found:
        print(json.dumps(line))
    if arguments.json is not None:
        result = {"minimum_detectable_effect": effect, "ttft_s": ttft_s, "load": arguments.load, "found": found}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
