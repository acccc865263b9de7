"""A first look at part of the images, in an order that was fixed before anything was seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from argus_eval.gate.join import JoinedTask
from argus_eval.gate.policy import Extension

__all__ = ["first_images", "restricted"]


def first_images(images: Iterable[str], extension: Extension) -> frozenset[str]:
    """The images of the first look: a prefix of the seeded permutation of all of them.

    An image that several tasks ask about is in the look for all of them or for none.
    """
    ordered = sorted(set(images))
    permutation = np.random.default_rng(extension.seed).permutation(len(ordered))
    taken = math.ceil(extension.first * len(ordered))
    return frozenset(ordered[index] for index in permutation[:taken])


def restricted(joined: JoinedTask, images: frozenset[str]) -> JoinedTask:
    """The pairs on these images."""
    kept = np.array([str(image) in images for image in joined.clusters], dtype=np.bool_)
    return replace(joined, before=joined.before[kept], after=joined.after[kept])
