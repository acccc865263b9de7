"""Every task on its bundled sample: each row makes its samples, and every family can be asked about them."""

from __future__ import annotations

import pytest

from argus_eval.core.sample import Sample
from argus_eval.data.fingerprint import sample_fingerprint
from argus_eval.data.resolution import resolve
from argus_eval.metrics.registry import METRICS
from argus_eval.tasks.catalog import load_task, task_names
from argus_eval.tasks.prompts import STYLES


@pytest.mark.parametrize("name", task_names())
def test_the_bundled_sample_is_whole(name: str):
    task = load_task(name)
    data = resolve(task.spec.source, "bundled", strict=True, ci=True, bundled=task.spec.bundled)
    items = list(task.samples(data.rows()))
    assert data.synthetic
    assert [item for item in items if not isinstance(item, Sample)] == []
    assert len(items) == data.count_samples() >= 50
    assert len({item.key for item in items}) == len({sample_fingerprint(item) for item in items}) == len(items)
    assert all(item.image_size is not None for item in items)
    for style in STYLES:
        assert task.prompt_for(items[0], style).user
    metric = METRICS.get(task.spec.metrics[0])
    assert hasattr(metric, "score") or hasattr(metric, "statistics")
