"""How long a run will take, said before it starts."""

from __future__ import annotations

import time

import numpy as np

from argus_eval.core.units import format_duration
from argus_eval.engine.flip_floor import FLOOR_SHARE, MOST_SAMPLES, floor_obstacle
from argus_eval.engine.plan import ModelPlan, RunPlan
from argus_eval.measure.roofline import prefill_work, vision_work, visual_tokens
from argus_eval.models.cards import Architecture
from argus_eval.models.catalog import model_names

__all__ = ["describe", "request_flops", "seconds_a_request"]


def request_flops(architecture: Architecture, text_tokens: int = 64) -> float:
    """Floating-point operations of the largest request with one output token, over all tiles and the thumbnail."""
    tiles = architecture.max_tiles + 1 if architecture.max_tiles else 1
    tokens = visual_tokens(architecture, tiles) + text_tokens
    return vision_work(architecture, tiles, 1).flops + prefill_work(architecture, tokens, 1).flops


def _machine_flops() -> float:
    """Operations a second of a large float32 matrix product on this host."""
    size = 1024
    a = np.ones((size, size), dtype=np.float32)
    a @ a
    start = time.perf_counter()
    for _ in range(4):
        a @ a
    return 4 * 2 * size**3 / (time.perf_counter() - start)


def seconds_a_request(model: ModelPlan) -> float | None:
    """A rough time for one request on the CPU; ``None`` where shapes or the device's speed are not known."""
    name = model.facts.name
    if model.facts.device != "cpu" or name not in model_names():
        return None
    from argus_eval.models.catalog import model_card

    architecture = model_card(name).architecture
    # Real layers reach about half of what one large product does.
    return None if architecture is None else 2 * request_flops(architecture) / _machine_flops()


def describe(plan: RunPlan) -> list[str]:
    """Lines that say what will be done and how long it may take."""
    config = plan.config
    tasks = ", ".join(f"{task.display} ({task.planned() or '?'} samples)" for task in plan.tasks)
    lines = [f"tasks: {tasks}"]
    for model in plan.models:
        arms = ", ".join(arm.name for arm in model.arms)
        lines.append(f"model: {model.facts.label}; arms: {arms}")
        each = seconds_a_request(model)
        if each is not None:
            duration = format_duration(max(1.0, each))
            lines.append(f"  estimate: up to about {duration} a request of one token, for the largest image")
        if config.accuracy and model.measures_accuracy:
            requests = sum(task.planned() or 0 for task in plan.tasks) * len(model.arms)
            rest = f", about {format_duration(each * requests)}" if each is not None else ""
            lines.append(f"  accuracy: {requests:,} answers in batches of {config.batch_size}{rest}")
            if floor_obstacle(model, config.batch_size) is None:
                lines.append(
                    f"  flip floor: up to {MOST_SAMPLES} of them alone, at most {FLOOR_SHARE:.0%} of that time"
                )
    if config.efficiency and any(model.facts.measures_speed for model in plan.models):
        lines.append(f"efficiency: at most {format_duration(config.budget_s)} in all, after the model has started")
    return lines
