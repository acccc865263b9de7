from __future__ import annotations

import json
import math
import pathlib

import pytest
from scipy import stats

from argus_eval.config import RunConfig
from argus_eval.core.record import Record, Times
from argus_eval.engine.paper_protocol import paper_config, paper_lines, write_paper_numbers
from argus_eval.errors import UsageError
from argus_eval.store import RunWriter


def record(arm: str, sample: int, ttft_ms: float | None, e2e_ms: float = 0, tokens: int = 21) -> Record:
    failed = ttft_ms is None
    times = Times() if failed else Times(ttft=round(ttft_ms * 1e6), e2e=round(e2e_ms * 1e6))
    return Record(
        key=f"{arm}{sample}",
        pass_name="accuracy",
        arm=arm,
        task="coco_caption",
        sample=str(sample),
        replicate=0,
        block=sample,
        order=0,
        status="error" if failed else "ok",
        times_ns=times,
        lengths={"output_tokens": tokens},
    )


def test_the_papers_quantities(tmp_path: pathlib.Path) -> None:
    arms = [{"id": "vllm:m:baseline"}, {"id": "vllm:m:server-x"}]
    run = RunWriter.create(tmp_path / "run", {"arms": arms})
    pairs = [(100, 50), (200, 80), (150, 90)]
    with RunWriter(run) as writer:
        for index, (before, after) in enumerate(pairs):
            writer.append(
                [
                    record("vllm:m:baseline", index, before, before + 40),
                    record("vllm:m:server-x", index, after, after + 20),
                ]
            )
        writer.append([record("vllm:m:baseline", 3, 120, 140, tokens=3), record("vllm:m:server-x", 3, None)])
    baseline, arm = write_paper_numbers(run)
    assert (baseline.n, baseline.left_out, arm.n, arm.left_out) == (4, 0, 3, 1)
    assert baseline.ttft_s == pytest.approx((0.1 + 0.2 + 0.15 + 0.12) / 4)
    # Twenty tokens in 40 ms; the answer of three tokens has no rate.
    assert baseline.tokens_per_s == pytest.approx(500)
    assert arm.tokens_per_s == pytest.approx(1000)
    assert baseline.speedup is None
    assert arm.speedup is not None
    ratio = arm.speedup["ttft"]
    logs = [math.log(before / after) for before, after in pairs]
    assert ratio is not None
    assert ratio.n == 3
    assert ratio.value == pytest.approx(stats.gmean([before / after for before, after in pairs]))
    low, high = stats.t.interval(0.95, 2, loc=sum(logs) / 3, scale=stats.sem(logs))
    assert ratio.ci == pytest.approx((math.exp(low), math.exp(high)))
    assert json.loads((run.path / "paper.json").read_text())["arms"][1]["n"] == 3
    assert "TTFT -5" in paper_lines((baseline, arm))[2]


def test_what_the_protocol_fixes() -> None:
    config = paper_config(RunConfig(models=("openai:m@http://h/v1",), tasks=("coco_caption",)))
    assert (config.limit, config.batch_size, config.efficiency, config.recipes) == (5000, 1, False, "baseline")
    started = paper_config(RunConfig(models=("vllm:m",), tasks=("coco_caption",), device="cpu", limit=7))
    assert started.limit == 7
    assert started.recipes == "baseline,server-no-prefix-cache+server-no-processor-cache"
    for wrong in (
        RunConfig(models=("vllm:m",), tasks=("pope",)),
        RunConfig(models=("smolvlm-256m",), tasks=("coco_caption",)),
        RunConfig(models=("vllm:m",), tasks=("coco_caption",), weights={"": "random"}),
    ):
        with pytest.raises(UsageError, match="--protocol paper"):
            paper_config(wrong)
