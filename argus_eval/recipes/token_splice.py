"""token-splice: write image placeholders as token ids instead of spelling them out as text.

Bottleneck: a stock processor repeats the placeholder once for every visual token (832 times for SmolVLM's thirteen
tiles, 3,328 times for InternVL3's), joins the string and tokenises it, only to get the same id back every time.
Then it counts them again.

Here the prompt is tokenised with *one* placeholder an image, and the ids of an expanded image, which depend on its
grid alone, are spliced in. They come from the stock processor once for each grid and are kept: a tokenizer may
join two line ends into one token, or spell out a tile marker it does not know. Splicing is exact because the
placeholder and both ends of its expansion are special tokens of the same kind: the text on either side is
tokenised alone in both ways. Where that does not hold (checked when the recipe is applied) the recipe is left
out; a prompt that has another number of placeholders than images goes to the stock processor, which says what is
wrong with it.

State: ids of the grids seen so far.

Expected effect: a few milliseconds of host time an image, more with more visual tokens; nothing else changes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from argus_eval.core.loss_class import LossClass
from argus_eval.errors import IncompatibleError
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.pipeline.parts import ProcessedImages, PromptEncoder
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "Encode", "SplicedPrompt", "apply"]

INFO = RecipeInfo(
    name="token-splice",
    summary="expand image placeholders on token ids, never as text",
    parts=frozenset({"prompt_encoder"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=20,
    families=frozenset({"argus", "internvl", "smolvlm", "qwen2-vl", "qwen2.5-vl", "qwen3-vl"}),
)

# transformers marks special tokens that a user wrote with a character of the private use area.
_MARK = "\U000f0000"

#: Text to ids, special tokens added.
Encode: TypeAlias = Callable[[str], list[int]]


class SplicedPrompt:
    """Tokenises the prompt with one placeholder an image and splices in the ids of each.

    Args:
        processor: the stock processor.
        stock: the stock text half; it is asked once for each grid, and for prompts that stock refuses.
    """

    def __init__(self, processor: Any, stock: PromptEncoder) -> None:
        self._stock = stock
        # The fast tokenizer's own encoder: the Python wrapper around it costs more than the prompt itself.
        tokenizer = processor.tokenizer.backend_tokenizer
        self._encode: Encode = lambda text: tokenizer.encode(text).ids
        self._placeholder: str = processor.image_token
        self._placeholder_id: int = processor.image_token_id
        # A prompt with a placeholder of another kind (a video) is stock's business.
        self._others = tuple(
            token for token in processor.all_special_multimodal_tokens if token != self._placeholder
        )
        self._expansions: dict[tuple[int, tuple[int, int] | None], torch.Tensor] = {}

    def __call__(self, text: str, images: ProcessedImages) -> Mapping[str, torch.Tensor]:
        """See :class:`~argus_eval.pipeline.parts.PromptEncoder`."""
        import torch

        ordinary = text.count(self._placeholder) == len(images.tiles) and _MARK not in text
        if not ordinary or any(token in text for token in self._others):
            return self._stock(text, images)
        ids = self._encode(text)
        places = [index for index, token in enumerate(ids) if token == self._placeholder_id]
        if len(places) != len(images.tiles):
            return self._stock(text, images)
        pieces, start = [], 0
        plain = torch.tensor(ids, dtype=torch.int64)
        for index, place in enumerate(places):
            pieces += [plain[start:place], self.expansion(images, index)]
            start = place + 1
        input_ids = torch.cat([*pieces, plain[start:]]).unsqueeze(0)
        return {"input_ids": input_ids, "attention_mask": torch.ones_like(input_ids)}

    def encoding_by(self, wrap: Callable[[Encode], Encode]) -> SplicedPrompt:
        """The same half with its tokenizing call wrapped."""
        changed = copy.copy(self)
        changed._encode = wrap(self._encode)
        return changed

    def expansion(self, images: ProcessedImages, index: int) -> torch.Tensor:
        """Ids that stand for one image; there are only as many as grids."""
        from argus_eval.pipeline.parts import ProcessedImages

        tiles, grid = images.tiles[index], images.grids[index] if images.grids else None
        if (tiles, grid) not in self._expansions:
            alone = ProcessedImages(tensors={}, tiles=(tiles,), grids=(grid,) if grid is not None else ())
            surrounded = self._stock(self._placeholder, alone)["input_ids"][0]
            around = self._encode(self._placeholder)
            before = around.index(self._placeholder_id)
            after = len(around) - before - 1
            self._expansions[tiles, grid] = surrounded[before : len(surrounded) - after].clone()
        return self._expansions[tiles, grid]


def apply(pipeline: Pipeline) -> Pipeline:
    """Replace the text half of the preprocessor.

    Raises:
        IncompatibleError: the tokenizer treats the text around an expanded image otherwise than around a
        placeholder.
    """
    from argus_eval.recipes.qwen_prompt import SplicedQwenPrompt

    if pipeline.family.startswith("qwen"):
        return pipeline.with_prompt_encoder(SplicedQwenPrompt(pipeline.processor))
    assert pipeline.split is not None, f"{pipeline.family} has no split preprocessor; its family file says so"
    stock = pipeline.split.prompt_encoder
    spliced = SplicedPrompt(pipeline.processor, stock)
    grids = ((2, 3),) if pipeline.family == "smolvlm" else ()
    reason = _not_exact(pipeline.processor, stock, spliced, grids)
    if reason is not None:
        raise IncompatibleError(reason)
    return pipeline.with_prompt_encoder(spliced)


def _not_exact(
    processor: Any, stock: PromptEncoder, spliced: SplicedPrompt, grids: tuple[tuple[int, int], ...]
) -> str | None:
    """Why ids cannot be spliced with this tokenizer; ``None`` if they can."""
    import torch

    from argus_eval.pipeline.parts import ProcessedImages

    if getattr(processor.tokenizer, "backend_tokenizer", None) is None:
        return "the tokenizer is not a fast one"
    images = ProcessedImages(tensors={}, tiles=(7,), grids=grids)
    added = dict(processor.tokenizer.added_tokens_decoder)
    expansion = spliced.expansion(images, 0).tolist()
    ends = [added.get(token_id) for token_id in (processor.image_token_id, expansion[0], expansion[-1])]
    if any(token is None for token in ends):
        return "an expanded image does not begin and end with special tokens"
    kinds = {(token.lstrip, token.rstrip, token.single_word, token.normalized) for token in ends if token}
    if kinds != {(False, False, False, False)}:
        return "the special tokens of an image take part of the text around them"
    marks = {token.content for token in ends if token is not None}
    if any(_overlaps(mark, token.content) for mark in marks for token in added.values()):
        return "a special token can begin in the text and end in an image placeholder"
    for text in ("{}", " \n{}\n\n x", "é{} <row_1_col_1>\u3000", "a{}b\n"):
        prompt = text.format(processor.image_token)
        if not torch.equal(stock(prompt, images)["input_ids"], spliced(prompt, images)["input_ids"]):
            return f"spliced ids differ from the stock processor's for {prompt!r}"
    return None


def _overlaps(mark: str, other: str) -> bool:
    """Whether an occurrence of ``other`` can cover one end of ``mark`` and something beyond it."""
    if mark == other:
        return False
    if mark in other:
        return True
    sizes = range(1, min(len(mark), len(other)))
    return any(other.endswith(mark[:size]) or other.startswith(mark[-size:]) for size in sizes)
