"""The share of resamples that put an arm on the frontier, against cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from argus_eval.report.axes import MARGIN, Axis
from argus_eval.report.digest import AccuracyRow, Digest, LatencyRow
from argus_eval.report.membership import MIN_BLOCKS, memberships
from argus_eval.stats.policy import GROUP_MARGIN


def digest(speeds: dict[str, float], scores: dict[str, float], *, images: int = 400, blocks: int = 16) -> Digest:
    rng = np.random.default_rng(1)
    latency = {
        arm: [
            LatencyRow(
                sample=("t", str(i)),
                block=b,
                order=i,
                ttft_s=speed * float(rng.lognormal(0, 0.01)),
                visual_tokens=64,
            )
            for b in range(blocks)
            for i in range(4)
        ]
        for arm, speed in speeds.items()
    }
    accuracy: dict[tuple[str, str], dict[str, AccuracyRow]] = {}
    for image in range(images):
        luck = rng.random()
        accuracy["t", str(image)] = {
            arm: AccuracyRow(score=float(luck < score), unparsed=False, error=False, text_hash=0, cluster=image)
            for arm, score in scores.items()
        }
    return Digest(accuracy=accuracy, latency=latency)


AXIS = Axis(name="t", title="t", values=(), lower_is_better=False, tasks=("t",), metric="m")


def test_clear_cases_are_sure() -> None:
    made = digest({"slow": 0.3, "fast": 0.1, "worse": 0.2}, {"slow": 0.9, "fast": 0.7, "worse": 0.5})
    assert memberships(["slow", "fast", "worse"], made, [AXIS]) == {0: [1.0, 1.0, 0.0]}


def test_a_toss_up_is_a_toss_up() -> None:
    # The slow arm is better by exactly the margin, so it joins the frontier in about half of the resamples.
    made = digest({"slow": 0.3, "fast": 0.1}, {"slow": 0.7, "fast": 0.7}, images=2000)
    for image in range(round(2000 * MARGIN)):
        rows = made.accuracy["t", str(image)]
        rows["slow"] = AccuracyRow(score=1.0, unparsed=False, error=False, text_hash=0, cluster=image)
        rows["fast"] = AccuracyRow(score=0.0, unparsed=False, error=False, text_hash=0, cluster=image)
    shares = memberships(["slow", "fast"], made, [AXIS])[0]
    assert shares[1] == 1.0
    assert shares[0] == pytest.approx(0.5, abs=0.15)


def test_too_few_blocks_or_images_give_no_share() -> None:
    speeds, scores = {"a": 0.3, "b": 0.1}, {"a": 0.9, "b": 0.7}
    assert memberships(["a", "b"], digest(speeds, scores, blocks=MIN_BLOCKS - 1), [AXIS]) == {}
    assert memberships(["a", "b"], digest(speeds, scores, images=10), [AXIS]) == {}
    assert memberships(["a", "b"], Digest(), [AXIS]) == {}


def test_an_arm_that_was_not_timed_has_no_share() -> None:
    made = digest({"a": 0.3, "b": 0.1}, {"a": 0.9, "b": 0.7, "c": 0.8})
    assert memberships(["a", "c", "b"], made, [AXIS])[0][1] is None


def test_the_margin_is_the_default_policy_s() -> None:
    assert GROUP_MARGIN.absolute == MARGIN
