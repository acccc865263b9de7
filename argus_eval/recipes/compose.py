"""From what was typed after ``--recipes`` to arms, and from an arm to a pipeline."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError, UnknownNameError
from argus_eval.recipes.catalog import GENERATORS, NAMED_ARMS, RECIPES
from argus_eval.recipes.presets import PRESETS, preset
from argus_eval.recipes.protocol import RecipeInfo, Target

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["BASELINE", "DEFAULT_ARMS", "ArmPlan", "apply_recipes", "loss_class", "parts", "plan_arms"]

BASELINE = "baseline"
DEFAULT_ARMS = "baseline,lossless"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """One arm before any weight is loaded: its name and its recipes in the order they are applied."""

    name: str
    recipes: tuple[str, ...]

    @property
    def is_baseline(self) -> bool:
        """No recipe at all."""
        return not self.recipes


def plan_arms(text: str | None, target: Target) -> tuple[tuple[ArmPlan, ...], tuple[str, ...]]:
    """Arms for ``--recipes text`` on ``target``, the baseline first.

    Args:
        text: what was typed; ``None`` for the default.
        target: what the recipes have to work on.

    Returns:
        The arms, each recipe set once, and one line for each default preset that was dropped.

    Raises:
        UnknownNameError: no recipe, preset or generator of that name.
        IncompatibleError: a typed set cannot work on this target.
    """
    typed = text is not None
    arms: dict[tuple[str, ...], ArmPlan] = {(): ArmPlan(name=BASELINE, recipes=())}
    dropped: list[str] = []
    for item in _items(text if text is not None else DEFAULT_ARMS):
        for arm in _expand(item, target, typed):
            if arm is None:
                dropped.append(f"arm {item!r} dropped: it has no recipe for {target.model} ({target.backend})")
            else:
                arms.setdefault(arm.recipes, arm)
    return tuple(arms.values()), tuple(dropped)


def _items(text: str) -> list[str]:
    items = [part.strip() for part in text.split(",")]
    if not all(items):
        raise IncompatibleError(f"--recipes {text!r}: an empty arm; write names separated by single commas")
    return items


def _expand(item: str, target: Target, typed: bool) -> Iterable[ArmPlan | None]:
    if item == BASELINE:
        return []
    if item in NAMED_ARMS:
        return [dataclasses.replace(_typed_set(NAMED_ARMS[item], target), name=item)]
    if item in GENERATORS:
        members = _usable(preset("fastest", target.family, target.device), target)
        if not members:
            raise IncompatibleError(f"--recipes {item}: no recipe works on {target.model} ({target.backend})")
        return _ladder(members) if item == "ladder" else _ablations(members)
    if item in PRESETS:
        listed = preset(item, target.family, target.device)
        members = _usable(listed, target)
        if not members and typed:
            why = _first_obstacle(listed or PRESETS[item], target)
            raise IncompatibleError(f"--recipes {item}: nothing in this preset works on {target.model}: {why}")
        return [ArmPlan(name=item, recipes=members) if members else None]
    return [_typed_set(item, target)]


def _typed_set(item: str, target: Target) -> ArmPlan:
    names = [name.strip() for name in item.split("+")]
    for name in names:
        if len(names) > 1 and (name in PRESETS or name in GENERATORS or name == BASELINE):
            raise IncompatibleError(f"--recipes {item}: {name!r} is no recipe; only recipes are joined by +")
        if name not in RECIPES:
            known = (BASELINE, *NAMED_ARMS, *PRESETS, *GENERATORS, *RECIPES)
            raise UnknownNameError("recipe", name, known, where="--recipes")
        obstacle = _info(name).obstacle(target)
        if obstacle is not None:
            raise IncompatibleError(f"--recipes {item}: {obstacle}")
    for name in names:
        clash = _clashes(name, names)
        if clash:
            raise IncompatibleError(f"--recipes {item}: {name!r} cannot be combined with {clash[0]!r}")
    ordered = _ordered(names)
    return ArmPlan(name="+".join(ordered), recipes=ordered)


def _clashes(name: str, names: Sequence[str]) -> list[str]:
    """Which of ``names`` cannot stand beside ``name``."""
    others = [other for other in names if other != name]
    return others if _info(name).alone else sorted(_info(name).conflicts.intersection(others))


def _usable(names: Sequence[str], target: Target) -> tuple[str, ...]:
    return _ordered(name for name in names if _info(name).obstacle(target) is None)


def _first_obstacle(names: Sequence[str], target: Target) -> str:
    reasons = (_info(name).obstacle(target) for name in names)
    return next((reason for reason in reasons if reason), "it is empty")


def _ladder(members: tuple[str, ...]) -> list[ArmPlan]:
    """Cumulative: the first recipe, the first two, …"""
    steps = [members[: count + 1] for count in range(len(members))]
    return [ArmPlan(name="+".join(step), recipes=step) for step in steps]


def _ablations(members: tuple[str, ...]) -> list[ArmPlan]:
    """Each alone, all of them, all but one."""
    sets = [(name,) for name in members] + [members]
    sets += [tuple(other for other in members if other != name) for name in members if len(members) > 2]
    return [ArmPlan(name="+".join(chosen), recipes=chosen) for chosen in sets]


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(names), key=lambda name: (_info(name).order, name)))


def _info(name: str) -> RecipeInfo:
    return RECIPES.get(name).INFO


def loss_class(recipes: Iterable[str]) -> LossClass:
    """The highest loss class of a set; L0 for none."""
    return max((_info(name).loss_class for name in recipes), default=LossClass.L0)


def parts(recipes: Iterable[str]) -> frozenset[str]:
    """Every pipeline part that a set replaces or wraps."""
    return frozenset().union(*(_info(name).parts for name in recipes))


def apply_recipes(pipeline: Pipeline, recipes: Sequence[str]) -> Pipeline:
    """A new pipeline with ``recipes`` applied in their order; ``pipeline`` is left as it was.

    Some obstacles show only on a loaded model: a staged pipeline that no longer fits the installed transformers
    has become the generic one, or a recipe finds that its part disagrees with the stock part it replaces. Such a
    recipe is left out, with a warning and a note in the pipeline: the arm runs, and says that it is not what was
    asked for.
    """
    applied: list[str] = []
    notes: list[str] = []
    changed = pipeline
    for name in _ordered(recipes):
        try:
            if _info(name).staged and not pipeline.staged:
                raise IncompatibleError("the pipeline has no parts to replace")
            changed = RECIPES.get(name).apply(changed)
        except IncompatibleError as obstacle:
            notes.append(f"recipe {name!r} is left out: {obstacle}")
            warnings.warn(notes[-1], RuntimeWarning, stacklevel=2)
        else:
            applied.append(name)
    return dataclasses.replace(changed, recipes=tuple(applied), notes=(*changed.notes, *notes))
