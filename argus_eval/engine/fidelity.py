"""Checking what recipes claim, on the workload's own images: every arm's model inputs against the baseline's, and
what its model then says of the first token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from argus_eval.backends.protocol import ArmRunner, ShowsTensors, ShowsTokens
from argus_eval.core.results import Fidelity, LossClass
from argus_eval.engine.first_token import FirstToken, compare_first_tokens
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.served_claims import check_served_claims
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError
from argus_eval.recipes.compose import loss_class, parts

__all__ = ["ArmClaim", "check_fidelity", "claims_of"]

_MINIMUM_IMAGES = 3
_ITSELF = ""
#: Parts behind the inputs: equal inputs do not prove that an arm which replaces one of them does the same.
_MODEL_PARTS = frozenset({"transfer", "vision", "language"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmClaim:
    """An arm and the loss class its recipes claim together.

    Attributes:
        arm: its id.
        loss_class: of the whole set.
        replaces_model_parts: its recipes reach behind the inputs, so that only the outputs can prove the claim.
        trained: the model's opinions mean something; otherwise none is reported.
    """

    arm: str
    loss_class: LossClass
    replaces_model_parts: bool = False
    trained: bool = True


def claims_of(model: ModelPlan) -> list[ArmClaim]:
    """What every arm of ``model`` but the baseline claims."""
    return [
        ArmClaim(
            arm=model.arm_id(arm),
            loss_class=loss_class(arm.recipes),
            replaces_model_parts=bool(parts(arm.recipes) & _MODEL_PARTS),
            trained=model.measures_accuracy,
        )
        for arm in model.arms
        if not arm.is_baseline
    ]


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
    claim, whatever its class. At least three images are looked at; then ``out_of_time`` may end it. The first
    token's logits follow, on fewer images. Of a server the tokens are compared instead.

    Returns:
        Arm id → what was found; empty for backends whose inputs and tokens cannot be looked at.
    """
    if isinstance(baseline, ShowsTokens):
        classes = {claim.arm: claim.loss_class for claim in claims}
        return check_served_claims(baseline, arms, classes, items, out_of_time)
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
    told = {claim.arm: arms[claim.arm] for claim in claims if claim.trained or claim.replaces_model_parts}
    # The baseline against itself: where the device's own arithmetic wavers, it cannot refute anybody's claim.
    tokens = compare_first_tokens(baseline, {_ITSELF: baseline, **told} if told else {}, items, out_of_time)
    noise = tokens[_ITSELF].largest if _ITSELF in tokens else 0.0
    return {
        claim.arm: _verdict(claim, seen[claim.arm], tokens.get(claim.arm), noise, refused.get(claim.arm))
        for claim in claims
    }


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


def _broken(claim: ArmClaim, seen: _Seen, token: FirstToken | None, noise: float) -> str | None:
    """How the claim fails, if it does. An L2 arm claims nothing that tensors could refute."""
    if claim.loss_class is LossClass.L2:
        return None
    promise = "bit-equal" if claim.loss_class is LossClass.L0 else "the same mathematics"
    opening = f"claims {claim.loss_class.value} ({promise}), but"
    if not seen.ids_equal:
        return f"{opening} token ids differ from the baseline's"
    if not np.isfinite(seen.largest):
        return f"{opening} the tiles have another shape"
    if claim.loss_class is LossClass.L0 and not seen.pixels_equal:
        return f"{opening} pixels differ from the baseline's by up to {seen.largest:.3g}"
    if claim.loss_class is LossClass.L0 and token is not None and token.largest and not noise:
        return f"{opening} the first token's logits differ from the baseline's by up to {token.largest:.3g}"
    return None


def _verdict(
    claim: ArmClaim, seen: _Seen, token: FirstToken | None, noise: float, refused: str | None
) -> Fidelity:
    same_shape = np.isfinite(seen.largest)
    shown = token if token is not None and claim.trained else None
    return Fidelity(
        loss_class=claim.loss_class,
        n=seen.n,
        ids_equal=seen.ids_equal if seen.n else None,
        pixels_max_abs_diff=seen.largest if seen.n and same_shape else None,
        tokens_equal_share=None,
        pixels_hash_equal=seen.pixels_equal if seen.n else None,
        logits_max_abs_diff=shown.largest if shown is not None and np.isfinite(shown.largest) else None,
        first_token_kl=shown.kl if shown is not None and np.isfinite(shown.kl) else None,
        broken=refused or _broken(claim, seen, token, noise),
    )
