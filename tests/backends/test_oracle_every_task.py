"""Each task's declared oracle value, in every dialect that can express its answers.

Values that are 1 by construction are read on a few samples; a declared ceiling holds for the bundled sample as a
whole, so it is read on all of it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from argus_eval.backends.oracle import reference_text
from argus_eval.core.response import Response
from argus_eval.core.sample import Sample
from argus_eval.data.resolution import resolve
from argus_eval.engine.scoring import Scorer, corpus_metrics_of
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.catalog import expand, load_task
from argus_eval.tasks.reading import expressible
from argus_eval.tasks.task import Task

FEW = 4


@functools.cache
def samples_of(name: str, count: int | None) -> tuple[Sample, ...]:
    task = load_task(name)
    data = resolve(task.spec.source, "bundled", strict=False, ci=False, bundled=task.spec.bundled)
    return tuple(itertools.islice((s for s in task.samples(data.rows()) if isinstance(s, Sample)), count))


def speaks(task: Task, dialect: str) -> bool:
    found = DIALECTS.get(dialect)
    return expressible(task.spec, labels=found.labels, points=found.points)


def cells() -> list[tuple[str, str]]:
    found = []
    for name in expand(["all"]):
        task = load_task(name)
        dialects = DIALECTS if task.spec.answers_with_boxes else ("argus",)
        found.extend((name, dialect) for dialect in dialects if speaks(task, dialect))
    return found


def read(name: str, dialect: str, count: int | None) -> Mapping[str, float | None]:
    task, samples = load_task(name), samples_of(name, count)
    scorer, found = Scorer(task, dialect), DIALECTS.get(dialect)
    answered = [
        (scorer.predict(Response(text=reference_text(task, sample, found)), sample), sample) for sample in samples
    ]
    rows = [scorer.score(prediction, sample) for prediction, sample in answered]
    values: dict[str, float | None] = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    for metric in corpus_metrics_of(task):
        if any(info.name in task.spec.oracle for info in metric.infos):
            values.update(metric.reduce([metric.statistics(*pair) for pair in answered]))
    return values


def exact_cells() -> list[tuple[str, str]]:
    return [(n, d) for n, d in cells() if any(o.value == 1.0 for o in load_task(n).spec.oracle_for(d).values())]


def test_every_task_declares_a_value() -> None:
    assert all(load_task(name).spec.oracle for name in expand(["all"]))


@pytest.mark.parametrize(("name", "dialect"), exact_cells())
def test_declared_values_of_1_are_read_on_any_sample(name: str, dialect: str) -> None:
    declared = load_task(name).spec.oracle_for(dialect)
    exact = {value for value, oracle in declared.items() if oracle.value == 1.0}
    values = read(name, dialect, FEW)
    for value in exact:
        assert values[value] == pytest.approx(1.0, abs=declared[value].tolerance), value


@pytest.mark.parametrize(
    ("name", "dialect"),
    [
        ("coco_detection", "kosmos-2"),
        ("lvis_detection", "kosmos-2"),
        ("refcoco", "kosmos-2"),
        ("flickr30k_entities", "kosmos-2"),
        ("text_spotting", "kosmos-2"),
        ("vg_dense_caption", "argus"),
        ("vg_dense_caption", "kosmos-2"),
        ("vg_dense_caption", "doctags"),
    ],
)
def test_declared_ceilings_are_read_on_the_whole_sample(name: str, dialect: str) -> None:
    values = read(name, dialect, None)
    for value, oracle in load_task(name).spec.oracle_for(dialect).items():
        assert values[value] == pytest.approx(oracle.value, abs=oracle.tolerance), value


def test_fine_dialects_read_the_same_dense_captions() -> None:
    found = {d: read("vg_dense_caption", d, FEW)["dense_map"] for n, d in cells() if n == "vg_dense_caption"}
    assert len(found) > 10
    coarse = found.pop("kosmos-2")
    assert max(found.values()) - min(found.values()) < 0.02  # type: ignore[type-var, operator]
    assert coarse is not None
    assert coarse < max(value for value in found.values() if value is not None)
