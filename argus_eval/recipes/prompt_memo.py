"""prompt-memo: the chat text of a question, and its ids before images are expanded, are made once.

Bottleneck: a benchmark asks the same question about many images (every captioning task has one), and a service has
the same system prompt in front of every request; the chat template is rendered and tokenised for each of them
all the same.

Both are pure functions of the text, so a request whose words were seen before gets what it got then. Nothing about
images is kept: a repeated *image* costs what it cost before.

State: chat texts and ids of the last 256 different prompts.

Expected effect: 0.2 to 0.5 ms a request with a known prompt; nothing for a new one.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    from argus_eval.core.request import Request
    from argus_eval.pipeline.parts import Template
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "RememberedTemplate", "apply"]

INFO = RecipeInfo(
    name="prompt-memo",
    summary="chat text and ids of a prompt that was seen before are not made again",
    parts=frozenset({"template", "prompt_encoder"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=25,
    families=frozenset({"argus", "internvl", "smolvlm"}),
)

_REMEMBERED = 256


class RememberedTemplate:
    """A template that renders what it has not rendered lately."""

    def __init__(self, inner: Template) -> None:
        self._inner = inner
        self._texts: dict[tuple[str | None, str, str, int], str] = {}

    def __call__(self, request: Request) -> str:
        """See :class:`~argus_eval.pipeline.parts.Template`."""
        key = (request.system, request.prompt, request.prefix, len(request.images))
        text = self._texts.get(key)
        if text is None:
            text = self._inner(request)
            if len(self._texts) >= _REMEMBERED:
                del self._texts[next(iter(self._texts))]
            self._texts[key] = text
        return text


def apply(pipeline: Pipeline) -> Pipeline:
    """Remember chat texts, and ids where prompts are spliced."""
    from argus_eval.pipeline.split import SplitPreprocessor
    from argus_eval.recipes.token_splice import SplicedPrompt

    changed = dataclasses.replace(pipeline, template=RememberedTemplate(pipeline.template))
    halves = pipeline.preprocess.halves if isinstance(pipeline.preprocess, SplitPreprocessor) else (None, None)
    if not isinstance(halves[1], SplicedPrompt):
        return changed
    return changed.with_prompt_encoder(halves[1].encoding_by(lru_cache(_REMEMBERED)))
