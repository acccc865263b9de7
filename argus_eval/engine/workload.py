"""The images latency is measured on: real encoded images of the tasks, stratified, each one once."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.backends.protocol import ModelFacts
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import Sample
from argus_eval.data.rows import BadRow
from argus_eval.engine.asking import ask
from argus_eval.engine.plan import TaskPlan
from argus_eval.errors import UsageError

__all__ = ["WorkItem", "Workload", "make_workload"]

# Enough candidates to fill rare strata; more would only cost start-up time.
_CANDIDATES_A_TASK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One image with the question that goes with it."""

    task: str
    sample: str
    image: str
    request: Request

    def with_length(self, tokens: int) -> Request:
        """The request with a fixed output length; end-of-sequence is ignored."""
        return replace(self.request, decoding=Decoding(max_new_tokens=tokens, fixed_length=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Items to measure, and others of the same strata to warm up on."""

    items: tuple[WorkItem, ...]
    warmup: tuple[WorkItem, ...]
    fingerprint: str


def make_workload(tasks: tuple[TaskPlan, ...], model: ModelFacts, *, images: int, seed: int) -> Workload:
    """Draw distinct images from the tasks' own data, spread evenly over megapixels, aspect ratio and format.

    Args:
        tasks: tasks with image data, in order; each contributes the same number of candidates.
        model: whose prompts the requests carry.
        images: how many to measure on.
        seed: of the draw.

    Raises:
        UsageError: no task has a readable image.
    """
    strata: dict[tuple[object, ...], list[WorkItem]] = defaultdict(list)
    seen: set[str] = set()
    for plan in tasks:
        for item in itertools.islice(plan.samples(), _CANDIDATES_A_TASK):
            if isinstance(item, BadRow) or not item.images or item.image_size is None:
                continue
            if item.images[0].sha256 in seen:
                continue
            seen.add(item.images[0].sha256)
            strata[_stratum(item)].append(_work_item(plan, item, model))
    if not strata:
        raise UsageError("no image to measure speed on: none of the tasks' images can be read")
    chosen = _draw_evenly(list(strata.values()), images + _warmup_count(images), seed)
    warmup = _spare(chosen, images)
    items = tuple(item for item in chosen if item not in warmup)
    return Workload(items=items, warmup=warmup, fingerprint=fingerprint([item.image for item in items]))


def _warmup_count(images: int) -> int:
    return max(2, min(8, images // 8))


def _spare(chosen: list[WorkItem], images: int) -> tuple[WorkItem, ...]:
    """Images kept for warming up; with very few images the first doubles as both."""
    if len(chosen) < 4:
        return tuple(chosen[:1])
    count = max(1, min(_warmup_count(images), len(chosen) // 8))
    return tuple(chosen[-count:])


def _work_item(plan: TaskPlan, sample: Sample, model: ModelFacts) -> WorkItem:
    request = ask(plan, sample, model).request
    return WorkItem(task=plan.display, sample=sample.key, image=sample.images[0].sha256, request=request)


def _stratum(sample: Sample) -> tuple[object, ...]:
    size = sample.image_size
    assert size is not None
    aspect = size.width / size.height
    shape = "portrait" if aspect < 0.9 else "landscape" if aspect > 1.1 else "square"
    return (round(2 * np.log2(max(size.width * size.height, 1) / 1e6)), shape, sample.images[0].format)


def _draw_evenly(strata: list[list[WorkItem]], count: int, seed: int) -> list[WorkItem]:
    """Round robin over shuffled strata, so that any prefix of the result is spread over all of them."""
    rng = np.random.default_rng(seed)
    queues = []
    for stratum in strata:
        order = rng.permutation(len(stratum))
        queues.append([stratum[index] for index in order])
    chosen: list[WorkItem] = []
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop())
    return chosen
