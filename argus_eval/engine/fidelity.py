"""Checking what recipes claim: every arm's model inputs against the baseline's, on the workload's own images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.backends.protocol import ArmRunner, ShowsTensors
from argus_eval.core.results import Fidelity, LossClass
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError

__all__ = ["ArmClaim", "check_fidelity"]


_MINIMUM_IMAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmClaim:
    """An arm and the loss class its recipes claim together."""

    arm: str
    loss_class: LossClass


@dataclass(slots=True)
class _Seen:
    n: int = 0
    ids_equal: bool = True
    pixels_equal: bool = True
    largest: float = 0.0


def check_fidelity(
    baseline: ArmRunner,
    arms: Mapping[str, ArmRunner],
    claims: Sequence[ArmClaim],
    items: Sequence[WorkItem],
    out_of_time: Callable[[], bool],
) -> dict[str, Fidelity]:
    """Compare ids and pixels of every claimed arm with the baseline's.

    Images that the baseline itself cannot prepare are left out; one that only the arm cannot prepare breaks the
    claim, whatever its class. At least three images are looked at; then ``out_of_time`` may end it.

    Returns:
        Arm id → what was found; empty for backends whose inputs cannot be looked at.
    """
    if not isinstance(baseline, ShowsTensors):
        return {}
    seen = {claim.arm: _Seen() for claim in claims}
    refused: dict[str, str] = {}
    for count, item in enumerate(items):
        if count >= _MINIMUM_IMAGES and out_of_time():
            break
        try:
            stock = baseline.consumed(item.request)
        except SampleError:
            continue
        for claim in claims:
            runner = arms[claim.arm]
            if not isinstance(runner, ShowsTensors) or claim.arm in refused:
                continue
            try:
                found = runner.consumed(item.request)
            except SampleError as problem:
                refused[claim.arm] = f"cannot prepare an image that the baseline can: {problem}"
                continue
            _compare(seen[claim.arm], stock.ids, found.ids, stock.pixels, found.pixels)
    return {claim.arm: _verdict(claim, seen[claim.arm], refused.get(claim.arm)) for claim in claims}


def _compare(
    seen: _Seen,
    stock_ids: np.ndarray,
    ids: np.ndarray,
    stock_pixels: np.ndarray | None,
    pixels: np.ndarray | None,
) -> None:
    seen.n += 1
    seen.ids_equal &= np.array_equal(stock_ids, ids)
    if stock_pixels is None or pixels is None:
        seen.pixels_equal &= stock_pixels is pixels
    elif stock_pixels.shape != pixels.shape:
        seen.pixels_equal, seen.largest = False, float("inf")
    elif not np.array_equal(stock_pixels, pixels):
        seen.pixels_equal = False
        seen.largest = max(seen.largest, float(np.abs(stock_pixels - pixels).max()))


def _verdict(claim: ArmClaim, seen: _Seen, refused: str | None) -> Fidelity:
    same_shape = np.isfinite(seen.largest)
    broken = refused
    if broken is None and claim.loss_class is LossClass.L0 and not (seen.ids_equal and seen.pixels_equal):
        what = "token ids differ" if not seen.ids_equal else "pixels differ"
        broken = f"claims L0 (bit-equal inputs), but {what} from the baseline's"
    elif broken is None and claim.loss_class is LossClass.L1 and not (seen.ids_equal and same_shape):
        what = "token ids differ" if not seen.ids_equal else "the tiles have another shape"
        broken = f"claims L1 (the same mathematics), but {what}"
    return Fidelity(
        loss_class=claim.loss_class,
        n=seen.n,
        ids_equal=seen.ids_equal if seen.n else None,
        pixels_max_abs_diff=seen.largest if seen.n and same_shape else None,
        tokens_equal_share=None,
        pixels_hash_equal=seen.pixels_equal if seen.n else None,
        broken=broken,
    )
