"""Does a replaced part still agree with the stock part it stands for? Asked once, when a recipe is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argus_eval.errors import IncompatibleError

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["require_same_pixels"]

_PROBE_SIZE = (61, 45)  # needs every resize a family knows
_ONE_STEP = 1.01  # of uint8: another version of a library may round the other way


def require_same_pixels(recipe: str, stock: Pipeline, changed: Pipeline) -> None:
    """Compare what both pipelines would feed the vision tower for one picture.

    Raises:
        IncompatibleError: other shapes, or values further apart than one step of uint8.
    """
    import torch
    from PIL import Image

    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import ModelInputs

    picture = Image.linear_gradient("L").resize(_PROBE_SIZE).convert("RGB")
    silent, pixels = StageRecorder(enabled=False), []
    for pipeline in (stock, changed):
        half = pipeline.image_half
        assert half is not None, f"{pipeline.family} has no split preprocessor; recipes check this first"
        inputs = pipeline.transfer(ModelInputs(tensors=half([picture], silent).tensors))
        pixels.append(inputs.tensors["pixel_values"].float())
    expected, found = pixels
    if expected.shape != found.shape:
        raise IncompatibleError(
            f"{recipe} makes pixels of shape {tuple(found.shape)} where the installed transformers makes "
            f"{tuple(expected.shape)}; it is written for another version"
        )
    settings = stock.processor.image_processor
    step = _ONE_STEP * settings.rescale_factor / min(settings.image_std)
    largest = float(torch.max(torch.abs(expected - found)))
    if largest > step:
        raise IncompatibleError(
            f"{recipe} makes other pixels than the installed transformers (difference {largest:.3g}, one step of "
            f"uint8 is {step:.3g}); it is written for another version"
        )
