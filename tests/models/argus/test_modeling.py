from __future__ import annotations

import pathlib
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from argus_eval.models.argus.build import BuiltArgus
from argus_eval.models.argus.modeling import ArgusForConditionalGeneration, pixel_unshuffle
from argus_eval.pipeline.cache_argument import cache_argument

from .conftest import picture, question


def inputs_of(
    built: BuiltArgus, *sizes: tuple[int, int], text: str = "Where is the red cup?"
) -> dict[str, torch.Tensor]:
    prompts = [
        built.processor.apply_chat_template(question(text + " now" * index), add_generation_prompt=True)
        for index in range(len(sizes))
    ]
    images = [[picture(*size, seed=index)] for index, size in enumerate(sizes)]
    return dict(built.processor(text=prompts, images=images, return_tensors="pt", padding=True))


def test_pixel_unshuffle_gathers_the_neighbours() -> None:
    side, factor, depth = 6, 3, 5
    patches = torch.randn(2, side * side, depth)
    unshuffled = pixel_unshuffle(patches, factor)
    assert unshuffled.shape == (2, 4, factor * factor * depth)
    grid = patches.reshape(2, side, side, depth)
    for row in range(2):
        for column in range(2):
            block = grid[:, row * 3 : row * 3 + 3, column * 3 : column * 3 + 3]
            assert torch.equal(unshuffled[:, row * 2 + column], block.reshape(2, -1))


def test_forward_shapes(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (150, 96))
    tiles, length = inputs["pixel_values"].shape[0], inputs["input_ids"].shape[1]
    with torch.inference_mode():
        output = small.model(**inputs)
    config = small.model.config
    assert output.logits.shape == (1, length, config.text_config.vocab_size)
    assert output.image_hidden_states.shape == (tiles, config.tokens_per_tile, config.text_config.hidden_size)
    assert torch.isfinite(output.logits).all()


