from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from argus_eval.core.sample import AnswersTarget, BoxTarget, Sample
from argus_eval.data.resolution import resolve
from argus_eval.data.rows import BadRow
from argus_eval.tasks.catalog import load_task
from tests.data.make_reference_folders import make_reference_folders
from tests.data.tables import REFCOCO, refcoco_row, textvqa_row, write


def test_good_and_bad_rows_come_in_order(tmp_path: Path):
    rows = [refcoco_row(1), refcoco_row(2, bbox=None), refcoco_row(3, bbox=[1.0, 2.0, float("nan"), 4.0])]
    file = write(tmp_path / "val.parquet", rows, REFCOCO)
    task = load_task("refcoco")
    data = resolve(task.spec.source, str(file), strict=True, ci=True, bundled=None)
    assert [
        item.key if isinstance(item, Sample) else (item.key, item.reason) for item in task.samples(data.rows())
    ] == ["1/0", "1/1", ("2", "bbox is missing"), ("3", "bbox is not finite")]


def test_a_sample_that_repeats_another_is_reported():
    items = list(load_task("textvqa").samples([textvqa_row(1), textvqa_row(2), textvqa_row(1)]))
    assert [item.key for item in items] == ["1", "2", "1"]
    assert items[2] == BadRow(key="1", reason="repeats another sample")


def test_the_same_key_with_other_content_is_another_sample():
    rows = [textvqa_row(1), textvqa_row(1, question="why?"), textvqa_row(1, question="who?")]
    items = list(load_task("textvqa").samples(rows))
    assert [item.key for item in items] == ["1", "1#2", "1#3"]
    assert all(isinstance(item, Sample) for item in items)


def test_rows_that_were_bad_before_pass_through():
    bad = BadRow(key="line 3", reason="not valid JSON")
    assert list(load_task("textvqa").samples([bad])) == [bad]


@pytest.mark.reference
def test_real_photographs_in_the_hub_schemas(reference_dir: Path, tmp_path: Path):
    folders = make_reference_folders(reference_dir, tmp_path)
    made = {}
    for name, folder in folders.items():
        task = load_task(name)
        data = resolve(task.spec.source, str(folder), strict=True, ci=True, bundled=None)
        items = list(task.samples(data.rows()))
        assert Counter(map(type, items)) == {Sample: data.count_samples()}
        assert data.resolved == "local"
        made[name] = {item.key: item for item in items}
    clock = made["refcoco"]["1382/0"]
    assert clock.inputs == {"expression": "the clock is green in colour"}
    assert isinstance(clock.target, BoxTarget)
    assert clock.image_size == (800, 600)
    prompt = load_task("refcoco").prompt_for(clock, "internvl")
    assert prompt.user.endswith("describes: <ref>the clock is green in colour</ref>")
    couch = made["textvqa"]["987283"]
    assert couch.inputs == {"question": "What color is the couch?"}
    assert couch.target == AnswersTarget(answers=("Purple",) * 10)
    assert len(made["refcoco"]) == 258
    assert len(made["textvqa"]) >= 9
