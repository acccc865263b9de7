"""Both architectures are trained as they are asked, and one continues what the other has learnt."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
import torch
from PIL import Image

from argus_eval.errors import UsageError
from argus_eval.models.argus.configuration import ArgusPreset
from argus_eval.models.argus.training.checkpoint import export_model
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.session import fresh_trainee
from argus_eval.models.argus.training.starting_weights import continue_from
from argus_eval.models.argus.training.tower_stage import normalised_pixels
from argus_eval.models.argus.training.trainee import ARCHITECTURES, Architecture, Trainee


def asked(trainee: Trainee, question: str, image: Image.Image) -> dict[str, torch.Tensor]:
    """What the stock processor makes of a question."""
    content = [{"type": "image"}, {"type": "text", "text": question}]
    text = trainee.processor.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True
    )
    return dict(trainee.processor(text=text, images=[image], return_tensors="pt"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_frame_is_what_the_stock_processor_writes(shape: ArgusPreset, architecture: Architecture) -> None:
    trainee = fresh_trainee(shape, 0, architecture)
    ids = asked(trainee, "Is there a red cup?", Image.new("RGB", (300, 200)))["input_ids"][0].tolist()
    question = trainee.tokenizer("Is there a red cup?", add_special_tokens=False)["input_ids"]
    assert ids == [*trainee.trunk, *question, *trainee.asking]
    assert ids.count(trainee.image_token_id) == trainee.visual_tokens
    assert trainee.end_id == trainee.model.generation_config.eos_token_id


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.no_grad()
def test_visual_tokens_are_those_the_model_makes_itself(
    shape: ArgusPreset, examples: list[Example], architecture: Architecture
) -> None:
    trainee = fresh_trainee(shape, 0, architecture)
    inputs = asked(trainee, "?", Image.fromarray(examples[0].pixels))
    pixels = normalised_pixels(examples[:1], torch.device("cpu"))
    torch.testing.assert_close(inputs["pixel_values"].reshape(pixels.shape), pixels)
    inputs.pop("input_ids"), inputs.pop("attention_mask")
    own = trainee.model.get_image_features(**inputs).pooler_output
    torch.testing.assert_close(trainee.visual(pixels), torch.stack(list(own)))


@torch.no_grad()
def test_the_other_architecture_takes_tower_and_decoder_over(
    shape: ArgusPreset, examples: list[Example], tmp_path: pathlib.Path
) -> None:
    first = fresh_trainee(shape, 3, "argus")
    export_model(first, tmp_path / "model", torch.float32)
    second = fresh_trainee(shape, 4, "smolvlm")
    continue_from(second, tmp_path / "model", ("tower", "embedding", "decoder"))
    pixels = normalised_pixels(examples[:2], torch.device("cpu"))
    torch.testing.assert_close(second.patches(pixels), first.patches(pixels))
    ids = torch.tensor([[300, 400, first.locations.first_token_id + 7]])
    torch.testing.assert_close(
        second.decoder(input_ids=ids).last_hidden_state, first.decoder(input_ids=ids).last_hidden_state
    )


def test_a_part_that_does_not_fit_is_named(shape: ArgusPreset, tmp_path: pathlib.Path) -> None:
    export_model(fresh_trainee(shape, 3), tmp_path / "model", torch.float32)
    with pytest.raises(UsageError, match="its projector does not fit"):
        continue_from(fresh_trainee(shape, 4, "smolvlm"), tmp_path / "model", ("projector",))
    wider = dataclasses.replace(shape, text_hidden=64)
    with pytest.raises(UsageError, match="its decoder does not fit"):
        continue_from(fresh_trainee(wider, 4), tmp_path / "model", ("tower", "decoder"))
    with pytest.raises(UsageError, match="holds no model"):
        continue_from(fresh_trainee(shape, 4), tmp_path, ("tower",))
