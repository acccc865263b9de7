"""The oracle reads what each task declares, in every dialect that can express it; wrong conventions do not."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from argus_eval.backends.oracle import OracleBackend, reference_text
from argus_eval.backends.protocol import Question
from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Region
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.sample import BoxTarget, Sample
from argus_eval.data.resolution import resolve
from argus_eval.engine.scoring import Scorer
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.catalog import load_task
from argus_eval.tasks.reading import expressible, parse_context

COUNT = 40


def bundled(name: str, count: int = COUNT) -> tuple[Any, list[Sample]]:
    task = load_task(name)
    data = resolve(task.spec.source, "bundled", strict=False, ci=False, bundled=task.spec.bundled)
    samples = (item for item in task.samples(data.rows()) if isinstance(item, Sample))
    return task, list(itertools.islice(samples, count))


@pytest.fixture(scope="module")
def refcoco() -> tuple[Any, list[Sample]]:
    return bundled("refcoco")


def mean(task: Any, dialect: str, samples: list[Sample], texts: list[str], name: str) -> float:
    scorer = Scorer(task, dialect)
    values = [
        scorer.score(scorer.predict(Response(text=text), sample), sample)[name]
        for sample, text in zip(samples, texts, strict=True)
    ]
    return sum(values) / len(values)


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_grounding_reads_one_in_every_dialect(refcoco: tuple[Any, list[Sample]], dialect: str) -> None:
    task, samples = refcoco
    found = DIALECTS.get(dialect)
    if not expressible(task.spec, labels=found.labels, points=found.points):
        pytest.skip(f"{dialect} writes points, not boxes")
    texts = [reference_text(task, sample, found) for sample in samples]
    assert mean(task, dialect, samples, texts, "acc@0.5") == 1.0


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_swapped_axes_do_not_read_one(refcoco: tuple[Any, list[Sample]], dialect: str) -> None:
    task, samples = refcoco
    found = DIALECTS.get(dialect)
    if found.points:
        pytest.skip(f"{dialect} writes points, not boxes")
    texts = []
    for sample in samples:
        assert isinstance(sample.target, BoxTarget)
        assert sample.image_size is not None
        box = sample.target.box.to_unit(sample.image_size)
        swapped = Region(box=UnitBox(box.y1, box.x1, box.y2, box.x2), label="thing")
        texts.append(found.encode([swapped], parse_context(task.spec, sample)))
    assert mean(task, dialect, samples, texts, "acc@0.5") < 0.5


@pytest.mark.parametrize(
    ("written", "read"), [("qwen2.5-vl", "qwen3-vl"), ("internvl", "shikra"), ("shikra", "cogvlm")]
)
def test_the_wrong_range_does_not_read_one(refcoco: tuple[Any, list[Sample]], written: str, read: str) -> None:
    task, samples = refcoco
    texts = [reference_text(task, sample, DIALECTS.get(written)) for sample in samples]
    assert mean(task, read, samples, texts, "acc@0.5") < 0.75


def test_textvqa_reads_one() -> None:
    task, samples = bundled("textvqa")
    texts = [reference_text(task, sample, DIALECTS.get("argus")) for sample in samples]
    assert mean(task, "argus", samples, texts, "vqa_accuracy") == 1.0


def test_an_unreadable_header_is_one_sample_s_error(refcoco: tuple[Any, list[Sample]]) -> None:
    task, samples = refcoco
    broken = dataclasses.replace(samples[0], images=(dataclasses.replace(samples[0].images[0], size=None),))
    request = Request(key="k", images=(), prompt="", decoding=Decoding(max_new_tokens=1))
    runner = OracleBackend("argus").runner(())
    answers = runner.answer([Question(task=task, sample=item, request=request) for item in (broken, samples[1])])
    assert "header" in str(answers[0])
    assert isinstance(answers[1], Response)
