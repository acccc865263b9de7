"""From ``--recipes`` to arms: presets, generators, and clear refusals before any weight is loaded."""

from __future__ import annotations

import pytest

from argus_eval.errors import IncompatibleError, UnknownNameError
from argus_eval.recipes.compose import plan_arms
from argus_eval.recipes.protocol import Target

ARGUS = Target(model="argus-nano", family="argus", staged=True, backend="transformers", device="cpu")
GENERIC = Target(model="fastvlm", family="fastvlm", staged=False, backend="transformers", device="cpu")
ORACLE = Target(model="oracle", family="oracle", staged=False, backend="oracle", device="")


def names(text: str | None, target: Target = ARGUS) -> list[str]:
    return [arm.name for arm in plan_arms(text, target)[0]]


def test_the_default_is_baseline_and_lossless() -> None:
    assert names(None) == ["baseline", "lossless"]


def test_the_baseline_is_always_there_and_first() -> None:
    assert names("exact") == ["baseline", "exact"]
    assert names("token-splice,baseline") == ["baseline", "token-splice"]


def test_recipes_are_ordered_and_equal_sets_are_one_arm() -> None:
    arms, _ = plan_arms("token-splice+fused-tiles,lossless,fused-tiles+token-splice", ARGUS)
    assert [arm.recipes for arm in arms] == [(), ("fused-tiles", "token-splice")]


def test_ladder_is_cumulative_and_ablate_leaves_one_out() -> None:
    assert names("ladder") == ["baseline", "fused-tiles", "fused-tiles+token-splice"]
    assert names("ablate") == ["baseline", "fused-tiles", "token-splice", "fused-tiles+token-splice"]


def test_a_default_preset_that_is_empty_is_dropped_with_a_line() -> None:
    arms, dropped = plan_arms(None, ORACLE)
    assert [arm.name for arm in arms] == ["baseline"]
    assert len(dropped) == 1
    assert "lossless" in dropped[0]


@pytest.mark.parametrize("text", ["lossless", "token-splice", "ladder"])
@pytest.mark.parametrize("target", [GENERIC, ORACLE])
def test_a_typed_set_that_cannot_work_is_refused(text: str, target: Target) -> None:
    with pytest.raises(IncompatibleError, match=target.model):
        plan_arms(text, target)


@pytest.mark.parametrize("text", ["token-slice", "baseline,fused", "fused-tiles+tokn-splice", "lossles"])
def test_an_unknown_name_names_the_nearest(text: str) -> None:
    with pytest.raises(UnknownNameError, match="did you mean"):
        plan_arms(text, ARGUS)


@pytest.mark.parametrize("text", ["", "baseline,,exact", ","])
def test_an_empty_place_is_refused(text: str) -> None:
    with pytest.raises(IncompatibleError, match="empty arm"):
        plan_arms(text, ARGUS)
