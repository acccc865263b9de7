"""Many questions about one scene in one sequence, none of which sees another.

A sequence is a tree: the *trunk* (user token, image), then, for kinds whose prompts begin alike, a shared
*opening*, then one *branch* a question. A token sees its own branch, its opening and the trunk; positions count
along the path from the root. So a question is trained exactly as it will be asked alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch

from argus_eval.models.argus.training.box_writing import BoxWriting, written
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["Packed", "Packer", "Turn", "IGNORED"]

IGNORED = -100
_SHORTEST_OPENING = 3
_TRUNK = 0


class Turn(NamedTuple):
    """A question in its sequence."""

    question: Question
    answering: int  # where the first token of the answer is predicted


class Packed(NamedTuple):
    """B sequences of L tokens."""

    input_ids: torch.Tensor  # (B, L)
    position_ids: torch.Tensor  # (B, L)
    visible: torch.Tensor  # (B, 1, L, L) bool, row sees column
    labels: torch.Tensor  # (B, L): the token that follows, `IGNORED` where no loss is wanted
    turns: tuple[tuple[Turn, ...], ...]  # of each sequence

    def to(self, device: torch.device) -> Packed:
        """The same on a device."""
        return Packed(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.visible.to(device),
            self.labels.to(device),
            self.turns,
        )


class _Sequence:
    """One sequence as it grows."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.positions: list[int] = []
        self.labels: list[int] = []
        self.nodes: list[int] = []
        self.parents: list[int] = []
        self.turns: list[Turn] = []
        self.count = 0

    def add(self, ids: Sequence[int], labels: Sequence[int], parent: int, start: int) -> int:
        """Appends a node; its number."""
        node = self.count
        self.count += 1
        self.ids += ids
        self.labels += labels
        self.positions += range(start, start + len(ids))
        self.nodes += [node] * len(ids)
        self.parents += [parent] * len(ids)
        return node


class Packer:
    """Packs questions up to a number of text tokens a scene.

    Args:
        trainee: whose conversation it is.
        text_tokens: most tokens besides the image's, where a single question does not need more.
        weights: of question kinds; others are not asked.
        boxes: how places are written.
    """

    def __init__(
        self,
        trainee: Trainee,
        text_tokens: int,
        weights: dict[str, float],
        boxes: BoxWriting = "location-tokens",
    ) -> None:
        self._tokenizer, self._weights, self._most = trainee.tokenizer, weights, text_tokens
        self._trunk, self._asking, self._end = list(trainee.trunk), list(trainee.asking), trainee.end_id
        self._boxes = boxes
        self._known: dict[str, list[int]] = {}

    def pack(self, examples: Sequence[Example], chance: random.Random) -> Packed:
        """One sequence an example, padded to the longest."""
        sequences = [self._sequence(self._chosen(example, chance)) for example in examples]
        longest = max(len(sequence.ids) for sequence in sequences)
        tensors = zip(*(_tensors(sequence, longest, self._end) for sequence in sequences), strict=True)
        ids, positions, visible, labels = (torch.stack(parts) for parts in tensors)
        return Packed(ids, positions, visible, labels, tuple(tuple(sequence.turns) for sequence in sequences))

    def _chosen(self, example: Example, chance: random.Random) -> list[Question]:
        """Questions in random order, likelier the heavier their kind, as many as fit.

        The questions of a kind share its weight, so that a scene of twenty objects, about which a hundred things
        can be asked, is also asked to list them. The first is taken however long it is: such a list is.
        """
        asked = [question for question in example.questions if self._weights.get(question.kind, 0.0) > 0]
        count = Counter(question.kind for question in asked)
        # the keys of Efraimidis and Spirakis: a weighted order without replacement
        asked.sort(
            key=lambda question: -(chance.random() ** (count[question.kind] / self._weights[question.kind]))
        )
        chosen: list[Question] = []
        left = self._most
        for question in asked:
            cost = len(self._ids(question.prompt)) + len(self._answer(question)) + len(self._asking) + 1
            if cost <= left or not chosen:
                chosen.append(question)
                left -= cost
        return sorted(chosen, key=lambda question: question.kind)

    def _sequence(self, questions: Sequence[Question]) -> _Sequence:
        sequence = _Sequence()
        trunk = sequence.add(self._trunk, [IGNORED] * len(self._trunk), _TRUNK, 0)
        by_kind: dict[str, list[Question]] = {}
        for question in questions:
            by_kind.setdefault(question.kind, []).append(question)
        for several in by_kind.values():
            prompts = [self._ids(question.prompt) for question in several]
            shared = _common(prompts)
            node, start = trunk, len(self._trunk)
            if len(several) > 1 and shared >= _SHORTEST_OPENING:
                node = sequence.add(prompts[0][:shared], [IGNORED] * shared, trunk, start)
                start += shared
            else:
                shared = 0
            for question, prompt in zip(several, prompts, strict=True):
                asking = [*prompt[shared:], *self._asking]
                answer = [*self._answer(question), self._end]
                # the last end token is only ever predicted, never read
                labels = [IGNORED] * (len(asking) - 1) + answer
                sequence.turns.append(Turn(question, len(sequence.ids) + len(asking) - 1))
                sequence.add(asking + answer[:-1], labels, node, start)
        return sequence

    def _answer(self, question: Question) -> list[int]:
        return self._ids(written(question.answer, self._boxes))

    def _ids(self, text: str) -> list[int]:
        if text not in self._known:
            if len(self._known) > 200_000:
                self._known.clear()
            self._known[text] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return self._known[text]


def _common(lists: Sequence[list[int]]) -> int:
    """Length of the longest common beginning that leaves every list at least one element."""
    first, last = min(lists), max(lists)
    length = 0
    while length < min(map(len, lists)) - 1 and first[length] == last[length]:
        length += 1
    return length


def _tensors(sequence: _Sequence, length: int, filler: int) -> tuple[torch.Tensor, ...]:
    missing = length - len(sequence.ids)
    ids = torch.tensor(sequence.ids + [filler] * missing)
    positions = torch.tensor(sequence.positions + [0] * missing)
    labels = torch.tensor(sequence.labels + [IGNORED] * missing)
    # each filler is a node of its own: it sees itself, which keeps its softmax finite, and nothing sees it
    nodes = torch.tensor(sequence.nodes + list(range(-1, -1 - missing, -1)))
    parents = torch.tensor(sequence.parents + list(range(-1, -1 - missing, -1)))
    own = nodes[:, None] == nodes[None, :]
    opening = parents[:, None] == nodes[None, :]
    trunk = (nodes[None, :] == _TRUNK) & (nodes[:, None] >= 0)
    earlier = torch.ones(length, length, dtype=torch.bool).tril()
    return ids, positions, ((own | opening | trunk) & earlier).unsqueeze(0), labels
