"""Random numbers that are the same on every platform and NumPy version, in streams that cannot meet.

NumPy promises that the raw output of a bit generator never changes; it does not promise that for the methods
of `Generator`. So everything here is arithmetic on raw PCG64 words.

A *stream* separates the scenes of the bundled samples from those a training run sees: its name is hashed into
the seed material, so equal seeds of two streams share nothing.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["Stream", "Draws", "draws_for"]

T = TypeVar("T")

_BLOCK = 128
_UNIT = 2.0**-53


class Stream(enum.Enum):
    """Who a scene is for; the value is hashed into the seed."""

    BUNDLED = "bundled"  #: the samples in the wheel
    TRAINING = "training"  #: what a training run may see
    VALIDATION = "validation"  #: fresh scenes to score a trained model on


class Draws:
    """A sequence of random decisions.

    Args:
        sequence: seed material.
    """

    __slots__ = ("_bits", "_words")

    def __init__(self, sequence: np.random.SeedSequence) -> None:
        self._bits = np.random.PCG64(sequence)
        self._words: list[int] = []

    def _word(self) -> int:
        if not self._words:
            self._words = self._bits.random_raw(_BLOCK).tolist()
        return self._words.pop()

    def unit(self) -> float:
        """A float in [0, 1)."""
        return (self._word() >> 11) * _UNIT

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self.unit()

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.unit() * len(options))]

    def weighted(self, options: Sequence[tuple[T, float]]) -> T:
        """One of ``(option, weight)``."""
        at = self.unit() * sum(weight for _, weight in options)
        for option, weight in options:
            at -= weight
            if at < 0:
                return option
        return options[-1][0]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in random order (Fisher-Yates)."""
        mixed = list(options)
        for last in range(len(mixed) - 1, 0, -1):
            at = self.integer(0, last)
            mixed[last], mixed[at] = mixed[at], mixed[last]
        return mixed

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """``count`` different options, or all of them if there are fewer."""
        return self.shuffled(options)[:count]


def draws_for(stream: Stream, seed: int, purpose: str) -> Draws:
    """The random decisions of one scene for one purpose ("content", "pixels", "refcoco" …).

    Args:
        stream: who the scene is for.
        seed: any integer ≥ 0.
        purpose: decisions of different purposes are independent, so that a new kind of question does not
            change the scenes.

    >>> draws_for(Stream.BUNDLED, 7, "content").integer(0, 999)
    238
    """
    digest = hashlib.sha256(f"argus-eval/scenes/{stream.value}/{purpose}".encode()).digest()
    tag = [int.from_bytes(digest[at : at + 4], "little") for at in range(0, 16, 4)]
    low, high = seed & 0xFFFFFFFF, seed >> 32
    return Draws(np.random.SeedSequence([*tag, low, high]))
