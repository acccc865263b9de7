"""Where to look: two attention heads are told which visual tokens hold what is being asked about.

Left to itself a small decoder spends most of its training on finding out that the answer lies in the image at all;
told so, it finds out at once. Only training knows of this: the model and its inference stay as they are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch.nn import functional
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from argus_eval.data.scenes.catalogue import plural
from argus_eval.models.argus.location_tokens import BOX_START
from argus_eval.models.argus.training.dense_labels import owners
from argus_eval.models.argus.training.examples import Example, Thing
from argus_eval.models.argus.training.packing import IGNORED, Packed
from argus_eval.models.argus.training.trainee import Trainee

__all__ = ["Pointing"]


class _Seen(NamedTuple):
    """What a layer's attention was given."""

    hidden: torch.Tensor  # (B, L, D)
    rotation: tuple[torch.Tensor, torch.Tensor]  # cosines and sines, (B, L, width of a head) each


class _Look(NamedTuple):
    """Who should look where."""

    row: int  # of the batch
    column: int  # in the sequence
    cells: torch.Tensor  # (V,) bool


class Pointing:
    """The attention of the last layer but one: from a region that is being written to its object, and from where
    an answer in words begins to what the question names.

    The heads are those of the first key-value head; the others are left to learn what they will. A layer is left
    after them, to turn what was seen into a coordinate.
    """

    def __init__(self, trainee: Trainee) -> None:
        self._locations, self._image_token = trainee.locations, trainee.image_token_id
        self._side = int(trainee.visual_tokens**0.5)
        self._attention = trainee.decoder.layers[-2].self_attn
        self._seen: _Seen | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What the layer is given while the block runs is remembered for `loss`."""
        hook = self._attention.register_forward_pre_hook(self._watch, with_kwargs=True)
        try:
            yield
        finally:
            hook.remove()

    def _watch(self, _: Any, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        hidden = named["hidden_states"] if "hidden_states" in named else inputs[0]
        self._seen = _Seen(hidden, named["position_embeddings"])

    def loss(self, packed: Packed, examples: Sequence[Example]) -> tuple[torch.Tensor, float]:
        """Mean of -log of the attention on the right visual tokens in the pass that was watched, and its mean.

        Raises:
            RuntimeError: no pass was watched.
        """
        if self._seen is None:
            raise RuntimeError("pointing: the decoder has to be watched before its attention can be judged")
        looks = self._looks(packed, examples)
        if not looks:
            return self._seen.hidden.sum() * 0, 0.0
        device = packed.labels.device
        rows, columns = (
            torch.tensor(part, device=device) for part in zip(*(look[:2] for look in looks), strict=True)
        )
        targets = torch.stack([look.cells for look in looks]).unsqueeze(1).to(device)  # (n, 1, V)
        hidden_from = ~packed.visible[rows, 0, columns].unsqueeze(1)
        scores = self._scores(rows, columns).masked_fill(hidden_from, -torch.inf)
        image = (packed.input_ids[0] == self._image_token).nonzero().squeeze(1)
        right = scores[:, :, image].masked_fill(~targets, -torch.inf)
        share = torch.logsumexp(right, -1) - torch.logsumexp(scores, -1)  # (n, heads), log of a probability
        return -share.mean(), float(share.detach().exp().mean())

    def _scores(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """(n, heads, L) scores of the pointing heads for n queries, before the softmax."""
        assert self._seen is not None, "the caller has looked"
        attention, (hidden, (cosines, sines)) = self._attention, self._seen
        width, group = attention.head_dim, attention.num_key_value_groups
        queries = functional.linear(hidden, attention.q_proj.weight[: width * group]).unflatten(-1, (group, width))
        keys = functional.linear(hidden, attention.k_proj.weight[:width]).unsqueeze(1)
        turned, keys = apply_rotary_pos_emb(queries.transpose(1, 2), keys, cosines, sines)
        chosen = turned[rows, :, columns]  # (n, heads, width)
        scores: torch.Tensor = torch.einsum("nhw,nlw->nhl", chosen, keys[rows, 0]) * attention.scaling
        return scores.float()

    def _looks(self, packed: Packed, examples: Sequence[Example]) -> list[_Look]:
        """Every place in a sequence that has something to look at."""
        found: list[_Look] = []
        for row, (example, turns) in enumerate(zip(examples, packed.turns, strict=True)):
            owner = torch.from_numpy(owners(example.things, self._side))
            labels = packed.labels[row].tolist()
            wanted: dict[int, list[int]] = {}
            for question, answering in turns:
                if not isinstance(question.target, str):
                    mine = _nearest(example.things, question.target)
                    wanted.update((column, mine) for column in _answer(labels, answering))
                elif BOX_START in question.answer:
                    wanted.update(self._regions(labels, answering, example.things))
                else:
                    wanted[answering] = _named(question.prompt, example.things)
            cells = {column: torch.isin(owner, torch.tensor(things)) for column, things in wanted.items()}
            found += [_Look(row, column, mask) for column, mask in cells.items() if bool(mask.any())]
        return found

    def _regions(
        self, labels: Sequence[int], answering: int, things: Sequence[Thing]
    ) -> Iterator[tuple[int, list[int]]]:
        """Where each region of a list is written, up to its fourth coordinate, and whose it is."""
        columns: list[int] = []
        bins: list[int] = []
        for column in _answer(labels, answering):
            columns.append(column)
            if self._locations.is_location(labels[column]):
                bins.append(labels[column] - self._locations.first_token_id)
            if len(bins) == 4:
                mine = _nearest(things, self._locations.decode(bins).as_list())
                yield from ((column, mine) for column in columns)
                columns, bins = [], []


def _answer(labels: Sequence[int], answering: int) -> Iterator[int]:
    """Where the tokens of an answer are predicted: to the end of the sequence or where nothing is asked."""
    return itertools.takewhile(lambda column: labels[column] != IGNORED, range(answering, len(labels)))


def _nearest(things: Sequence[Thing], box: Sequence[float]) -> list[int]:
    """The thing whose corners lie nearest; none in an empty scene."""
    away = [max(abs(a - b) for a, b in zip(thing.box, box, strict=True)) for thing in things]
    return [min(range(len(things)), key=away.__getitem__)] if things else []


def _named(prompt: str, things: Sequence[Thing]) -> list[int]:
    """The things whose category a question names, in the singular or the plural."""
    words = f" {re.sub('[^a-z]+', ' ', prompt.lower())} "
    names = {thing.category for thing in things}
    asked = {name for name in names if f" {name} " in words or f" {plural(name)} " in words}
    return [index for index, thing in enumerate(things) if thing.category in asked]
