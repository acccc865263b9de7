"""Recipes of both sides together: whatever wraps the same part, the answers stay those of the baseline."""

from __future__ import annotations

from typing import Any

import pytest

from argus_eval.errors import IncompatibleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random
from argus_eval.recipes.compose import apply_recipes, plan_arms
from argus_eval.recipes.protocol import Target
from tests.pipeline.images import AWKWARD, request

HOST = ("fused-tiles", "token-splice")
SETS = {
    "argus": [
        (*HOST, "sync-free-merge", "vision-cache", "prefix-cache", "overlap"),
        ("attention-eager", *HOST, "sync-free-merge", "prefix-cache"),
    ],
    "smolvlm": [(*HOST, "sync-free-merge", "vision-cache", "prefix-cache"), ("overlap", "vision-cache")],
    "qwen2.5-vl": [(*HOST, "vision-cache", "prefix-cache", "overlap"), ("attention-eager", "prefix-cache")],
}
CARDS = {"argus": "argus-nano", "smolvlm": "smolvlm-256m", "qwen2.5-vl": "qwen2.5-vl-3b"}


@pytest.fixture(scope="module", params=SETS)
def family(request: pytest.FixtureRequest) -> Any:
    model, processor = build_random(model_card(CARDS[request.param]), scale="tiny", seed=6)
    return request.param, pipeline_for(request.param, model, processor)


@pytest.mark.parametrize("index", [0, 1])
def test_the_answers_stay(family: Any, index: int) -> None:
    name, pipeline = family
    fast = apply_recipes(pipeline, SETS[name][index])
    assert set(fast.recipes) == set(SETS[name][index]), fast.notes
    for kind, question in (("palette", "A?"), ("palette", "B?"), ("grey", "B?"), ("palette", "A?")):
        asked = request(AWKWARD[kind], prompt=question, tokens=4, fixed=True)
        expected = pipeline.run(asked, StageRecorder()).token_ids
        assert fast.run(asked, StageRecorder()).token_ids == expected
        assert fast.run(asked, StageRecorder(enabled=False)).token_ids == expected


def test_changes_of_weights_and_tiles_go_with_everything_else(family: Any) -> None:
    _, pipeline = family
    fast = apply_recipes(pipeline, ("bf16", "tile-cap", *HOST, "vision-cache"))
    assert set(fast.recipes) == {"bf16", "tile-cap", *HOST, "vision-cache"}, fast.notes
    plain = apply_recipes(pipeline, ("bf16", "tile-cap"))
    asked = request(AWKWARD["portrait"], tokens=2, fixed=True)
    slow_inputs, inputs = (one.prepare(asked, StageRecorder()).tensors for one in (plain, fast))
    assert inputs["pixel_values"].dtype == slow_inputs["pixel_values"].dtype
    assert inputs["pixel_values"].shape == slow_inputs["pixel_values"].shape
    assert inputs["input_ids"].tolist() == slow_inputs["input_ids"].tolist()
    assert len(fast.run(asked, StageRecorder()).token_ids) == 2


@pytest.mark.parametrize("typed", ["static-decode+prefix-cache", "attention-eager+attention-sdpa"])
def test_what_cannot_go_together_is_refused(typed: str) -> None:
    target = Target(
        model="m", family="argus", staged=True, backend="transformers", device="cpu", regime="warm-image"
    )
    with pytest.raises(IncompatibleError, match="cannot be combined"):
        plan_arms(typed, target)
