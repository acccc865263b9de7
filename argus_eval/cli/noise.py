"""``argus-eval noise``: how small a difference this machine can show in a given budget, before one spends it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from argus_eval.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argus_eval.engine.noise import Detectable

__all__ = ["add_arguments", "main"]

# The answer costs a tenth of what it is about, within reason.
_SHARE, _SHORTEST_S, _LONGEST_S = 0.1, 20.0, 120.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked about."""
    parser.add_argument("--model", default="argus-nano", metavar="M", help="whose requests (default: argus-nano)")
    parser.add_argument(
        "--weights", metavar="PATH|HUB_ID|random", help="the checkpoint (default: the published one)"
    )
    parser.add_argument(
        "--budget", default="10m", metavar="TIME", help="of the run that is asked about (default: 10m)"
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="default: the checkpoint's")
    parser.add_argument("--workload", metavar="DIR", help="images to run on (default: bundled ones)")
    parser.add_argument("--json", metavar="PATH|-", help="write the numbers there as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Measure, and say it in a sentence for each quantity; 3 where the budget allows no claim at all."""
    import time

    from argus_eval.backends.resolve import load_backend
    from argus_eval.cli.narrate import StderrNarrator
    from argus_eval.cli.output import write_json
    from argus_eval.config import RunConfig, parse_budget
    from argus_eval.core.codec import to_json
    from argus_eval.engine.noise import measure_noise
    from argus_eval.engine.plan import make_plan
    from argus_eval.engine.workload import make_workload

    budget_s = parse_budget(arguments.budget)
    plan = make_plan(
        RunConfig(
            models=(arguments.model,),
            tasks=("refcoco", "textvqa"),
            recipes="baseline",
            weights={} if arguments.weights is None else {"": arguments.weights},
            data={"": "bundled"},
            device=arguments.device,
            dtype=arguments.dtype,
            workload=arguments.workload,
        )
    )
    model = plan.models[0]
    if not model.facts.measures_speed:
        raise UsageError(f"--model {arguments.model}: its times are not of a machine that is used")
    narrator = StderrNarrator()
    workload = make_workload(plan.tasks, model.facts, images=96, seed=0, folder=arguments.workload)
    narrator.say(f"starting {model.facts.label}")
    backend = load_backend(
        model.facts, weights=model.weights, dtype=arguments.dtype, runs_dir=plan.config.runs_dir, seed=0
    )
    try:
        found = measure_noise(
            (backend.runner(()), backend.twin()),
            workload,
            budget_s=budget_s,
            spend_s=min(max(_SHORTEST_S, _SHARE * budget_s), _LONGEST_S),
            clock_s=time.perf_counter,
            narrator=narrator,
        )
    finally:
        backend.close()
    for line in found:
        print(sentence(line))  # noqa: T201 - this is the command line
    if arguments.json is not None:
        write_json({"model": model.facts.label, "detectable": to_json(found)}, arguments.json)
    return ExitCode.DONE if any(line.effect is not None for line in found) else ExitCode.INCONCLUSIVE


def sentence(found: Detectable) -> str:
    """What a run of that budget can show, in words."""
    from argus_eval.core.units import format_duration, format_seconds

    budget = format_duration(found.budget_s)
    design = f"{found.replicates} blocks of {found.rows} images at {format_seconds(found.seconds)}"
    noise = f"blocks differ by ±{found.replicate_sd:.1%} from one to the next, seen in {found.measured_blocks}"
    if found.effect is None:
        return f"{found.quantity}: no claim is possible with --budget {budget}: {design}, 6 are needed"
    change = 1 - 1 / (1 + found.effect)
    effect = f"an arm that is {change:.1%} faster ({1 + found.effect:.3f}×) is claimed in four of five runs"
    return f"{found.quantity}: with --budget {budget} {effect} ({design}; {noise})"
