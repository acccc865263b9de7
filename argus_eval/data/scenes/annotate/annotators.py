"""Ten people answer one question; most agree."""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.data.scenes.draws import Draws

__all__ = ["ten_answers", "misread"]

#: How many of the ten give the best answer. Four suffice for full VQA accuracy.
_AGREEING = ((10, 0.38), (9, 0.22), (8, 0.17), (7, 0.13), (6, 0.1))


def ten_answers(answer: str, others: Sequence[str], draws: Draws) -> list[str]:
    """Ten answers in random order, at least six of them ``answer``.

    Args:
        answer: the right one.
        others: what people say instead: synonyms, fuller wordings, slips. If empty all ten agree.
        draws: who says what.
    """
    others = [other for other in others if other != answer]
    agreeing = draws.weighted(_AGREEING) if others else 10
    return draws.shuffled([answer] * agreeing + [draws.choice(others) for _ in range(10 - agreeing)])


def misread(text: str, draws: Draws) -> str:
    """A word as somebody in a hurry types it: a letter missing, doubled or swapped."""
    if len(text) < 3:
        return text + text[-1:]
    at = draws.integer(1, len(text) - 2)
    kind = draws.integer(0, 2)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
