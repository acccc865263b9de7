"""What stage timers add to a request: their own spans once more, and the same images with them and without.

    python benchmarks/timer_overhead.py [--model argus-nano] [--images 100] [--tokens 1] [--json out.json]

Prints the relative cost of both kinds and its upper 95 % bound; ends with 1 if what the timers themselves take may
be more than 2 % (MEASUREMENT §4).
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import sys

import numpy as np
from stock_overhead import photograph

from argus_eval.core.request import Decoding, Request
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.stats.drift import MOST_OVERHEAD, paired_overhead, replayed_overhead


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="argus-nano")
    parser.add_argument("--scale", default="true", choices=("true", "tiny"))
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=4, help="pairs an image")
    parser.add_argument("--tokens", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    card = model_card(arguments.model)
    built = build_random(card, scale=arguments.scale, seed=0)
    pipeline = pipeline_for(card.family, built.model, built.processor)
    rng = np.random.default_rng(0)
    decoding = Decoding(max_new_tokens=arguments.tokens, fixed_length=True)
    times: dict[bool, list[list[float]]] = {True: [], False: []}
    shares: list[float] = []
    for number in range(-3, arguments.images):
        request = Request(key=str(number), images=(photograph(abs(number)),), prompt="What?", decoding=decoding)
        seen: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(arguments.repeats):
            for stages in rng.permutation([True, False]):
                timing = pipeline.run(request, StageRecorder(enabled=bool(stages))).timing
                assert timing is not None
                assert timing.e2e_ns is not None
                seen[bool(stages)].append(timing.e2e_ns / 1e9)
                if number >= 0 and timing.timers_ns is not None:
                    shares.append(timing.timers_ns / timing.e2e_ns)
        if number >= 0:
            for stages, seconds in seen.items():
                times[stages].append(seconds)
    found = paired_overhead(np.array(times[True]), np.array(times[False]))
    own = replayed_overhead(np.array(shares))
    assert found is not None
    assert own is not None
    typical = float(np.median(times[False]))
    result = {
        "model": arguments.model,
        "tokens": arguments.tokens,
        "pairs": arguments.images * arguments.repeats,
        "seconds_without": typical,
        "cost": own.cost,
        "upper": own.upper,
        "paired_cost": found.cost,
        "paired_upper": found.upper,
        "cpu": platform.processor() or platform.machine(),
    }
    print(f"{result['pairs']} pairs of {typical * 1e3:.1f} ms")
    print(f"stage timers take {own.cost:.3%}, at most {own.upper:.3%}")
    print(f"with and without them: {found.cost:+.2%}, at most {found.upper:+.2%}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(own.upper > MOST_OVERHEAD)


if __name__ == "__main__":
    sys.exit(main())
