"""A recipe's claim against what its arm really feeds and says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import entropy

from argus_eval.backends.protocol import ConsumedTensors
from argus_eval.core.loss_class import LossClass
from argus_eval.core.request import Decoding, Request
from argus_eval.core.results import Fidelity
from argus_eval.engine.fidelity import ArmClaim, check_fidelity
from argus_eval.engine.first_token import divergence
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError


class FakeRunner:
    """Feeds ids, pixels and logits that depend on the image's number only, changed by what a test passes in."""

    def __init__(
        self,
        ids: Callable[[NDArray[np.int64]], NDArray[np.int64]] = lambda ids: ids,
        pixels: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda pixels: pixels,
        logits: Callable[[NDArray[np.float32]], NDArray[np.float32]] = lambda logits: logits,
    ) -> None:
        self._ids, self._pixels, self._logits = ids, pixels, logits
        self.asked = 0

    def consumed(self, request: Request) -> ConsumedTensors:
        if request.key == "broken":
            raise SampleError("cannot be decoded")
        number = int(request.key)
        pixels = np.full((1, 3, 4, 4), number / 7, np.float32)
        return ConsumedTensors(ids=self._ids(np.array([[1, number]])), pixels=self._pixels(pixels))

    def first_logits(self, request: Request) -> NDArray[np.float32] | None:
        self.asked += 1
        logits = np.random.default_rng(int(request.key)).normal(size=50).astype(np.float32)
        return self._logits(logits)


def item(key: str) -> WorkItem:
    request = Request(key=key, images=(), prompt="?", decoding=Decoding(max_new_tokens=4))
    return WorkItem(task="t", sample=key, image=key, request=request)


ITEMS = tuple(item(str(number)) for number in range(12))


def check(
    arm: FakeRunner, claim: ArmClaim, baseline: FakeRunner | None = None, items: tuple[WorkItem, ...] = ITEMS
) -> Fidelity:
    runners = {"m:arm": arm}
    return check_fidelity(baseline or FakeRunner(), runners, [claim], items, lambda: False)["m:arm"]  # type: ignore[arg-type]


def claim(loss_class: LossClass, *, model_parts: bool = False, trained: bool = True) -> ArmClaim:
    return ArmClaim(arm="m:arm", loss_class=loss_class, replaces_model_parts=model_parts, trained=trained)


def test_an_equal_arm_is_equal() -> None:
    found = check(FakeRunner(), claim(LossClass.L0))
    assert found.broken is None
    assert (found.n, found.ids_equal, found.pixels_hash_equal) == (12, True, True)
    assert (found.pixels_max_abs_diff, found.logits_max_abs_diff, found.first_token_kl) == (0.0, 0.0, 0.0)


def test_one_pixel_breaks_l0_but_not_l1() -> None:
    def nudge(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        changed = pixels.copy()
        changed[0, 0, 0, 0] += 0.25
        return changed

    broken = check(FakeRunner(pixels=nudge), claim(LossClass.L0))
    assert "pixels differ" in (broken.broken or "")
    rounding = check(FakeRunner(pixels=nudge), claim(LossClass.L1))
    assert rounding.broken is None
    assert rounding.pixels_max_abs_diff == pytest.approx(0.25)


@pytest.mark.parametrize("loss_class", [LossClass.L0, LossClass.L1])
def test_other_ids_or_shapes_break_any_lossless_claim(loss_class: LossClass) -> None:
    assert "token ids differ" in (check(FakeRunner(ids=lambda ids: ids + 1), claim(loss_class)).broken or "")
    cut = check(FakeRunner(pixels=lambda pixels: pixels[:, :, :2]), claim(loss_class))
    assert "another shape" in (cut.broken or "")
    assert cut.pixels_max_abs_diff is None


def test_l2_claims_nothing_that_tensors_refute() -> None:
    found = check(FakeRunner(ids=lambda ids: ids + 1, logits=lambda x: x * 2), claim(LossClass.L2))
    assert found.broken is None
    assert found.ids_equal is False
    assert (found.first_token_kl or 0) > 0


def test_equal_inputs_do_not_prove_an_arm_that_replaces_the_model() -> None:
    arm = FakeRunner(logits=lambda logits: logits + np.eye(50, dtype=np.float32)[7] * 1e-3)
    found = check(arm, claim(LossClass.L0, model_parts=True, trained=False))
    assert "first token's logits differ" in (found.broken or "")
    # What random weights think of the first token is nobody's measure.
    assert found.first_token_kl is None


def test_a_wavering_baseline_refutes_nobody() -> None:
    rng = np.random.default_rng(0)

    def waver(logits: NDArray[np.float32]) -> NDArray[np.float32]:
        return logits + rng.uniform(0, 1, 50).astype(np.float32)

    arm = FakeRunner(logits=lambda logits: logits + np.float32(1e-3))
    assert check(arm, claim(LossClass.L0, model_parts=True), FakeRunner(logits=waver)).broken is None


def test_logits_of_random_weights_are_not_asked_for_without_need() -> None:
    arm = FakeRunner()
    found = check(arm, claim(LossClass.L1, trained=False))
    assert arm.asked == 0
    assert found.logits_max_abs_diff is None


def test_an_image_that_only_the_arm_refuses_breaks_its_claim() -> None:
    class Tolerant(FakeRunner):
        def consumed(self, request: Request) -> ConsumedTensors:
            return super().consumed(item("1").request if request.key == "broken" else request)

    items = (*ITEMS, item("broken"))
    assert "cannot prepare" in (check(FakeRunner(), claim(LossClass.L1), Tolerant(), items).broken or "")
    assert check(Tolerant(), claim(LossClass.L1), FakeRunner(), items).n == 12


def test_divergence_is_that_of_the_distributions() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.normal(size=40), rng.normal(size=40)
    assert divergence(p, q) == pytest.approx(float(entropy(np.exp(p), np.exp(q))))
    masked = np.where(np.arange(40) == 3, -np.inf, p)
    assert divergence(masked, masked) == 0.0
    assert math.isinf(divergence(p, masked))
