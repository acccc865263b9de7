"""Scores on scenes a run never saw, through the model's own ``generate``, beside the best constant answer."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from argus_eval.core.geometry import UnitBox
from argus_eval.models.argus.location_tokens import REF_START
from argus_eval.models.argus.training.box_writing import read_bins
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.tower_stage import normalised_pixels
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["Answer", "HeldOutScore", "answer_of", "box_iou", "choose_questions", "score_held_out"]

_MOST_NEW_TOKENS, _MOST_OF_A_LIST = 24, 160
_MATCH = 0.5  # IoU from which a box is right
_REGION = re.compile(r"<ref>(?P<label>[^<]*)</ref><box>(?P<box>(?:<loc_\d{1,4}>){4})</box>")
_NUMBER = re.compile(r"\d+")
Target = tuple[float, ...] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutScore:
    """Share of right answers of one kind; of lists, the mean F1 of their regions (same label, IoU of a half).

    ``constant`` is what the one answer would get that is right most often among these very questions: the most
    a model can score that does not look.
    """

    kind: str
    n: int
    right: float
    constant: float


def choose_questions(
    examples: Sequence[Example], kinds: Sequence[str], each: int
) -> list[tuple[Example, Question]]:
    """Up to ``each`` questions of a kind, one of each scene in turn, drawn by lot; always the same ones."""
    order = random.Random(0)  # noqa: S311 - a benchmark may ask its questions with yes and no in turn
    chosen: list[tuple[Example, Question]] = []
    for kind in kinds:
        by_scene = [(example, [q for q in example.questions if q.kind == kind]) for example in examples]
        for _, asked in by_scene:
            order.shuffle(asked)
        rounds = max((len(asked) for _, asked in by_scene), default=0)
        pairs = [
            (example, asked[turn]) for turn in range(rounds) for example, asked in by_scene if turn < len(asked)
        ]
        chosen += pairs[:each]
    return chosen


def score_held_out(
    trainee: Trainee,
    asked: Sequence[tuple[Example, Question]],
) -> list[HeldOutScore]:
    """Asks every question by itself and counts what is right, kind by kind."""
    trainee.model.eval()
    credit: dict[str, list[float]] = defaultdict(list)
    targets: dict[str, list[Target]] = defaultdict(list)
    for example, question in asked:
        most = _MOST_OF_A_LIST if REF_START in question.answer else _MOST_NEW_TOKENS
        said = _said(answer_of(trainee, example, question.prompt, most).text, question, trainee)
        credit[question.kind].append(_credit(said, question.target))
        targets[question.kind].append(question.target)
    return [
        HeldOutScore(kind=kind, n=len(won), right=sum(won) / len(won), constant=_best_constant(targets[kind]))
        for kind, won in credit.items()
    ]


class Answer(NamedTuple):
    """Greedy tokens, end token included, and their text without it."""

    text: str
    tokens: int


@torch.no_grad()
def answer_of(trainee: Trainee, example: Example, prompt: str, most: int = _MOST_NEW_TOKENS) -> Answer:
    """The greedy answer to one question, of at most ``most`` tokens."""
    question = trainee.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[*trainee.trunk, *question, *trainee.asking]], device=trainee.embedding.device)
    pixels = normalised_pixels([example], ids.device)
    produced = trainee.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        pixel_values=trainee.fed(pixels),
        max_new_tokens=most,
        do_sample=False,
    )[0, ids.shape[1] :]
    return Answer(trainee.tokenizer.decode(produced, skip_special_tokens=True), len(produced))


def _said(answer: str, question: Question, trainee: Trainee) -> Target | None:
    """An answer in the form of the question's target; ``None`` where it holds no box and should."""
    if isinstance(question.target, str):
        return answer.strip()
    bins = read_bins(answer)
    return None if bins is None else tuple(trainee.locations.decode(bins).as_list())


def _credit(said: Target | None, wanted: Target) -> float:
    """1 for the same words or a box that overlaps enough; for a list, F1 over its regions."""
    if isinstance(wanted, str):
        if REF_START in wanted:
            return _list_f1(_regions(str(said)), _regions(wanted))
        return float(str(said).lower() == wanted.strip().lower())
    return float(not isinstance(said, str) and said is not None and box_iou(said, wanted) >= _MATCH)


def _regions(text: str) -> list[tuple[str, tuple[float, ...]]]:
    """Labels and boxes of a list, the latter in bins."""
    return [
        (found["label"].strip(), tuple(map(float, _NUMBER.findall(found["box"]))))
        for found in _REGION.finditer(text)
    ]


def _list_f1(said: list[tuple[str, tuple[float, ...]]], wanted: list[tuple[str, tuple[float, ...]]]) -> float:
    """Each region said counts once, for the best one of its label that is left."""
    left, right = list(wanted), 0
    for label, box in said:
        fitting = [region for region in left if region[0] == label and box_iou(box, region[1]) >= _MATCH]
        if fitting:
            left.remove(max(fitting, key=lambda region: box_iou(box, region[1])))
            right += 1
    return 2 * right / (len(said) + len(wanted)) if said or wanted else 1.0


def box_iou(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two x1, y1, x2, y2."""
    first, second = UnitBox(*box), UnitBox(*other)
    width = max(0.0, min(first.x2, second.x2) - max(first.x1, second.x1))
    height = max(0.0, min(first.y2, second.y2) - max(first.y1, second.y1))
    area: Callable[[UnitBox], float] = lambda b: max(0.0, b.x2 - b.x1) * max(0.0, b.y2 - b.y1)  # noqa: E731
    union = area(first) + area(second) - width * height
    return width * height / union if union > 0 else 0.0


def _best_constant(targets: Sequence[Target]) -> float:
    return max(sum(_credit(candidate, target) for target in targets) for candidate in set(targets)) / len(targets)