def test_image_content_reaches_the_answer(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    with torch.inference_mode():
        here = small.model(**inputs).logits[:, -1]
        there = small.model(**{**inputs, "pixel_values": -inputs["pixel_values"]}).logits[:, -1]
    assert (here - there).abs().max() > 1e-3


def test_generate_equals_a_manual_loop_without_cache(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (150, 96))
    generated = small.model.generate(**inputs, max_new_tokens=8, do_sample=False, eos_token_id=None)
    ids = inputs["input_ids"]
    with torch.inference_mode():
        for _ in range(8):
            logits = small.model(input_ids=ids, pixel_values=inputs["pixel_values"], use_cache=False).logits
            ids = torch.cat([ids, logits[:, -1:].argmax(-1)], dim=1)
    assert generated.tolist() == ids.tolist()
    assert len(set(ids[0, -8:].tolist())) > 1  # a loop that repeats one token would hide cache errors


def _cache(step: Any) -> dict[str, Any]:
    """What a step left behind, under the name that the installed transformers reads it by."""
    return {cache_argument(): step[cache_argument()]}


def test_generate_equals_a_manual_loop_with_precomputed_features(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (150, 96))
    generated = small.model.generate(**inputs, max_new_tokens=6, do_sample=False, eos_token_id=None)
    with torch.inference_mode():
        image = small.model.get_image_features(inputs["pixel_values"], return_dict=True)
        step = small.model(
            input_ids=inputs["input_ids"], mm_encoder_outputs={"image": image}, use_cache=True, logits_to_keep=1
        )
        assert step.logits.shape[1] == 1
        tokens = [step.logits[:, -1].argmax(-1)]
        for _ in range(5):
            step = small.model(input_ids=tokens[-1][:, None], use_cache=True, **_cache(step))
            tokens.append(step.logits[:, -1].argmax(-1))
    assert torch.stack(tokens, 1).tolist() == generated[:, -6:].tolist()


def test_generate_accepts_precomputed_features(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (150, 96))
    expected = small.model.generate(**inputs, max_new_tokens=4, do_sample=False)
    with torch.inference_mode():
        image = small.model.get_image_features(inputs.pop("pixel_values"), return_dict=True)
    given = small.model.generate(**inputs, mm_encoder_outputs={"image": image}, max_new_tokens=4, do_sample=False)
    assert given.tolist() == expected.tolist()


def test_a_padded_batch_answers_like_single_requests(small: BuiltArgus) -> None:
    sizes = [(64, 64), (150, 96), (200, 40)]
    batch = inputs_of(small, *sizes)
    assert (batch["attention_mask"] == 0).any()
    together = small.model.generate(**batch, max_new_tokens=5, do_sample=False, eos_token_id=None)[:, -5:]
    processor = small.processor
    for index, size in enumerate(sizes):
        text = processor.apply_chat_template(
            question("Where is the red cup?" + " now" * index), add_generation_prompt=True
        )
        single = processor(text=text, images=[picture(*size, seed=index)], return_tensors="pt")
        alone = small.model.generate(**single, max_new_tokens=5, do_sample=False, eos_token_id=None)[:, -5:]
        assert alone.tolist() == together[index : index + 1].tolist()


def test_labels_give_the_shifted_cross_entropy(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    labels = inputs["input_ids"].clone()
    labels[:, :-4] = -100
    with torch.inference_mode():
        output = small.model(**inputs, labels=labels)
    expected = torch.nn.functional.cross_entropy(output.logits[0, :-1].float(), labels[0, 1:], ignore_index=-100)
    assert output.loss.item() == pytest.approx(expected.item(), rel=1e-6)


def test_every_part_learns(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    small.model.zero_grad()
    small.model(**inputs, labels=inputs["input_ids"]).loss.backward()
    silent = [name for name, p in small.model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    small.model.zero_grad()
    assert [
        name for name in silent if not name.endswith("k_proj.bias")
    ] == []  # softmax ignores a shift of all keys


@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_attention_implementations_agree(small: BuiltArgus, tmp_path: pathlib.Path, implementation: str) -> None:
    inputs = inputs_of(small, (150, 96))
    small.model.save_pretrained(tmp_path)
    other = ArgusForConditionalGeneration.from_pretrained(tmp_path, attn_implementation=implementation).eval()
    assert other.model.language_model.config._attn_implementation == implementation
    assert other.model.vision_tower.config._attn_implementation == implementation
    with torch.inference_mode():
        assert torch.allclose(other(**inputs).logits, small.model(**inputs).logits, atol=2e-3)


def test_the_wrong_number_of_placeholders_is_refused(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    with pytest.raises(ValueError, match="placeholders in the prompt"):
        small.model(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"].repeat(2, 1, 1, 1))


def test_contradicting_arguments_are_refused(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    with pytest.raises(ValueError, match="exactly one"):
        small.model(pixel_values=inputs["pixel_values"])
    image = BaseModelOutputWithPooling(pooler_output=torch.zeros(1, 4, 48))
    with pytest.raises(ValueError, match="not both"):
        small.model(**inputs, mm_encoder_outputs={"image": image})


def test_text_alone_works(small: BuiltArgus) -> None:
    ids = torch.tensor([[2, 300, 301, 3]])
    assert small.model.generate(ids, max_new_tokens=2, do_sample=False, eos_token_id=None).shape == (1, 6)


def test_embeddings_find_their_placeholders(small: BuiltArgus) -> None:
    inputs = inputs_of(small, (64, 64))
    with torch.inference_mode():
        embeds = small.model.get_input_embeddings()(inputs["input_ids"])
        by_embeds = small.model(inputs_embeds=embeds, pixel_values=inputs["pixel_values"]).logits
        assert torch.equal(by_embeds, small.model(**inputs).logits)


def test_saved_and_loaded_by_the_auto_classes(small: BuiltArgus, tmp_path: pathlib.Path) -> None:
    small.model.save_pretrained(tmp_path)
    small.processor.save_pretrained(tmp_path)
    assert [path.name for path in tmp_path.glob("*.safetensors")] == ["model.safetensors"]
    model = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    processor = AutoProcessor.from_pretrained(tmp_path)
    assert isinstance(model, ArgusForConditionalGeneration)
    assert AutoConfig.from_pretrained(tmp_path).to_diff_dict() == small.model.config.to_diff_dict()
    assert model.lm_head.weight.data_ptr() == model.get_input_embeddings().weight.data_ptr()
    inputs, again = inputs_of(small, (150, 96)), inputs_of(BuiltArgus(model, processor), (150, 96))
    assert all(torch.equal(inputs[name], again[name]) for name in inputs)
    with torch.inference_mode():
        assert torch.equal(model(**again).logits, small.model(**inputs).logits)
    assert model.generation_config.eos_token_id == small.processor.tokenizer.eos_token_id


def test_half_precision_checkpoints_load_as_such(small: BuiltArgus, tmp_path: pathlib.Path) -> None:
    model = ArgusForConditionalGeneration(small.model.config).half()
    model.save_pretrained(tmp_path)
    assert AutoModelForImageTextToText.from_pretrained(tmp_path, dtype="auto").dtype == torch.float16
