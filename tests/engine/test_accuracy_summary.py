"""From records to results: intervals of every value, references of the whole split, ceilings, notes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from argus_eval.core.prediction import Answer, Parsed, Prediction, prediction_to_json
from argus_eval.core.record import Record
from argus_eval.core.results import DataResolution, TaskResult
from argus_eval.core.sample import AnswersTarget, Sample
from argus_eval.data.resolution import resolve
from argus_eval.engine.accuracy_summary import collect_answers, task_result
from argus_eval.engine.corpus_intervals import corpus_intervals, resampled
from argus_eval.engine.plan import TaskPlan
from argus_eval.metrics.captions import CAPTIONS
from argus_eval.metrics.corpus import prepared
from argus_eval.metrics.meteor import METEOR
from argus_eval.metrics.pope import POPE
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.stats.bootstrap import cluster_bootstrap
from argus_eval.tasks.catalog import load_task
from argus_eval.tasks.perfect import perfect_answer

ARM = "m:baseline"
DATA = DataResolution(requested="bundled", resolved="bundled", fingerprint="", n=0)


def plan_of(name: str, limit: int | None) -> TaskPlan:
    task = load_task(name)
    data = resolve(task.spec.source, "bundled", strict=False, ci=False, bundled=task.spec.bundled)
    return TaskPlan(task=task, data=data, limit=limit)


def samples_of(plan: TaskPlan) -> list[Sample]:
    return [item for item in plan.samples() if isinstance(item, Sample)]


def record(sample: Sample, prediction: Prediction, order: int) -> Record:
    return Record(
        key=f"k{order}",
        pass_name="accuracy",
        arm=ARM,
        task="t",
        sample=sample.key,
        replicate=0,
        block=0,
        order=order,
        image=sample.cluster,
        status="ok",
        text="",
        prediction=prediction_to_json(prediction),
        scores={},
    )


def result_of(
    plan: TaskPlan, samples: Sequence[Sample], predictions: Sequence[Prediction], dialect: str | None = None
) -> TaskResult:
    records = [record(s, p, i) for i, (s, p) in enumerate(zip(samples, predictions, strict=True))]
    answers = collect_answers(plan, records, (dialect,) if dialect else ())
    return task_result(answers, ARM, DATA, "", 0, dialect)


def caption_of(sample: Sample, which: int) -> str:
    assert isinstance(sample.target, AnswersTarget)
    return sample.target.answers[which]


def test_cider_of_a_part_uses_the_references_of_the_whole() -> None:
    plan = plan_of("coco_caption", 12)
    samples = samples_of(plan)
    everything = samples_of(plan_of("coco_caption", None))
    assert len(samples) == 12 < len(everything)
    # Another image's caption: right neither by itself nor in its document frequencies.
    texts = [caption_of(other, 0) for other in (*samples[1:], samples[0])]
    predictions = [Parsed(value=Answer(text=text)) for text in texts]
    found = result_of(plan, samples, predictions)
    references = [item.target.answers for item in everything if isinstance(item.target, AnswersTarget)]
    metric = CAPTIONS.with_references(references)
    pairs = list(zip(predictions, samples, strict=True))
    wanted = metric.reduce([metric.statistics(p, s) for p, s in pairs])["CIDEr"]
    own = CAPTIONS.reduce([CAPTIONS.statistics(p, s) for p, s in pairs])["CIDEr"]
    assert found.metrics["CIDEr"].value == wanted != own
    assert f"CIDEr: document frequencies of the references of {len(everything)} images" in found.notes
    assert any(note.startswith(f"--limit: the first 12 of {len(everything)}") for note in found.notes)


def test_statistics_of_captions_keep_the_frequencies_they_were_made_with() -> None:
    samples = samples_of(plan_of("coco_caption", 6))
    metric = CAPTIONS.with_references([("a cat",), ("a dog",), ("the bird",)])
    statistics = [metric.statistics(Parsed(value=Answer(text=caption_of(s, 1))), s) for s in samples]
    assert CAPTIONS.reduce(statistics) == metric.reduce(statistics)


def test_the_ceiling_of_a_coarse_dialect_stands_beside_ap() -> None:
    plan = plan_of("coco_detection", 16)
    samples = samples_of(plan)
    fine, coarse = (
        result_of(
            plan, samples, [perfect_answer(plan.task.spec, s, DIALECTS.get(name)) for s in samples], dialect=name
        ).metrics["AP"]
        for name in ("qwen3-vl", "kosmos-2")
    )
    assert fine.ceiling == fine.value
    assert coarse.ceiling == coarse.value
    assert coarse.ceiling is not None
    assert fine.ceiling is not None
    assert coarse.ceiling < 0.9 < 0.99 < fine.ceiling <= 1.0


def test_the_source_of_scores_is_declared() -> None:
    plan = plan_of("coco_detection", 2)
    samples = samples_of(plan)
    found = result_of(plan, samples, [perfect_answer(plan.task.spec, s, DIALECTS.get("argus")) for s in samples])
    assert any(note.startswith("AP scores: constant") for note in found.notes)


def test_every_value_gets_the_interval_its_own_bootstrap_gives() -> None:
    rng = np.random.default_rng(3)
    statistics = [(bool(a), bool(b)) for a, b in rng.integers(0, 2, size=(420, 2))]
    clusters = [f"image {i // 2}" for i in range(len(statistics))]
    values = prepared(POPE, statistics)
    found = corpus_intervals(values, clusters, seed=5)
    assert found.keys() == {info.name for info in POPE.infos}
    for name in found:
        alone = cluster_bootstrap(
            lambda weights, name=name: values(weights)[name],  # type: ignore[misc]
            clusters,
            seed=5,
            draws=1000,
        ).interval
        assert alone is not None
        assert found[name] == (alone.low, alone.high)


@pytest.mark.parametrize(("images", "wanted"), [(199, False), (200, True)])
def test_no_interval_below_200_images_and_none_that_starts_java(images: int, wanted: bool) -> None:
    clusters = [str(i) for i in itertools.chain(range(images), range(50))]
    assert resampled(POPE, clusters) is wanted
    assert resampled(METEOR, clusters) is False
