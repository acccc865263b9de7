"""prefix-cache: keys and values of a prompt's beginning serve the next prompt. Warm regimes only.

Bottleneck: the prefill reads the same chat header again in every request, and all visual tokens again when another
question about the same picture comes.

After a request the cache of its prompt is kept (four of them). The next one reuses what both prompts begin with:
up to the first image where the pictures differ, through the images where their pixels are equal. The rest is
prefilled onto a copy. Three-dimensional positions (Qwen-VL) continue from the offset of the prompt that was kept.

Expected effect: for a second question about a picture nearly the whole prefill; for a new picture only the header,
which is nothing to speak of. A shorter prefill multiplies smaller matrices and rounds otherwise: L1, not L0.
Requests are answered one at a time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.pipeline.cache_argument import cache_argument
from argus_eval.recipes.compilation import ONE_AT_A_TIME
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.core.request import Decoding
    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import Generated, LanguageModel, ModelInputs
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "PrefixCache", "apply", "reusable"]

INFO = RecipeInfo(
    name="prefix-cache",
    summary="keys and values of what two prompts begin with are reused",
    parts=frozenset({"language"}),
    scope="pipeline",
    loss_class=LossClass.L1,
    order=70,
    conflicts=frozenset({"static-decode"}),
    regime="warm-prefix",
    serving={"vllm": None, "sglang": None},
)

_MOST_ENTRIES = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Prompt:
    """A prompt with its keys and values.

    Attributes:
        ids: of the whole prompt.
        pictures: its tensors besides text, by name.
        layers: (keys, values) of each layer, (1, heads, positions, width); at least one position an id.
        deltas: what the model adds to positions after the prompt, where it keeps such a thing.
    """

    ids: tuple[int, ...]
    pictures: dict[str, torch.Tensor]
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    deltas: torch.Tensor | None


def reusable(kept: Sequence[int], new: Sequence[int], image_token: int, same_pictures: bool) -> int:
    """How many positions of ``kept`` a prompt ``new`` can take over.

    At least one position is left to compute, and images are taken over all together or not at all.
    """
    most = min(len(kept), len(new) - 1)
    common = next((place for place in range(most) if kept[place] != new[place]), most)
    places = [place for place, token in enumerate(new) if token == image_token]
    if not places or common <= places[0]:
        return common
    return common if same_pictures and common > places[-1] else places[0]


class PrefixCache:
    """The language part it wraps, with the keys and values of earlier prompts.

    Args:
        inner: hands what it does not know of a request's tensors on to ``generate``.
        model: whose ``generate`` that is.
        image_token: id of the placeholder.
    """

    def __init__(self, inner: LanguageModel, model: Any, image_token: int) -> None:
        self._inner, self._model, self._image_token = inner, model, image_token
        self._kept: list[_Prompt] = []

    def __call__(
        self, inputs: ModelInputs, encoded: Any | None, decoding: Decoding, recorder: StageRecorder
    ) -> Generated:
        from transformers import DynamicCache

        tensors = dict(inputs.tensors)
        ids = tuple(tensors["input_ids"][0].tolist())
        pictures = {name: value for name, value in tensors.items() if name.startswith(("pixel_", "image_"))}
        prompt, length = self._best(ids, pictures)
        cache = DynamicCache(config=self._model.config)
        if prompt is not None:
            for index, (keys, values) in enumerate(prompt.layers):
                cache.layers[index].update(keys[..., :length, :], values[..., :length, :])
            if self._image_token not in ids[length:]:
                # All pictures lie in what is taken over: nothing is left to put in their places.
                encoded = None
                tensors = {name: value for name, value in tensors.items() if not name.startswith("pixel_")}
                if prompt.deltas is not None:
                    self._model.base_model.rope_deltas = prompt.deltas
        given = dataclasses.replace(inputs, tensors={**tensors, cache_argument(): cache})
        generated = self._inner(given, encoded, decoding, recorder)
        self._keep(ids, pictures, cache)
        return generated

    def _best(self, ids: tuple[int, ...], pictures: dict[str, torch.Tensor]) -> tuple[_Prompt | None, int]:
        """The kept prompt that saves most, and how many positions of it."""
        best, most = None, 0
        for prompt in self._kept:
            length = reusable(prompt.ids, ids, self._image_token, same_pictures=True)
            if length > most and self._image_token in ids[:length] and not _equal(prompt.pictures, pictures):
                length = reusable(prompt.ids, ids, self._image_token, same_pictures=False)
            if length > most:
                best, most = prompt, length
        return best, most

    def _keep(self, ids: tuple[int, ...], pictures: dict[str, torch.Tensor], cache: Any) -> None:
        from transformers.cache_utils import DynamicLayer

        if not all(type(layer) is DynamicLayer for layer in cache.layers):
            return  # a sliding window forgets its beginning
        layers = tuple(
            (layer.keys[..., : len(ids), :], layer.values[..., : len(ids), :]) for layer in cache.layers
        )
        deltas = getattr(self._model.base_model, "rope_deltas", None)
        self._kept = [
            prompt for prompt in self._kept if prompt.ids != ids or not _equal(prompt.pictures, pictures)
        ]
        self._kept.append(_Prompt(ids=ids, pictures=pictures, layers=layers, deltas=deltas))
        del self._kept[:-_MOST_ENTRIES]


def _equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Every tensor has the same shape and values."""
    import torch

    return one.keys() == other.keys() and all(
        one[name] is other[name] or torch.equal(one[name], other[name]) for name in one
    )


def apply(pipeline: Pipeline) -> Pipeline:
    """Wrap the language part."""
    from argus_eval.recipes.model_copy import noted

    image_token = int(pipeline.processor.image_token_id)
    language = PrefixCache(pipeline.language, pipeline.model, image_token)
    changed = dataclasses.replace(pipeline, language=language, collate=None)
    return noted(changed, ONE_AT_A_TIME.format(INFO.name))
