"""Imported logs as runs: what the gate, the report and load_run read out of them."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from argus_eval.gate.pairing import pairs_across
from argus_eval.gate.read_run import read_run
from argus_eval.importers.lmms_eval import read_lmms_eval
from argus_eval.importers.vllm_bench import read_vllm_bench
from argus_eval.importers.writing import write_run
from argus_eval.stats.preservation import exact_mcnemar
from argus_eval.store import RunDirectory
from tests.importers.logs import lmms_eval_log, vllm_bench_result


def imported(folder: pathlib.Path, correct: list[bool]) -> RunDirectory:
    return write_run(read_lmms_eval(lmms_eval_log(folder, correct)), folder / "runs")


def test_results_are_means_of_the_samples_with_intervals(tmp_path: pathlib.Path) -> None:
    correct = [index % 3 != 0 for index in range(60)]
    results = imported(tmp_path, correct).results()
    assert results.complete
    (arm,) = results.arms
    textvqa, captions = arm.tasks
    accuracy = textvqa.metrics["exact_match"]
    assert accuracy.value == pytest.approx(np.mean(correct))
    assert accuracy.ci is not None
    assert accuracy.ci[0] < 2 / 3 < accuracy.ci[1]
    assert captions.metrics["coco_CIDEr"].value == 0.63
    assert captions.metrics["coco_CIDEr"].ci is None
    assert any("lmms-eval" in banner for banner in results.banners)


def test_the_same_log_is_the_same_run(tmp_path: pathlib.Path) -> None:
    first, again = (imported(tmp_path, [True, False]) for _ in range(2))
    assert first.path == again.path
    assert len(list(again.records())) == 3


def test_two_logs_are_paired_sample_by_sample(tmp_path: pathlib.Path) -> None:
    before = [True] * 50 + [False] * 10
    after = [True] * 45 + [False] * 5 + [True] * 2 + [False] * 8
    left, right = (read_run(imported(tmp_path / name, c)) for name, c in (("a", before), ("b", after)))
    (pair,) = pairs_across(left.arms, right)
    joined = pair.tasks["lmms:textvqa_val"]
    assert joined.invalid() == ()
    scores = joined.scores
    assert scores is not None
    assert (joined.n, scores.lost, scores.gained) == (60, 5, 2)
    assert exact_mcnemar(scores.lost, scores.gained) < 1


def test_other_questions_cannot_be_compared(tmp_path: pathlib.Path) -> None:
    left, right = (read_run(imported(tmp_path / str(n), [True] * n)) for n in (5, 6))
    (pair,) = pairs_across(left.arms, right)
    assert pair.tasks["lmms:textvqa_val"].invalid()


def test_speed_is_shown_with_its_minimums(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text(json.dumps(vllm_bench_result()))
    run = write_run(read_vllm_bench(path), tmp_path / "runs")
    (speed,) = run.results().arms[0].efficiency
    times = [0.05 + 0.001 * index for index in range(80) if index != 4]
    assert speed.ttft_s.p50 == pytest.approx(np.median(times))
    assert speed.ttft_s.p90 == pytest.approx(np.quantile(times, 0.9))
    # 662 requests are the least for a p99.
    assert speed.ttft_s.p99 is None
    assert speed.tpot_s.p50 == pytest.approx(0.01)
    assert speed.ttft_s.n == 79
    assert "never claimed" in speed.shortfalls[0]
    assert sum(record.status == "error" for record in run.records()) == 1
    assert run.results().comparisons == ()
