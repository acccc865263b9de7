"""Scores on scenes a run never saw, through the model's own ``generate``, beside the best constant answer."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from argus_eval.core.geometry import UnitBox
from argus_eval.models.argus.training.box_writing import read_bins
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.tower_stage import normalised_pixels
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["Answer", "HeldOutScore", "answer_of", "box_iou", "choose_questions", "score_held_out"]

_MOST_NEW_TOKENS = 24
_MATCH = 0.5  # IoU from which a box is right


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutScore:
    """Share of right answers of one kind.

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
    right: dict[str, list[bool]] = defaultdict(list)
    targets: dict[str, list[Question]] = defaultdict(list)
    for example, question in asked:
        right[question.kind].append(
            _is_right(answer_of(trainee, example, question.prompt).text, question, trainee)
        )
        targets[question.kind].append(question)
    return [
        HeldOutScore(
            kind=kind, n=len(marks), right=sum(marks) / len(marks), constant=_best_constant(targets[kind])
        )
        for kind, marks in right.items()
    ]


class Answer(NamedTuple):
    """Greedy tokens, end token included, and their text without it."""

    text: str
    tokens: int


@torch.no_grad()
def answer_of(trainee: Trainee, example: Example, prompt: str) -> Answer:
    """The greedy answer to one question."""
    question = trainee.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([[*trainee.trunk, *question, *trainee.asking]], device=trainee.embedding.device)
    pixels = normalised_pixels([example], ids.device)
    produced = trainee.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        pixel_values=trainee.fed(pixels),
        max_new_tokens=_MOST_NEW_TOKENS,
        do_sample=False,
    )[0, ids.shape[1] :]
    return Answer(trainee.tokenizer.decode(produced, skip_special_tokens=True), len(produced))


def _is_right(answer: str, question: Question, trainee: Trainee) -> bool:
    if isinstance(question.target, str):
        return answer.strip().lower() == question.target.strip().lower()
    bins = read_bins(answer)
    return bins is not None and box_iou(trainee.locations.decode(bins).as_list(), question.target) >= _MATCH


def box_iou(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two x1, y1, x2, y2."""
    first, second = UnitBox(*box), UnitBox(*other)
    width = max(0.0, min(first.x2, second.x2) - max(first.x1, second.x1))
    height = max(0.0, min(first.y2, second.y2) - max(first.y1, second.y1))
    area: Callable[[UnitBox], float] = lambda b: max(0.0, b.x2 - b.x1) * max(0.0, b.y2 - b.y1)  # noqa: E731
    union = area(first) + area(second) - width * height
    return width * height / union if union > 0 else 0.0


def _best_constant(questions: Sequence[Question]) -> float:
    answers = [question.target for question in questions]
    if isinstance(answers[0], str):
        return Counter(answers).most_common(1)[0][1] / len(answers)
    boxes = [answer for answer in answers if not isinstance(answer, str)]
    return max(sum(box_iou(candidate, box) >= _MATCH for box in boxes) for candidate in boxes) / len(boxes)
