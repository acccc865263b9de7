"""The flip floor: samples that the baseline answers in the run's batches are asked of it one by one as well.

What changes between the two is noise of numerics that no recipe is to be blamed for (MEASUREMENT §20). The samples
are a random part of all tasks, chosen by a hash of what they are called, so that a resumed run chooses the same
ones and any beginning of the list is a random part too: when the time is up the list simply ends.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from argus_eval.backends.protocol import ArmRunner, Question
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.loss_class import LossClass
from argus_eval.core.record import Record, record_key
from argus_eval.core.response import Response
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import ModelPlan
from argus_eval.errors import SampleError
from argus_eval.recipes.compose import loss_class
from argus_eval.store import RunWriter

__all__ = [
    "FLOOR_SHARE",
    "MOST_SAMPLES",
    "AccuracyPace",
    "FloorJob",
    "FloorSample",
    "FloorSubset",
    "floor_obstacle",
    "run_floor",
]

#: Samples at most; what the floor may cost as a share of the accuracy pass of all arms, in answers and in time.
MOST_SAMPLES, FLOOR_SHARE = 200, 0.1
# Encoded images that may be held until the accuracy pass is over.
_MOST_BYTES = 256 * 1024 * 1024
_TOGETHER = 8


def floor_obstacle(model: ModelPlan, batch_size: int) -> str | None:
    """Why no floor is measured; ``None`` where one is.

    An L0 arm is judged by its hashes, and whoever answers over a wire batches as it likes.
    """
    if all(loss_class(arm.recipes) is LossClass.L0 for arm in model.arms):
        return "no arm that rounds differently or drops information"
    if model.facts.backend != "transformers":
        return "whoever serves the model makes its batches"
    if batch_size < 2:
        return "every answer was given alone, there is no batch to compare with"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorSample:
    """A question that may be asked once more; ``content`` is the fingerprint of its sample."""

    task: str
    question: Question
    content: str

    @property
    def size_bytes(self) -> int:
        """Of its encoded images."""
        return sum(len(image.data) for image in self.question.request.images)


@dataclass(slots=True, kw_only=True)
class FloorSubset:
    """The samples with the smallest hashes among those that stream by.

    Attributes:
        seed: of the hash. most: samples kept. most_bytes: encoded images kept.
    """

    seed: int
    most: int = MOST_SAMPLES
    most_bytes: int = _MOST_BYTES
    _heap: list[tuple[int, int, FloorSample]] = field(default_factory=list, init=False)
    _bytes: int = field(default=0, init=False)
    _offered: int = field(default=0, init=False)

    def offer(self, task: str, question: Question, content: str) -> None:
        """Keep a sample if it is among the chosen so far."""
        rank = int(fingerprint([self.seed, task, question.sample.key]).removeprefix("sha256:")[:15], 16)
        sample = FloorSample(task=task, question=question, content=content)
        self._offered += 1
        # The largest rank on top; the count keeps samples from being compared.
        heapq.heappush(self._heap, (-rank, self._offered, sample))
        self._bytes += sample.size_bytes
        while len(self._heap) > self.most or (self._bytes > self.most_bytes and len(self._heap) > 1):
            self._bytes -= heapq.heappop(self._heap)[2].size_bytes

    def chosen(self) -> list[FloorSample]:
        """Samples in the order they are to be asked in."""
        return [sample for _, _, sample in sorted(self._heap, key=lambda item: -item[0])]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPace:
    """How long the accuracy pass took: ``made`` of its ``answers``, in ``spent_s`` seconds, in this sitting."""

    spent_s: float
    made: int
    answers: int

    @property
    def most_s(self) -> float:
        """Seconds that the floor may take; infinite where an earlier sitting gave every answer."""
        return FLOOR_SHARE * self.spent_s * self.answers / self.made if self.made > 0 else math.inf

    @property
    def most(self) -> int:
        """Answers that the floor may have: one alone never takes less time than one in a batch."""
        return math.ceil(FLOOR_SHARE * self.answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorJob:
    """What the floor of one model needs.

    Attributes:
        arm: id of the baseline. runner: answers for it.
        samples: what may be asked, in order.
        done: records that an interrupted run left.
        pace: of the accuracy pass.
    """

    arm: str
    runner: ArmRunner
    samples: Sequence[FloorSample]
    done: Mapping[str, Record]
    pace: AccuracyPace


def run_floor(job: FloorJob, writer: RunWriter, narrator: Narrator, clock_s: Callable[[], float]) -> None:
    """Answer the samples one by one while there is time; a floor that was finished before stays as it is."""
    end = record_key("floor", job.arm)
    samples = job.samples[: job.pace.most]
    if end in job.done or not samples:
        return
    waiting = [sample for sample in samples if _key(job, sample) not in job.done]
    until_s = clock_s() + job.pace.most_s
    while waiting and clock_s() < until_s:
        records: list[Record] = []
        for sample in waiting[:_TOGETHER]:
            if clock_s() < until_s:
                (answer,) = job.runner.answer([sample.question])
                records.append(_record(job, sample, len(samples) - len(waiting) + len(records), answer))
        writer.append(records)
        waiting = waiting[len(records) :]
        narrator.progress(f"flip floor {job.arm}", len(samples) - len(waiting), len(samples))
    writer.append([_end(job, end, len(samples) - len(waiting))])


def _key(job: FloorJob, sample: FloorSample) -> str:
    return record_key("floor", job.arm, sample.task, sample.question.sample.key)


def _record(job: FloorJob, sample: FloorSample, order: int, answer: Response | SampleError) -> Record:
    failed = isinstance(answer, SampleError)
    hashes = {"sample": sample.content}
    if not isinstance(answer, SampleError) and answer.token_ids:
        hashes["tokens"] = fingerprint(list(answer.token_ids))
    return Record(
        key=_key(job, sample),
        pass_name="floor",  # noqa: S106 - a measuring pass
        arm=job.arm,
        task=sample.task,
        sample=sample.question.sample.key,
        replicate=0,
        block=order,
        order=0,
        status="error" if failed else "ok",
        error=str(answer) if isinstance(answer, SampleError) else None,
        text=None if isinstance(answer, SampleError) else answer.text,
        hashes=hashes,
        image=sample.question.sample.cluster,
    )


def _end(job: FloorJob, key: str, answered: int) -> Record:
    return Record(
        key=key,
        pass_name="floor",  # noqa: S106 - a measuring pass
        arm=job.arm,
        task="",
        sample="",
        replicate=0,
        block=answered,
        order=0,
        status="ok",
        role="complete",
        values={"answers": float(answered), "of": float(len(job.samples))},
    )
