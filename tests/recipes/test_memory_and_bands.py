"""Buffers are reused only when nobody looks at them; every piece of work is done once, by whoever is free."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from argus_eval.recipes.bands import Bands, Work
from argus_eval.recipes.buffers import BufferPool


def test_a_buffer_that_is_looked_at_is_not_handed_out() -> None:
    pool = BufferPool()
    first = pool.take((4, 5), np.float32)
    address = first.ctypes.data
    tensor = torch.from_numpy(first)[1:]
    del first
    assert pool.take((4, 5), np.float32).ctypes.data != address
    tensor.fill_(7)
    row = tensor[0].numpy()
    del tensor
    other = pool.take((4, 5), np.float32)
    other[:] = 1
    assert (row == 7).all()
    del row, other
    taken = {pool.take((4, 5), np.float32).ctypes.data for _ in range(4)}
    assert len(taken) == 1
    assert all(place % 64 == 0 for place in taken)


def test_the_pool_keeps_few_buffers() -> None:
    pool = BufferPool(keep=2)
    arrays = [pool.take((size,), np.uint8) for size in (10, 1000, 100_000)]
    assert len(pool._buffers) == 2
    for number, array in enumerate(arrays):
        array[:] = number
    assert [int(array[0]) for array in arrays] == [0, 1, 2]


def test_every_band_is_done_and_errors_come_back() -> None:
    bands, done = Bands(3), np.zeros(10, dtype=int)

    def count(part: slice) -> None:
        done[part] += 1

    bands.over(10, count)
    assert (done == 1).all()

    def fail(part: slice) -> None:
        if part.start == 0:
            raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        bands.over(10, fail)


def test_a_thread_that_is_held_up_leaves_the_rest_to_the_others() -> None:
    others_are_done, done = threading.Event(), []

    def slow() -> None:
        assert others_are_done.wait(20)

    def quick(number: int) -> None:
        done.append(number)
        if len(done) == 5:
            others_are_done.set()

    Bands(2).each([slow, *(lambda number=number: quick(number) for number in range(5))])
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_after_an_error_nothing_goes_on_and_the_threads_work_again() -> None:
    bands, began = Bands(2), []

    def fail() -> None:
        raise ValueError("first")

    def count() -> None:
        began.append(1)

    with pytest.raises(ValueError, match="first"):
        bands.each([fail] * 2 + [count] * 50)
    seen = len(began)
    bands.each([count] * 4)
    assert len(began) == seen + 4


@pytest.mark.parametrize("count", [1, 2])
def test_pieces_that_a_piece_makes_possible_are_done_too(count: int) -> None:
    done: list[str] = []

    def first(name: str) -> list[Work]:
        return [lambda: done.append(f"{name} then") for _ in range(3)]

    Bands(count).each([lambda: first("a"), lambda: first("b")])
    assert sorted(done) == ["a then"] * 3 + ["b then"] * 3
