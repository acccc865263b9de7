"""The accuracy pass: every arm answers every sample, in the same batches."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from argus_eval.backends.protocol import ArmRunner, LooksAhead, ModelFacts, Question
from argus_eval.core.codec import to_json
from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.prediction import prediction_to_json
from argus_eval.core.record import Record, Times, record_key
from argus_eval.core.response import Response
from argus_eval.core.sample import Sample
from argus_eval.data.fingerprint import data_fingerprint, sample_fingerprint
from argus_eval.data.rows import BadRow
from argus_eval.engine.asking import ask
from argus_eval.engine.flip_floor import FloorSubset
from argus_eval.engine.narrator import Narrator
from argus_eval.engine.plan import TaskPlan
from argus_eval.engine.scoring import Scorer
from argus_eval.errors import ArgusEvalError, IncompleteError, SampleError, UsageError
from argus_eval.store import RunWriter

__all__ = ["AccuracyPass", "SeenData", "run_accuracy", "survey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenData:
    """What a task's data turned out to be. ``bad_rows``: key → why no sample could be made of it."""

    fingerprint: str
    n: int
    bad_rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyPass:
    """What one accuracy pass needs.

    Attributes:
        plan: the task and its data.
        model: facts of the model.
        runners: arm id → runner, the baseline first.
        batch_size: samples answered together; the same for all arms.
        done: keys of records that an interrupted run left, with the sample fingerprint they were made from.
        subset: collects the samples that the flip floor asks about.
    """

    plan: TaskPlan
    model: ModelFacts
    runners: Mapping[str, ArmRunner]
    batch_size: int
    done: Mapping[str, str]
    subset: FloorSubset | None = None


def survey(plan: TaskPlan) -> SeenData:
    """Read a task's data once without asking anything."""
    return _Survey().over(plan.samples()).result()


class _Survey:
    """Collects fingerprints while samples stream by; holds no sample."""

    def __init__(self) -> None:
        self._fingerprints: list[str] = []
        self._bad: dict[str, str] = {}
        self._times: dict[str, int] = {}

    def over(self, items: Iterable[Sample | BadRow]) -> _Survey:
        for _ in self.watch(items):
            pass
        return self

    def watch(self, items: Iterable[Sample | BadRow]) -> Iterator[tuple[Sample, str]]:
        """The samples with their fingerprints; bad rows are kept aside."""
        for item in items:
            if isinstance(item, BadRow):
                self._bad[self._own_key(item)] = item.reason
            else:
                content = sample_fingerprint(item)
                self._fingerprints.append(content)
                yield item, content

    def _own_key(self, row: BadRow) -> str:
        """Rows that share an id are still rows of their own."""
        times = self._times[row.key] = self._times.get(row.key, 0) + 1
        return row.key if times == 1 else f"{row.key}#{times}"

    def result(self) -> SeenData:
        return SeenData(
            fingerprint=data_fingerprint(self._fingerprints), n=len(self._fingerprints), bad_rows=self._bad
        )


def run_accuracy(job: AccuracyPass, writer: RunWriter, narrator: Narrator) -> SeenData:
    """Answer and score every sample on every arm; finished records are kept.

    Returns:
        What the data turned out to be.

    Raises:
        IncompleteError: a finished record was made from a sample that has changed since.
        UsageError: no row of the data makes a sample.
    """
    total = job.plan.planned()
    scorer = Scorer(job.plan.task, job.model.dialect)
    watched = _Survey()
    finished = 0
    what = f"accuracy {job.plan.display}"
    records: list[Record] = []
    # While one arm answers, the next in turn prepares: no more than its batch is held ready meanwhile.
    for turn, following in itertools.pairwise(itertools.chain(_turns(job, watched), (None,))):
        assert turn is not None, "only the last pair ends with nothing"
        block, arm = turn
        if following is not None:
            _announce(job, *following)
        records.extend(_arm_records(job, scorer, arm, job.runners[arm], block))
        if following is None or following[0] is not block:
            writer.append(records)
            records = []
            finished += len(block.questions)
            narrator.progress(what, finished, total)
    seen = watched.result()
    if not seen.n:
        raise UsageError(_no_sample(job.plan, seen))
    return seen


