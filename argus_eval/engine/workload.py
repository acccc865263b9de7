"""The images latency is measured on: real encoded images of the tasks or of a folder, stratified, each once."""

from __future__ import annotations

import itertools
import pathlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from argus_eval.backends.protocol import ModelFacts
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage, Sample
from argus_eval.data.images import encoded_image
from argus_eval.data.rows import BadRow
from argus_eval.engine.asking import ask
from argus_eval.engine.plan import TaskPlan
from argus_eval.errors import SampleError, UsageError

__all__ = ["WorkItem", "Workload", "make_workload"]

# Enough candidates to fill rare strata; more would only cost start-up time.
_CANDIDATES_A_TASK = 1024
_CANDIDATES_OF_A_FOLDER = 4096
_QUESTION, _DESCRIPTION_TOKENS = "Describe this image.", 128
# One of each common stratum; every round of the warm-up runs all of them.
_WARMUP_IMAGES, _AUDIT_IMAGES = 8, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One image with the question that goes with it; ``request`` itself lets an answer end where it ends."""

    task: str
    sample: str
    image: str
    request: Request

    def with_length(self, tokens: int) -> Request:
        """The request with a fixed output length; end-of-sequence is ignored."""
        return replace(self.request, decoding=Decoding(max_new_tokens=tokens, fixed_length=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Items to measure, others of the same strata to warm up on, and unseen ones for the cache audit."""

    items: tuple[WorkItem, ...]
    warmup: tuple[WorkItem, ...]
    fingerprint: str
    audit: tuple[WorkItem, ...] = ()


def make_workload(
    tasks: tuple[TaskPlan, ...], model: ModelFacts, *, images: int, seed: int, folder: str | None = None
) -> Workload:
    """Draw distinct images spread evenly over megapixels, aspect ratio and format.

    Args:
        tasks: tasks with image data, in order; each contributes the same number of candidates.
        model: whose prompts the requests carry.
        images: how many to measure on.
        seed: of the draw.
        folder: draw from the images under this folder instead; each is asked to be described.

    Raises:
        UsageError: there is no readable image.
    """
    strata: dict[tuple[object, ...], list[WorkItem]] = defaultdict(list)
    seen: set[str] = set()
    candidates = _of_tasks(tasks, model) if folder is None else _of_folder(pathlib.Path(folder))
    for item in candidates:
        if item.image not in seen:
            seen.add(item.image)
            strata[_stratum(item.request.images[0])].append(item)
    if not strata:
        where = "of the tasks' images" if folder is None else f"file under {folder}"
        raise UsageError(f"no image to measure speed on: none {where} can be read as an image")
    spare = max(2, min(_WARMUP_IMAGES, images // 8))
    chosen = _draw_evenly(list(strata.values()), images + spare + _AUDIT_IMAGES, seed)
    warmup, rest = _spare(chosen, spare)
    extra = max(0, len(rest) - images)
    items = rest[extra:]
    return Workload(
        items=items, warmup=warmup, audit=rest[:extra], fingerprint=fingerprint([item.image for item in items])
    )


def _of_tasks(tasks: tuple[TaskPlan, ...], model: ModelFacts) -> Iterator[WorkItem]:
    for plan in tasks:
        for item in itertools.islice(plan.samples(), _CANDIDATES_A_TASK):
            if not isinstance(item, BadRow) and item.images and item.image_size is not None:
                yield _work_item(plan, item, model)


def _of_folder(folder: pathlib.Path) -> Iterator[WorkItem]:
    """Every image file under a folder, by its bytes and not by its name."""
    if not folder.is_dir():
        raise UsageError(f"--workload {folder}: no such folder")
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    for path in itertools.islice(files, _CANDIDATES_OF_A_FOLDER):
        try:
            image = encoded_image(path)
        except SampleError:
            continue
        if image.size is not None:
            name = str(path.relative_to(folder))
            decoding = Decoding(max_new_tokens=_DESCRIPTION_TOKENS)
            request = Request(key=name, images=(image,), prompt=_QUESTION, decoding=decoding)
            yield WorkItem(task="workload", sample=name, image=image.sha256, request=request)


def _spare(chosen: list[WorkItem], count: int) -> tuple[tuple[WorkItem, ...], tuple[WorkItem, ...]]:
    """Images to warm up on, of every stratum as far as they go, and the others; of a few the first is both."""
    if len(chosen) < 4:
        return tuple(chosen[:1]), tuple(chosen)
    taken = max(1, min(count, len(chosen) // 8))
    return tuple(chosen[:taken]), tuple(chosen[taken:])


def _work_item(plan: TaskPlan, sample: Sample, model: ModelFacts) -> WorkItem:
    request = ask(plan, sample, model).request
    return WorkItem(task=plan.display, sample=sample.key, image=sample.images[0].sha256, request=request)


def _stratum(image: EncodedImage) -> tuple[object, ...]:
    size = image.size
    assert size is not None
    aspect = size.width / size.height
    shape = "portrait" if aspect < 0.9 else "landscape" if aspect > 1.1 else "square"
    return (round(2 * np.log2(max(size.width * size.height, 1) / 1e6)), shape, image.format)


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
