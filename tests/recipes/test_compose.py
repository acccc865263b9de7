"""From ``--recipes`` to arms: presets, generators, and clear refusals before any weight is loaded."""

from __future__ import annotations

import dataclasses

import pytest

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError, UnknownNameError
from argus_eval.recipes.catalog import RECIPES
from argus_eval.recipes.compose import plan_arms
from argus_eval.recipes.presets import PRESET_LISTS, preset
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
    arms, _ = plan_arms("token-splice+fused-tiles+fast-decode,paper,fused-tiles+fast-decode+token-splice", ARGUS)
    assert [arm.recipes for arm in arms] == [(), ("fast-decode", "fused-tiles", "token-splice")]


def test_ladder_is_cumulative_and_ablate_leaves_one_out() -> None:
    members = plan_arms("fastest", ARGUS)[0][1].recipes
    ladder = [arm.recipes for arm in plan_arms("ladder", ARGUS)[0]]
    assert ladder == [members[:count] for count in range(len(members) + 1)]
    ablations = {frozenset(arm.recipes) for arm in plan_arms("ablate", ARGUS)[0]}
    everything = frozenset(members)
    assert ablations == {
        frozenset(),
        everything,
        *(frozenset({name}) for name in members),
        *(everything - {name} for name in members),
    }


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


@pytest.mark.parametrize("family", ["argus", "internvl", "smolvlm", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"])
@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:1"])
def test_presets_are_consistent(family: str, device: str) -> None:
    for name in PRESET_LISTS:
        members = preset(name, family, device)
        infos = [RECIPES.get(recipe).INFO for recipe in members]
        assert members
        assert all(not info.families or family in info.families for info in infos)
        assert all(not info.devices or device.partition(":")[0] in info.devices for info in infos)
        assert not any(info.conflicts & set(members) or info.alone for info in infos)
        classes = {info.loss_class for info in infos}
        assert classes <= {"exact": {LossClass.L0}, "lossless": {LossClass.L0, LossClass.L1}}.get(
            name, set(LossClass)
        )


def test_a_missing_library_is_an_obstacle() -> None:
    info = dataclasses.replace(RECIPES.get("fast-decode").INFO, libraries=frozenset({"no_such_library"}))
    assert "no_such_library" in (info.obstacle(ARGUS) or "")
    assert info.needs == "no_such_library"
    assert dataclasses.replace(info, libraries=frozenset({"no_such_library", "numpy"})).obstacle(ARGUS) is None


def test_a_recipe_of_another_device_says_so() -> None:
    with pytest.raises(IncompatibleError, match="works on cuda, not on cpu"):
        plan_arms("pinned-copies", ARGUS)


@pytest.mark.parametrize("text", ["lossless+token-splice", "token-splice+ladder", "baseline+token-splice"])
def test_only_recipes_are_joined(text: str) -> None:
    with pytest.raises(IncompatibleError, match="only recipes are joined"):
        plan_arms(text, ARGUS)
