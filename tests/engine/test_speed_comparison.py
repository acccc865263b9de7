"""What a run says of its own sharpness: the effect it prints as detectable is one that runs like it claim."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from argus_eval.backends.resolve import model_facts
from argus_eval.core.loss_class import LossClass
from argus_eval.core.record import Record, Times
from argus_eval.core.results import Fidelity, SpeedUp
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.speed_comparison import compare_speed, inputs_equal
from argus_eval.engine.speed_summary import SpeedTable
from argus_eval.recipes.compose import ArmPlan
from argus_eval.stats.verdict import Verdict

FAST = ArmPlan(name="fast", recipes=("uint8-transfer",))
MODEL = ModelPlan(
    facts=dataclasses.replace(model_facts("oracle", weights=None, device="cpu", dialect=None), name="m"),
    arms=(ArmPlan(name="baseline", recipes=()), FAST),
    weights=None,
    dropped=(),
)


def run(
    rng: np.random.Generator, ratio: float, *, blocks: int = 6, images: int = 4, quick: bool = False
) -> dict[str, SpeedUp]:
    """Host work and TTFT of one run with noise of requests (4 %) and of blocks (1 %)."""
    records = []
    for block in range(blocks):
        for arm in ("m:baseline", MODEL.twin_id, "m:fast"):
            luck = rng.normal(0, 0.01)
            for image in range(images):
                for name, regime in (("latency", "cold-image/1"), ("host", "host")):
                    seconds = 0.1 * (1 + image) * np.exp(luck + rng.normal(0, 0.04))
                    seconds /= ratio if arm == "m:fast" else 1.0
                    times = Times(ttft=round(seconds * 1e9), to_model_ready=round(seconds * 1e9))
                    records.append(record((name, regime, arm), block, f"i{block}-{image}", times))
    table = SpeedTable.of(records)
    return compare_speed(MODEL, table, {}, {"fast": Verdict.PASS}, quick=quick)["fast"]


def record(place: tuple[str, str, str], block: int, image: str, times: Times) -> Record:
    name, regime, arm = place
    return Record(
        key=f"{place}{image}",
        pass_name="host" if name == "host" else "latency",
        arm=arm,
        task="t",
        sample=image,
        replicate=block,
        block=block,
        order=0,
        status="ok",
        times_ns=times,
        image=image,
        regime=regime,
    )


def test_a_run_claims_what_it_calls_detectable_in_four_of_five() -> None:
    rng = np.random.default_rng(0)
    claims: dict[float, list[bool]] = {0.25: [], 1.0: [], 2.0: []}
    for _ in range(60):
        detectable = run(rng, 1.0)["ttft"].detectable
        assert detectable is not None
        assert detectable > 1
        for times, seen in claims.items():
            seen.append(run(rng, 1 + times * (detectable - 1))["ttft"].claim)
    assert 0.65 <= np.mean(claims[1.0]) <= 0.95
    assert np.mean(claims[2.0]) >= 0.93
    assert np.mean(claims[0.25]) <= 0.15


def test_more_images_and_more_blocks_show_less() -> None:
    rng = np.random.default_rng(1)

    def typical(blocks: int, images: int) -> float:
        found = [run(rng, 1.0, blocks=blocks, images=images)["ttft"].detectable for _ in range(5)]
        return float(np.median([ratio or np.inf for ratio in found]))

    assert typical(10, 8) < typical(6, 8) < typical(6, 1)


@pytest.mark.parametrize(("blocks", "quick"), [(5, False), (6, True)])
def test_where_nothing_can_be_claimed_nothing_is_detectable(blocks: int, quick: bool) -> None:
    found = run(np.random.default_rng(2), 3.0, blocks=blocks, quick=quick)
    assert not found["ttft"].claim
    assert found["ttft"].detectable is None
    assert found["host"].detectable is None


def fidelity(**what: object) -> Fidelity:
    held: dict[str, object] = {
        "loss_class": LossClass.L0,
        "n": 4,
        "ids_equal": True,
        "pixels_hash_equal": True,
        "pixels_max_abs_diff": 0.0,
        "tokens_equal_share": 1.0,
    }
    return Fidelity(**{**held, **what})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "equal"),
    [
        ({}, True),
        ({"pixels_hash_equal": False}, False),
        ({"ids_equal": False}, False),
        ({"n": 0}, False),
        ({"broken": "a pixel differs"}, False),
        # Of a server only tokens are seen.
        ({"pixels_hash_equal": None, "pixels_max_abs_diff": None}, True),
        ({"pixels_hash_equal": None, "pixels_max_abs_diff": None, "tokens_equal_share": 0.75}, False),
        ({"pixels_hash_equal": None, "pixels_max_abs_diff": None, "tokens_equal_share": None}, False),
        ({"pixels_hash_equal": None, "pixels_max_abs_diff": None, "ids_equal": None}, False),
    ],
)
def test_equal_inputs_are_those_that_were_seen_to_be_equal(what: dict[str, object], equal: bool) -> None:
    assert inputs_equal(fidelity(**what)) is equal
