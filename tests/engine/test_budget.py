"""How many images a block holds, so that a pass reaches the looks that its time allows."""

from __future__ import annotations

import pytest

from argus_eval.engine.budget import plan_blocks
from argus_eval.stats.latency import LOOKS


@pytest.mark.parametrize("seconds", [3.2, 4, 6, 10, 20, 60, 600])
def test_time_for_six_rows_is_time_for_six_blocks(seconds: float) -> None:
    found = plan_blocks(seconds, 0.4, seconds_a_block=0.13)
    assert found.replicates >= LOOKS[0]
    assert found.rows * 0.4 + 0.13 <= seconds / found.replicates + 1e-9


def test_a_machine_that_turns_out_slower_still_reaches_a_look() -> None:
    found = plan_blocks(10, 0.4, seconds_a_block=0.13)
    assert found.replicates / 1.6 >= LOOKS[1]


def test_many_small_blocks_come_before_few_large_ones() -> None:
    assert plan_blocks(60, 0.4).replicates >= LOOKS[2]


def test_the_images_of_a_percentile_are_shown_where_there_is_time_for_them() -> None:
    wanted = plan_blocks(30, 0.4, images=64)
    assert min(wanted.replicates, LOOKS[-1]) * wanted.rows >= 64
    assert plan_blocks(20, 0.4, images=64).replicates >= LOOKS[0]


def test_images_that_come_once_are_shared_among_blocks() -> None:
    found = plan_blocks(600, 0.4, most_images=32)
    assert found.replicates >= LOOKS[1]
    assert found.rows * found.replicates <= 32
