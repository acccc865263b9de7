"""Each task's declared oracle value is what the references themselves read, in fine and in coarse dialects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from argus_eval.backends.oracle import reference_text
from argus_eval.core.sample import Sample
from argus_eval.data.resolution import resolve
from argus_eval.metrics.registry import METRICS
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.catalog import load_task, task_names
from argus_eval.tasks.reading import expressible, parse_context
from argus_eval.tasks.task import Task

DIFFERENT = ("argus", "qwen2.5-vl", "paligemma", "florence-2", "kosmos-2")
ANSWERS = [name for name in task_names() if not load_task(name).spec.answers_with_boxes]
LISTS = ("coco_detection", "lvis_detection", "vg_dense_caption", "text_spotting")
ONE_BOX = ("refcocog", "flickr30k_entities")


def read(task: Task, dialect_name: str) -> Mapping[str, float | None]:
    """All values of the task's metrics when the oracle answers about the bundled sample."""
    dialect = DIALECTS.get(dialect_name)
    data = resolve(task.spec.source, "bundled", strict=True, ci=True, bundled=task.spec.bundled)
    samples = [item for item in task.samples(data.rows()) if isinstance(item, Sample)]
    predictions = []
    for sample in samples:
        text, context = reference_text(task, sample, dialect), parse_context(task.spec, sample)
        boxes = task.spec.answers_with_boxes
        predictions.append(
            dialect.decode(text, context) if boxes else ANSWER_PARSERS.get(task.spec.parser)(text, context)
        )
    values: dict[str, float | None] = {}
    for name in task.spec.metrics:
        metric = METRICS.get(name)
        if hasattr(metric, "score"):
            scores = [metric.score(*pair) for pair in zip(predictions, samples, strict=True)]
            values |= {info.name: float(np.mean([score[info.name] for score in scores])) for info in metric.infos}
        else:
            parts = [metric.statistics(*pair) for pair in zip(predictions, samples, strict=True)]
            values |= metric.reduce(parts)
    return values


def check(name: str, dialect: str) -> None:
    task = load_task(name)
    values = read(task, dialect)
    expected = task.spec.oracle_for(dialect)
    assert expected, "a task declares what its oracle reads"
    for value_name, oracle in expected.items():
        assert values[value_name] == pytest.approx(oracle.value, abs=oracle.tolerance)


@pytest.mark.parametrize("name", [name for name in ANSWERS if not name.startswith("pope_")])
def test_answers(name: str):
    check(name, "argus")


@pytest.mark.parametrize("dialect", DIFFERENT)
@pytest.mark.parametrize("name", LISTS)
def test_lists_of_boxes(name: str, dialect: str):
    check(name, dialect)


@pytest.mark.parametrize("dialect", DIALECTS.names())
@pytest.mark.parametrize("name", ONE_BOX)
def test_one_box(name: str, dialect: str):
    way = DIALECTS.get(dialect)
    if not expressible(load_task(name).spec, labels=way.labels, points=way.points):
        pytest.skip(f"{dialect} writes points")
    check(name, dialect)


def test_a_coarse_dialect_has_its_own_value():
    spec = load_task("refcoco").spec
    assert spec.oracle_for("argus") == spec.oracle_for(None) == spec.oracle
    assert spec.oracle_for("kosmos-2")["acc@0.5"].value < 1
