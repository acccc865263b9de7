"""Checking what recipes of servers claim.

Nobody sees a server's tensors; the tokens of its prompts and of its greedy answers can be compared, where it tells
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from argus_eval.backends.protocol import ArmRunner, ShowsTokens
from argus_eval.core.loss_class import LossClass
from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Response
from argus_eval.core.results import Fidelity
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import SampleError

__all__ = ["check_served_claims"]

_FEWEST_IMAGES, _MOST_IMAGES, _TOKENS = 3, 16, 16
_ITSELF = ""


@dataclass(slots=True)
class _Seen:
    """Answers of one arm beside the baseline's; prompts only where both servers tell theirs."""

    n: int = 0
    equal: int = 0
    prompts: int = 0
    equal_prompts: int = 0

    def add(self, stock: Response, found: Response) -> None:
        self.n += 1
        self.equal += stock.token_ids == found.token_ids
        if "ids" in stock.hashes and "ids" in found.hashes:
            self.prompts += 1
            self.equal_prompts += stock.hashes["ids"] == found.hashes["ids"]


def check_served_claims(
    baseline: ShowsTokens,
    arms: Mapping[str, ArmRunner],
    claims: Mapping[str, LossClass],
    items: Sequence[WorkItem],
    out_of_time: Callable[[], bool],
) -> dict[str, Fidelity]:
    """Compare the tokens of every claimed arm's greedy answers with the baseline's, on images that no cache knows.

    The baseline is asked about each image twice, and the second time its caches know it: where its own answers
    waver, equality of answers cannot refute anybody's claim. An image on which a server fails is left out. Three
    images at least are looked at; then ``out_of_time`` may end it.

    Args:
        baseline: the arm that the others are compared with.
        arms: arm id → runner.
        claims: arm id → the loss class it claims.
        items: images, in order.
        out_of_time: whether the time for this is spent.

    Returns:
        Arm id → what was found; an arm is absent where its or the baseline's tokens are not told.
    """
    runners = {arm: runner for arm in claims if isinstance(runner := arms[arm], ShowsTokens)}
    seen = {arm: _Seen() for arm in (_ITSELF, *runners)}
    for count, item in enumerate(items[:_MOST_IMAGES] if runners else ()):
        if count >= _FEWEST_IMAGES and out_of_time():
            break
        request = replace(item.request, decoding=Decoding(max_new_tokens=_TOKENS))
        stock = _answer(baseline, request, cold=True)
        if stock is None:
            continue
        for arm, runner in runners.items():
            found = _answer(runner, request, cold=True)
            if found is not None:
                seen[arm].add(stock, found)
        again = _answer(baseline, request, cold=False)
        if again is not None:
            seen[_ITSELF].add(stock, again)
    itself = seen[_ITSELF]
    steady = itself.n > 0 and itself.equal == itself.n
    return {arm: _verdict(claims[arm], seen[arm], steady) for arm in runners if seen[arm].n}


def _answer(runner: ShowsTokens, request: Request, *, cold: bool) -> Response | None:
    """An answer whose tokens are told; one without any is none."""
    try:
        found = runner.tokens(request, cold=cold)
    except SampleError:
        return None
    return found if found.token_ids else None


def _verdict(loss_class: LossClass, seen: _Seen, steady: bool) -> Fidelity:
    return Fidelity(
        loss_class=loss_class,
        n=seen.n,
        ids_equal=seen.equal_prompts == seen.prompts if seen.prompts else None,
        pixels_max_abs_diff=None,
        tokens_equal_share=seen.equal / seen.n,
        broken=_broken(loss_class, seen, steady),
    )


def _broken(loss_class: LossClass, seen: _Seen, steady: bool) -> str | None:
    """How the claim fails, if it does. An L2 arm claims nothing that tokens could refute, and L1 may round."""
    if loss_class is LossClass.L2:
        return None
    promise = "bit-equal" if loss_class is LossClass.L0 else "the same mathematics"
    opening = f"claims {loss_class.value} ({promise}), but"
    if seen.equal_prompts < seen.prompts:
        return f"{opening} token ids of {seen.prompts - seen.equal_prompts} of {seen.prompts} prompts differ"
    if loss_class is LossClass.L0 and steady and seen.equal < seen.n:
        return f"{opening} tokens are equal on {seen.equal} of {seen.n} answers only"
    return None
