"""Batches of examples from a folder of shards that another process keeps filling."""

from __future__ import annotations

import pathlib
import random
import time

from argus_eval.errors import EnvironmentError_
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.shards import available_shards, read_shard

__all__ = ["SceneFeed"]

_WAIT_S = 0.5
_LONGEST_WAIT_S = 300.0


class SceneFeed:
    """Shards that were not seen yet come first; while there is none, earlier ones come again in random order.

    Args:
        folder: of shards.
        seed: of the order.
        seen: number of shards that an interrupted run had already read.
    """

    def __init__(self, folder: pathlib.Path, seed: int, seen: int = 0) -> None:
        self.folder, self.seen, self.repeats = folder, seen, 0
        self._random = random.Random(seed + seen)  # noqa: S311 - the order of scenes
        self._waiting: list[Example] = []

    def take(self, count: int) -> list[Example]:
        """The next examples; waits for the painter when there is no shard at all.

        Raises:
            EnvironmentError_: no shard appeared in five minutes.
        """
        while len(self._waiting) < count:
            fresh = read_shard(self.folder, self._next_shard())
            self._waiting += fresh
            self._random.shuffle(self._waiting)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _next_shard(self) -> int:
        until = time.monotonic() + _LONGEST_WAIT_S
        while True:
            shards = available_shards(self.folder)
            fresh = [number for number in shards if number >= self.seen]
            if fresh:
                self.seen = fresh[0] + 1
                return fresh[0]
            if shards:
                self.repeats += 1
                return self._random.choice(shards)
            if time.monotonic() > until:
                raise EnvironmentError_(
                    f"{self.folder}: no painted scenes after {_LONGEST_WAIT_S:.0f} s; is the disk full? "
                    "start the command again to continue"
                )
            time.sleep(_WAIT_S)
