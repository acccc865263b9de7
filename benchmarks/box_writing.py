"""How compact models should write boxes, and how many visual tokens they need: trained models side by side.

    python benchmarks/box_writing.py location-tokens=RUN/model digits=RUN2/model [--scenes 400] [--json FILE]

Each NAME=FOLDER is a model that ``argus-eval train`` has made; all are asked the same referring expressions, one
of each fresh scene (validation stream, none of a training run's held-out scenes), in turn, so that a slow moment
of the machine meets all of them. Printed for each: Acc@0.5 and mean IoU, tokens an answer, seconds an answer, and
seconds an object that was found (time of all answers over right answers), with 95 % intervals; and the difference
to the first model, scene by scene. Figures are of the models as trained: more training may turn them round.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from argus_eval.data.scenes.draws import Stream
from argus_eval.measure.environment import capture_environment
from argus_eval.models.argus.training.box_writing import read_bins
from argus_eval.models.argus.training.examples import Example, make_example
from argus_eval.models.argus.training.held_out import answer_of, box_iou, choose_questions
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.trainee import Trainee, trained_trainee
from argus_eval.stats.bootstrap import cluster_bootstrap

FloatArray = NDArray[np.float64]
FIRST_SEED = 200_000  # the held-out scenes of a training run are the first few hundred of the stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one model did, one row a scene."""

    iou: FloatArray
    tokens: FloatArray
    seconds: FloatArray

    @property
    def right(self) -> FloatArray:
        """1 where the box is right."""
        return (self.iou >= 0.5).astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    models = {
        name: trained_trainee(pathlib.Path(folder))
        for name, _, folder in (item.partition("=") for item in arguments.models)
    }
    side = {trainee.side_px for trainee in models.values()}
    if len(side) != 1:
        raise SystemExit(f"the models see tiles of {sorted(side)} px; compare models of one size")
    asked = questions(arguments.scenes, side.pop())
    found = ask(models, asked)
    result = {
        "environment": capture_environment(),
        "threads": arguments.threads,
        "scenes": len(asked),
        "models": {name: summary(rows, found[next(iter(found))]) for name, rows in found.items()},
    }
    for name, row in result["models"].items():
        print(name, json.dumps(row))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def questions(scenes: int, side_px: int) -> list[tuple[Example, Question]]:
    """One referring expression of each scene that has any."""
    examples = [
        make_example(FIRST_SEED + number, side_px, ("refcoco",), stream=Stream.VALIDATION)
        for number in range(scenes)
    ]
    return [pair for example in examples for pair in choose_questions([example], ("refcoco",), 1)]


def ask(models: dict[str, Trainee], asked: Sequence[tuple[Example, Question]]) -> dict[str, Found]:
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in models}
    for trainee in models.values():
        answer_of(trainee, asked[0][0], asked[0][1].prompt)  # warms up
    for turn, (example, question) in enumerate(asked):
        names = list(models)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            start = time.perf_counter()
            answer = answer_of(models[name], example, question.prompt)
            seconds = time.perf_counter() - start
            bins = read_bins(answer.text)
            assert not isinstance(question.target, str), "referring expressions have boxes"
            box = None if bins is None else models[name].locations.decode(bins).as_list()
            rows[name].append((0.0 if box is None else box_iou(box, question.target), answer.tokens, seconds))
    return {
        name: Found(**dict(zip(("iou", "tokens", "seconds"), np.array(several).T, strict=True)))
        for name, several in rows.items()
    }


def summary(found: Found, first: Found) -> dict[str, Any]:
    scenes = np.arange(len(found.iou))

    def interval(value: Any) -> list[float | None]:
        bounds = cluster_bootstrap(value, scenes, seed=0).interval_at(0.95)
        return [None, None] if bounds is None else [round(bounds.low, 5), round(bounds.high, 5)]

    def mean(values: FloatArray) -> dict[str, Any]:
        return {"mean": round(float(values.mean()), 5), "ci": interval(lambda w: float(w @ values / w.sum()))}

    def per_object(weights: FloatArray) -> float | None:
        right = float(weights @ found.right)
        return float(weights @ found.seconds) / right if right else None

    ones = np.ones(len(scenes))
    return {
        "acc@0.5": mean(found.right),
        "iou": mean(found.iou),
        "tokens": mean(found.tokens),
        "seconds": mean(found.seconds),
        "seconds_per_found_object": {"value": per_object(ones), "ci": interval(per_object)},
        "acc@0.5_minus_first": mean(found.right - first.right),
    }


if __name__ == "__main__":
    main()
