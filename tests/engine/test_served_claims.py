"""What recipes of servers claim, against the tokens of prompts and answers."""

from __future__ import annotations

from collections.abc import Callable

from argus_eval.core.loss_class import LossClass
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.results import Fidelity
from argus_eval.engine.fidelity import ArmClaim, check_fidelity
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError


class Server:
    """Answers with tokens that depend on the image's number, changed by what a test passes in.

    Args:
        change: (tokens, number, cold) → tokens.
        prompt: the hash of every prompt's ids; ``None`` where it tells none.
    """

    def __init__(
        self,
        change: Callable[[tuple[int, ...], int, bool], tuple[int, ...]] = lambda tokens, number, cold: tokens,
        prompt: str | None = "p",
    ) -> None:
        self._change, self._prompt = change, prompt
        self.asked: list[tuple[str, bool]] = []

    def tokens(self, request: Request, *, cold: bool) -> Response:
        assert not request.decoding.fixed_length
        self.asked.append((request.key, cold))
        if request.key == "4":
            raise SampleError("HTTP 500")
        number = int(request.key)
        hashes = {} if self._prompt is None else {"ids": self._prompt}
        return Response(text="x", token_ids=self._change((number, 2, 3), number, cold), hashes=hashes)


def item(key: str) -> WorkItem:
    request = Request(key=key, images=(), prompt="?", decoding=Decoding(max_new_tokens=4))
    return WorkItem(task="t", sample=key, image=key, request=request)


ITEMS = tuple(item(str(number)) for number in range(10))


def check(
    arm: Server,
    loss_class: LossClass = LossClass.L0,
    *,
    baseline: Server | None = None,
    out_of_time: Callable[[], bool] = lambda: False,
) -> dict[str, Fidelity]:
    claim = ArmClaim(arm="m:arm", loss_class=loss_class)
    return check_fidelity(baseline or Server(), {"m:arm": arm}, [claim], ITEMS, out_of_time)  # type: ignore[arg-type, dict-item]


def other(tokens: tuple[int, ...], number: int, cold: bool) -> tuple[int, ...]:
    return (*tokens[:-1], 99) if number == 7 else tokens


def test_equal_tokens_hold_the_claim_and_pixels_stay_unseen() -> None:
    baseline, arm = Server(), Server()
    found = check(arm, baseline=baseline)["m:arm"]
    # Ten images, one of which fails.
    assert (found.n, found.tokens_equal_share, found.ids_equal, found.broken) == (9, 1.0, True, None)
    assert (found.pixels_hash_equal, found.pixels_max_abs_diff) == (None, None)
    assert {cold for _, cold in arm.asked} == {True}
    assert baseline.asked[:2] == [("0", True), ("0", False)]


def test_one_other_token_breaks_l0_and_is_only_told_of_l1_and_l2() -> None:
    found = check(Server(other))["m:arm"]
    assert found.tokens_equal_share == 8 / 9
    assert found.broken == "claims L0 (bit-equal), but tokens are equal on 8 of 9 answers only"
    for loss_class in (LossClass.L1, LossClass.L2):
        found = check(Server(other), loss_class)["m:arm"]
        assert (found.tokens_equal_share, found.broken) == (8 / 9, None)


def test_a_baseline_that_wavers_refutes_nobody() -> None:
    """Warm, it takes another path than cold."""
    wavering = Server(lambda tokens, number, cold: tokens if cold or number != 1 else (5,))
    found = check(Server(other), baseline=wavering)["m:arm"]
    assert (found.tokens_equal_share, found.broken) == (8 / 9, None)


def test_other_prompts_break_l0_and_l1() -> None:
    for loss_class in (LossClass.L0, LossClass.L1):
        found = check(Server(prompt="q"), loss_class)["m:arm"]
        assert found.ids_equal is False
        assert "token ids of 9 of 9 prompts differ" in (found.broken or "")
    assert check(Server(prompt="q"), LossClass.L2)["m:arm"].broken is None
    assert check(Server(prompt=None))["m:arm"].ids_equal is None


def test_nothing_is_said_without_tokens() -> None:
    assert check(Server(lambda tokens, number, cold: ())) == {}
    assert check(Server(), baseline=Server(lambda tokens, number, cold: ())) == {}


def test_three_images_at_least() -> None:
    assert check(Server(), out_of_time=lambda: True)["m:arm"].n == 3
