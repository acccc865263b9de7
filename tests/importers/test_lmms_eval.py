"""Logs of lmms-eval."""

from __future__ import annotations

import pathlib

import pytest

from argus_eval.errors import UsageError
from argus_eval.importers.lmms_eval import read_lmms_eval
from tests.importers.logs import DATE, lmms_eval_log


def test_a_folder_is_read_by_its_results_and_samples(tmp_path: pathlib.Path) -> None:
    lmms_eval_log(tmp_path, [True, False, True])
    found = read_lmms_eval(tmp_path)
    assert found.model == "HuggingFaceTB/SmolVLM-256M-Instruct"
    # A group only repeats the values of its tasks.
    assert [task.name for task in found.tasks] == ["lmms:textvqa_val", "lmms:coco2017_cap_val"]
    textvqa = found.tasks[0]
    assert textvqa.primary == "exact_match"
    assert textvqa.reported == {"exact_match": pytest.approx(2 / 3), "recall": 0.25}
    assert [sample.scores for sample in textvqa.samples] == [{"exact_match": v} for v in (1.0, 0.0, 1.0)]
    assert [sample.text for sample in textvqa.samples] == ["stop", "go", "stop"]
    assert textvqa.samples[1].content == f"sha256:{1:064x}"


def test_the_answer_is_what_the_model_said_before_filters(tmp_path: pathlib.Path) -> None:
    caption = read_lmms_eval(lmms_eval_log(tmp_path, [True])).tasks[1]
    assert caption.samples[0].text == "a cat "
    assert caption.samples[0].scores == {}
    assert caption.reported == {"coco_CIDEr": 0.63}


def test_what_is_no_mean_of_its_samples_has_no_sample_scores(tmp_path: pathlib.Path) -> None:
    textvqa = read_lmms_eval(lmms_eval_log(tmp_path, [True, False, True])).tasks[0]
    assert {name for sample in textvqa.samples for name in sample.scores} == {"exact_match"}
    assert textvqa.reported["recall"] == 0.25


def test_throughput_is_tokens_by_seconds(tmp_path: pathlib.Path) -> None:
    speed = read_lmms_eval(lmms_eval_log(tmp_path, [True])).speed
    assert speed is not None
    assert speed.throughput == {"output_tokens_per_s": 30.0}


def test_without_samples_the_note_says_how_to_get_them(tmp_path: pathlib.Path) -> None:
    found = read_lmms_eval(lmms_eval_log(tmp_path, [True], samples=False))
    assert all("--log_samples" in note for note in found.notes)
    assert found.tasks[0].samples == ()


def test_the_newest_log_of_a_folder_counts(tmp_path: pathlib.Path) -> None:
    older = lmms_eval_log(tmp_path, [True])
    older.rename(older.with_name("20250101_000000_results.json"))
    lmms_eval_log(tmp_path, [True, False])
    assert read_lmms_eval(tmp_path).source[0].endswith(f"{DATE}_results.json")


def test_logs_of_two_models_must_be_named(tmp_path: pathlib.Path) -> None:
    lmms_eval_log(tmp_path, [True], model="a")
    lmms_eval_log(tmp_path, [True], model="b")
    with pytest.raises(UsageError, match="2 models"):
        read_lmms_eval(tmp_path)


@pytest.mark.parametrize(
    ("text", "match"),
    [("[]", "expected a JSON object"), ("{}", "'results' is missing"), ("{", "JSON"), ("[" * 10**5, "JSON")],
)
def test_other_files_are_refused(tmp_path: pathlib.Path, text: str, match: str) -> None:
    path = tmp_path / "x_results.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=match):
        read_lmms_eval(path)


def test_a_bad_line_is_named(tmp_path: pathlib.Path) -> None:
    path = lmms_eval_log(tmp_path, [True])
    samples = path.with_name(f"{DATE}_samples_textvqa_val.jsonl")
    samples.write_text(samples.read_text() + '{"target": 1}\n')
    with pytest.raises(UsageError, match="line 2: doc_id"):
        read_lmms_eval(path)
