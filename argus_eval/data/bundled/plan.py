"""What the bundled samples consist of: how many scenes of which kind, how many items of which task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from argus_eval.data.scenes.draws import Stream, draws_for
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.profile import only
from argus_eval.data.scenes.scene import Scene, SceneKind

__all__ = ["KINDS", "PLANS", "Plan", "bundled_scene", "pool_kinds", "pool_size", "select"]

Rows = list[dict[str, object]]

#: Scenes of the pool; at most 600 together.
KINDS: dict[SceneKind, int] = {
    "objects": 238,
    "crowd": 44,
    "signs": 150,
    "document": 56,
    "chart": 48,
    "infographic": 24,
    "diagram": 40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many items of a task, and how they are picked.

    Attributes:
        items: how many.
        unit: what is counted: rows, or answers where every answer of a row is an item of its own.
        whole: all rows of a scene, scene by scene; otherwise one row of each scene in turn.
        balanced_by: a column of which every value gets the same number of rows.
    """

    items: int
    unit: Literal["rows", "answers"] = "rows"
    whole: bool = False
    balanced_by: str | None = None


PLANS: dict[str, Plan] = {
    "refcoco": Plan(items=512, unit="answers"),
    "textvqa": Plan(items=512),
    "vqav2": Plan(items=256),
    "gqa": Plan(items=192),
    "pope": Plan(items=216, whole=True),
    "ai2d": Plan(items=128),
    "scienceqa_img": Plan(items=128),
    "mmmu_val": Plan(items=96),
    "ocrbench": Plan(items=160),
    "docvqa_val": Plan(items=160),
    "infovqa_val": Plan(items=96),
    "chartqa": Plan(items=128, balanced_by="type"),
    "text_spotting": Plan(items=96),
    "refcoco+": Plan(items=256, unit="answers"),
    "refcocog": Plan(items=256, unit="answers"),
    "flickr30k_entities": Plan(items=120, whole=True),
    "coco_detection": Plan(items=128),
    "lvis_detection": Plan(items=96),
    "vg_dense_caption": Plan(items=64),
    "coco_caption": Plan(items=128),
    "nocaps": Plan(items=96),
}


def pool_size() -> int:
    """Number of scenes in the pool."""
    return sum(KINDS.values())


def pool_kinds() -> list[SceneKind]:
    """The kind of each scene of the pool, every kind spread evenly over it."""
    marks = [((at + 0.5) / count, kind) for kind, count in KINDS.items() for at in range(count)]
    return [kind for _, kind in sorted(marks, key=lambda mark: (mark[0], list(KINDS).index(mark[1])))]


def bundled_scene(index: int) -> Scene:
    """Scene number ``index`` of the pool."""
    return generate_scene(index, only(pool_kinds()[index]), stream=Stream.BUNDLED)


def select(name: str, by_scene: list[Rows]) -> list[tuple[int, dict[str, object]]]:
    """The rows of a sample as (scene number, row).

    Args:
        name: task.
        by_scene: all its rows, scene by scene.

    Raises:
        ValueError: the pool does not have enough rows.
    """
    plan = PLANS[name]
    order = _scene_after_scene(by_scene) if plan.whole else _in_turn(name, by_scene)
    if plan.balanced_by is not None:
        order = _balanced(order, plan.balanced_by, plan.items)
    picked, items = [], 0
    for scene, row in order:
        if items == plan.items:
            break
        if plan.unit == "answers":
            answers = row["answer"]
            assert isinstance(answers, list), "a row of expressions"
            row = {**row, "answer": answers[: plan.items - items]}
            items += len(answers[: plan.items - items])
        else:
            items += 1
        picked.append((scene, row))
    if items < plan.items:
        raise ValueError(
            f"bundled sample {name!r}: {plan.items} items are planned, the pool has {items}; add scenes"
        )
    return picked


def _scene_after_scene(by_scene: list[Rows]) -> list[tuple[int, dict[str, object]]]:
    return [(scene, row) for scene, rows in enumerate(by_scene) for row in rows]


def _in_turn(name: str, by_scene: list[Rows]) -> list[tuple[int, dict[str, object]]]:
    mixed = [
        draws_for(Stream.BUNDLED, scene, f"{name}/order").shuffled(rows) for scene, rows in enumerate(by_scene)
    ]
    rounds = max((len(rows) for rows in mixed), default=0)
    return [(scene, rows[turn]) for turn in range(rounds) for scene, rows in enumerate(mixed) if turn < len(rows)]


def _balanced(
    order: list[tuple[int, dict[str, object]]], column: str, items: int
) -> list[tuple[int, dict[str, object]]]:
    values = sorted({str(row[column]) for _, row in order})
    quota = dict.fromkeys(values, items // len(values))
    kept = []
    for scene, row in order:
        if quota[str(row[column])] > 0:
            quota[str(row[column])] -= 1
            kept.append((scene, row))
    return kept
