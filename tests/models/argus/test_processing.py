from __future__ import annotations

import pytest
import torch
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor

from argus_eval.models.argus.processing import ArgusProcessor, argus_image_processor

from .conftest import picture, question

PER_TILE = 4  # of the small model: 64 px tiles, patches of 16, factor 2
# (width, height) → tiles with thumbnail, worked out by hand from the closest aspect ratio
SIZES = {
    (64, 64): 1,
    (40, 40): 1,
    (200, 200): 5,
    (150, 96): 3,
    (200, 90): 3,
    (90, 200): 3,
    (300, 80): 5,
    (60, 190): 4,
}


@pytest.mark.parametrize(("size", "tiles"), SIZES.items())
def test_placeholders_count_the_tiles(processor: ArgusProcessor, size: tuple[int, int], tiles: int) -> None:
    text = processor.apply_chat_template(question(), add_generation_prompt=True)
    inputs = processor(text=text, images=[picture(*size)], return_tensors="pt")
    ids = inputs["input_ids"][0].tolist()
    assert inputs["pixel_values"].shape == (tiles, 3, 64, 64)
    assert ids.count(processor.image_token_id) == tiles * PER_TILE
    assert ids.count(processor.start_image_token_id) == ids.count(processor.end_image_token_id) == 1
    assert set(inputs) == {"input_ids", "attention_mask", "pixel_values"}
    [total] = processor._get_num_multimodal_tokens(image_sizes=[(size[1], size[0])]).num_image_tokens
    assert total == tiles * PER_TILE + 2


@pytest.mark.parametrize("tiles", [1, 3, 5])
def test_expanded_ids_are_those_of_the_expanded_text(processor: ArgusProcessor, tiles: int) -> None:
    text = processor.image_replacement(tiles)
    assert processor.tokenizer(text)["input_ids"] == processor.image_replacement_ids(tiles)


def test_the_image_processor_is_the_stock_class_and_its_output_untouched(processor: ArgusProcessor) -> None:
    assert type(processor.image_processor) is GotOcr2ImageProcessor
    image = picture(150, 96)
    stock = GotOcr2ImageProcessor(
        size={"height": 64, "width": 64},
        crop_to_patches=True,
        min_patches=1,
        max_patches=4,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )(image, return_tensors="pt")
    ours = processor(text="<image>", images=[image], return_tensors="pt")
    assert torch.equal(ours["pixel_values"], stock["pixel_values"])
    assert ours["pixel_values"].min() >= -1
    assert ours["pixel_values"].max() <= 1


def test_published_tiling_of_512_pixel_presets() -> None:
    image_processor = argus_image_processor(512)
    # 640×480 is less than half of what 2×2 tiles cover, so one tile is enough
    assert image_processor.get_number_of_image_patches(480, 640) == 1
    assert image_processor.get_number_of_image_patches(960, 1280) == 5
    assert image_processor.get_number_of_image_patches(720, 1280) == 3
    assert max(image_processor.get_number_of_image_patches(h, 1000) for h in range(100, 4000, 50)) == 5


def test_images_come_first_whatever_the_order(processor: ArgusProcessor) -> None:
    swapped = [{"role": "user", "content": list(reversed(question()[0]["content"]))}]  # type: ignore[call-overload]
    assert processor.apply_chat_template(swapped) == processor.apply_chat_template(question())


def test_chat_template(processor: ArgusProcessor) -> None:
    conversation = [
        {"role": "system", "content": "Be brief."},
        *question("What is it?"),
        {"role": "assistant", "content": [{"type": "text", "text": "a cup"}]},
    ]
    assert processor.apply_chat_template(conversation) == (
        "<|system|>Be brief.<|end|><|user|><image>What is it?<|end|><|assistant|>a cup<|end|>"
    )
    assert processor.apply_chat_template(question("x"), add_generation_prompt=True).endswith(
        "<|end|><|assistant|>"
    )


def test_the_mask_of_the_template_marks_the_answer_and_its_end(processor: ArgusProcessor) -> None:
    content = [{"type": "image", "image": picture(64, 64)}, {"type": "text", "text": "What is it?"}]
    conversation = [
        {"role": "user", "content": content},
        {"role": "assistant", "content": [{"type": "text", "text": "a cup"}]},
    ]
    output = processor.apply_chat_template(
        conversation, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, return_tensors="pt"
    )
    marked = output["input_ids"][output["assistant_masks"].bool()]
    assert processor.tokenizer.decode(marked) == "a cup<|end|>"


def test_two_images_in_one_request(processor: ArgusProcessor) -> None:
    output = processor(
        text="<image><image>compare", images=[picture(64, 64), picture(150, 96)], return_tensors="pt"
    )
    assert output["pixel_values"].shape[0] == 1 + 3
    assert output["input_ids"][0].tolist().count(processor.image_token_id) == 4 * PER_TILE


def test_batches_are_padded_on_the_left(processor: ArgusProcessor) -> None:
    output = processor(
        text=["<image>a", "<image>a much longer question"],
        images=[[picture(64, 64)], [picture(64, 64)]],
        padding=True,
        return_tensors="pt",
    )
    assert output["attention_mask"][0, 0] == 0
    assert output["attention_mask"][:, -1].tolist() == [1, 1]


def test_type_ids_mark_the_image(processor: ArgusProcessor) -> None:
    output = processor(text="<image>hi", images=[picture(64, 64)], return_mm_token_type_ids=True)
    [types] = output["mm_token_type_ids"]
    assert types == [1] * (PER_TILE + 2) + [0] * (len(types) - PER_TILE - 2)


def test_text_is_required(processor: ArgusProcessor) -> None:
    with pytest.raises(ValueError, match="text is missing"):
        processor(images=[picture(64, 64)])


def test_a_prompt_without_placeholder_is_refused(processor: ArgusProcessor) -> None:
    with pytest.raises(ValueError, match="number of <image> tokens"):
        processor(text="no picture", images=[picture(64, 64)])


def test_answers_keep_their_boxes(processor: ArgusProcessor) -> None:
    answer = "<ref>cup</ref><box><loc_1><loc_2><loc_3><loc_4></box>"
    ids = processor.tokenizer(answer + "<|end|>")["input_ids"]
    assert processor.post_process_image_text_to_text(torch.tensor([ids])) == [answer]