def _no_sample(plan: TaskPlan, seen: SeenData) -> str:
    reasons = Counter(seen.bad_rows.values()).most_common(3)
    named = "; ".join(f"{reason} ({n:,})" for reason, n in reasons)
    return f"{plan.display}: {plan.data.source}: no row makes a sample: {named}"


@dataclass(frozen=True, slots=True)
class _Block:
    """A batch as it is asked of every arm."""

    number: int
    questions: Sequence[Question]
    contents: Sequence[str]


def _blocks(job: AccuracyPass, samples: Iterator[tuple[Sample, str]]) -> Iterator[_Block]:
    number = 0
    while batch := list(itertools.islice(samples, job.batch_size)):
        questions = [ask(job.plan, sample, job.model) for sample, _ in batch]
        contents = [content for _, content in batch]
        if job.subset is not None:
            for question, content in zip(questions, contents, strict=True):
                job.subset.offer(job.plan.display, question, content)
        yield _Block(number, questions, contents)
        number += 1


def _turns(job: AccuracyPass, watched: _Survey) -> Iterator[tuple[_Block, str]]:
    """Every batch under every arm, in the order they are asked."""
    for block in _blocks(job, watched.watch(job.plan.samples())):
        for arm in job.runners:
            yield block, arm


def _announce(job: AccuracyPass, block: _Block, arm: str) -> None:
    runner = job.runners[arm]
    if isinstance(runner, LooksAhead) and _missing(job, arm, block):
        runner.expect(block.questions)


def _keys(job: AccuracyPass, arm: str, block: _Block) -> list[str]:
    return [record_key("accuracy", arm, job.plan.display, question.sample.key) for question in block.questions]


def _missing(job: AccuracyPass, arm: str, block: _Block) -> bool:
    return any(key not in job.done for key in _keys(job, arm, block))


def _arm_records(job: AccuracyPass, scorer: Scorer, arm: str, runner: ArmRunner, block: _Block) -> list[Record]:
    """Records of one batch on one arm that are still missing. The batch is always answered as a whole."""
    questions, keys = block.questions, _keys(job, arm, block)
    for key, content, question in zip(keys, block.contents, questions, strict=True):
        if job.done.get(key, content) != content:
            raise IncompleteError(
                f"{job.plan.display}: sample {question.sample.key!r} has changed since this run began; "
                "start another with --fresh"
            )
    if not _missing(job, arm, block):
        return []
    answers = runner.answer(questions)
    return [
        _record(job, scorer, arm, (key, block.number, order, content), question, answer)
        for order, (key, content, question, answer) in enumerate(
            zip(keys, block.contents, questions, answers, strict=True)
        )
        if key not in job.done
    ]


def _record(
    job: AccuracyPass,
    scorer: Scorer,
    arm: str,
    place: tuple[str, int, int, str],
    question: Question,
    answer: Response | SampleError,
) -> Record:
    key, number, order, content = place
    sample = question.sample
    common = {
        "key": key,
        "pass_name": "accuracy",
        "arm": arm,
        "task": job.plan.display,
        "sample": sample.key,
        "replicate": 0,
        "block": number,
        "order": order,
        "image": sample.cluster,
    }
    if isinstance(answer, SampleError):
        return Record(**common, status="error", error=str(answer), hashes={"sample": content})  # type: ignore[arg-type]
    hashes = {"sample": content}
    try:
        prediction = scorer.predict(answer, sample)
        scores = dict(scorer.score(prediction, sample))
    except (ArgusEvalError, ValueError) as problem:
        # A sample that cannot be scored, such as one whose image has no readable size, is its own error.
        return Record(**common, status="error", error=f"scoring: {problem}", text=answer.text, hashes=hashes)  # type: ignore[arg-type]
    if answer.token_ids:
        hashes["tokens"] = fingerprint(list(answer.token_ids))
    return Record(
        **common,  # type: ignore[arg-type]
        status="ok",
        text=answer.text,
        prediction=prediction_to_json(prediction),
        scores=scores,
        times_ns=_times(answer),
        lengths=to_json(answer.lengths),
        hashes=hashes,
    )


def _times(answer: Response) -> Times:
    """Times of an answer at its natural end, where the backend takes them (a server asked one by one)."""
    if answer.timing is None:
        return Times()
    stages = dict(answer.timing.stages_ns)
    return Times(ttft=answer.timing.ttft_ns, e2e=answer.timing.e2e_ns, stages=stages)
