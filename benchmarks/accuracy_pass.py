"""Is the accuracy pass as fast as a bare batched loop over the same model and samples? Interleaved.

    python -m benchmarks.accuracy_pass [--model argus-nano] [--task textvqa] [--n 512] [--batch-size 8]

The bare loop opens images, calls the stock processor on the batch, generates and decodes. The accuracy pass does
the same through the harness, the next batch prepared beside the model as in any run: prompts, parsing, scoring,
records on disk. Chunks of samples alternate between the
two. Prints the ratio bare / ours with a t interval over chunks (within 5 % is the requirement, 0.95 or more) and
the harness's own time outside the model for each sample (at most 1 ms). Ends with 1 if either misses.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import itertools
import json
import math
import pathlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from argus_eval.backends.protocol import Question
from argus_eval.backends.resolve import load_backend
from argus_eval.backends.transformers_local import LocalRunner
from argus_eval.config import RunConfig
from argus_eval.core.sample import Sample
from argus_eval.engine.accuracy import AccuracyPass, run_accuracy
from argus_eval.engine.asking import ask
from argus_eval.engine.narrator import Silent
from argus_eval.engine.plan import TaskPlan, make_plan
from argus_eval.measure.environment import capture_environment
from argus_eval.stats.intervals import t_interval
from argus_eval.store import RunWriter

_SLOWEST, _MOST_HARNESS_S = 0.95, 1e-3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(TaskPlan):
    """A task with samples that are in memory already: reading data is part of neither side."""

    chosen: tuple[Sample, ...]

    def samples(self) -> Iterator[Sample]:
        return iter(self.chosen)

    def planned(self) -> int:
        return len(self.chosen)


class Watched:
    """An arm that notes how long it was busy."""

    def __init__(self, runner: LocalRunner) -> None:
        self._runner, self.busy_s = runner, 0.0

    @property
    def looks_ahead(self) -> bool:
        """As the arm does."""
        return self._runner.looks_ahead

    def expect(self, questions: Sequence[Question]) -> None:
        """What comes next is prepared beside the model, as in any accuracy pass."""
        self._runner.expect(questions)

    def answer(self, questions: Sequence[Question]) -> Any:
        start = time.perf_counter()
        answers = self._runner.answer(questions)
        self.busy_s += time.perf_counter() - start
        return answers


def bare(model: Any, processor: Any, questions: Sequence[Question], batch_size: int) -> None:
    """The lines of a model card, in batches."""
    processor.tokenizer.padding_side = "left"
    waiting = iter(questions)
    while batch := list(itertools.islice(waiting, batch_size)):
        images = [[Image.open(io.BytesIO(q.request.images[0].data)).convert("RGB")] for q in batch]
        texts = []
        for question in batch:
            content = [{"type": "image"}, {"type": "text", "text": question.request.prompt}]
            turns = [{"role": "user", "content": content}]
            texts.append(processor.apply_chat_template(turns, add_generation_prompt=True))
        inputs = processor(text=texts, images=images, padding=True, return_tensors="pt")
        inputs = inputs.to(model.device, model.dtype)
        limit = batch[0].request.decoding.max_new_tokens
        with torch.inference_mode():
            output = model.generate(**inputs, do_sample=False, max_new_tokens=limit)
        processor.tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="argus-nano")
    parser.add_argument("--weights", help="a checkpoint (default: the model's own)")
    parser.add_argument("--task", default="textvqa")
    parser.add_argument("--n", type=int, default=512)
    parser.add_argument("--chunk", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    weights = {} if arguments.weights is None else {"": arguments.weights}
    config = RunConfig(
        models=(arguments.model,),
        tasks=(arguments.task,),
        recipes="baseline",
        weights=weights,
        data={"": "bundled"},
    )
    plan = make_plan(config)
    model, task = plan.models[0], plan.tasks[0]
    backend: Any = load_backend(model.facts, weights=model.weights, dtype=None, runs_dir=config.runs_dir, seed=0)
    pipeline = backend.runner(()).pipeline
    samples = [item for item in itertools.islice(task.samples(), arguments.n) if isinstance(item, Sample)]
    runner = Watched(backend.runner(()))
    ratios, ours_s, bare_s, harness_s = [], 0.0, 0.0, 0.0
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        run = RunWriter.create(pathlib.Path(folder) / "run", {"run_id": "benchmark"})
        with RunWriter(run) as writer:
            for number, start in enumerate(range(-arguments.chunk, len(samples), arguments.chunk)):
                # The first chunk is run once more before anything is measured.
                chosen = tuple(samples[max(start, 0) : max(start, 0) + arguments.chunk])
                chunk = Chunk(task=task.task, data=task.data, limit=None, chosen=chosen)
                job = AccuracyPass(
                    plan=chunk,
                    model=model.facts,
                    runners={f"chunk {number}": runner},  # type: ignore[dict-item]
                    batch_size=arguments.batch_size,
                    done={},
                )
                questions = [ask(task, sample, model.facts) for sample in chosen]
                seconds = {}
                busy_before = runner.busy_s
                for side in rng.permutation(["ours", "bare"]):
                    began = time.perf_counter()
                    if side == "ours":
                        run_accuracy(job, writer, Silent())
                    else:
                        bare(pipeline.model, pipeline.processor, questions, arguments.batch_size)
                    seconds[str(side)] = time.perf_counter() - began
                if start >= 0:
                    ratios.append(math.log(seconds["bare"] / seconds["ours"]))
                    ours_s, bare_s = ours_s + seconds["ours"], bare_s + seconds["bare"]
                    harness_s += seconds["ours"] - (runner.busy_s - busy_before)
    interval = t_interval(ratios)
    ratio, each_s = math.exp(float(np.mean(ratios))), harness_s / len(samples)
    bounds = "" if interval is None else f" [{math.exp(interval.low):.3f}, {math.exp(interval.high):.3f}]"
    print(f"{len(samples)} samples of {task.display} in batches of {arguments.batch_size}, {len(ratios)} chunks")
    rates = f"bare {len(samples) / bare_s:.1f}/s, accuracy pass {len(samples) / ours_s:.1f}/s"
    print(f"{rates}: ratio {ratio:.3f}{bounds}")
    print(f"harness outside the model: {each_s * 1e3:.2f} ms a sample")
    if arguments.json is not None:
        result = {
            "n": len(samples),
            "batch_size": arguments.batch_size,
            "chunks": len(ratios),
            "ratio": ratio,
            "interval": None if interval is None else [math.exp(interval.low), math.exp(interval.high)],
            "harness_s": each_s,
            "bare_per_s": len(samples) / bare_s,
            "accuracy_pass_per_s": len(samples) / ours_s,
            "threads": torch.get_num_threads(),
            "environment": capture_environment(),
        }
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(ratio < _SLOWEST or each_s > _MOST_HARNESS_S)


if __name__ == "__main__":
    sys.exit(main())
