"""Which attention kernels tower and decoder call: attention-eager, attention-sdpa and attention-flash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.errors import IncompatibleError

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["NAMES", "use_attention"]

#: Recipes of which one can be chosen.
NAMES = frozenset({"attention-eager", "attention-sdpa", "attention-flash"})


def use_attention(pipeline: Pipeline, implementation: str, recipe: str) -> Pipeline:
    """The pipeline around a copy of the modules with another attention; the weights are shared.

    Args:
        pipeline: left as it is.
        implementation: as transformers names it.
        recipe: for messages.

    Raises:
        IncompatibleError: transformers cannot use it here, or the architecture does not offer it.
    """
    from argus_eval.recipes.model_copy import noted, shared_copy, with_model

    if _in_use(pipeline.model) == {implementation}:
        return noted(pipeline, f"recipe {recipe!r} changes nothing: {implementation} is in use already")
    model = shared_copy(pipeline.model)
    try:
        model.set_attn_implementation(implementation)
    except (ImportError, ValueError) as problem:
        raise IncompatibleError(f"recipe {recipe!r}: {implementation} cannot be used here: {problem}") from problem
    missing = _in_use(model) - {implementation}
    if missing:
        kept = ", ".join(sorted(missing))
        raise IncompatibleError(f"recipe {recipe!r}: a part of the model keeps {kept}; it offers no choice")
    return with_model(pipeline, model)


def _in_use(model: object) -> set[str]:
    """Implementations that the towers and decoders inside ``model`` are set to."""
    from transformers import PreTrainedModel

    assert isinstance(model, PreTrainedModel)
    inner = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    return {str(part.config._attn_implementation) for part in inner}
