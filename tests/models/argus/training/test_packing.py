"""A packed question is answered exactly as the same question alone."""

from __future__ import annotations

import random

import torch

from argus_eval.models.argus.configuration import ArgusPreset
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.packing import IGNORED, Packer
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.session import fresh_trainee
from argus_eval.models.argus.training.tower_stage import normalised_pixels
from argus_eval.models.argus.training.trainee import Trainee


def _alone(trainee: Trainee, example: Example, question: Question) -> torch.Tensor:
    """Log-probabilities of the answer's tokens, the question asked through chat template and plain attention."""
    model, processor = trainee.model, trainee.processor
    messages = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question.prompt}]},
        {"role": "assistant", "content": question.answer},
    ]
    text = processor.apply_chat_template(messages, tokenize=False)
    text = text.replace(processor.image_token, processor.image_replacement(1))
    ids = processor.tokenizer(text, return_tensors="pt")["input_ids"]
    answer = len(processor.tokenizer(question.answer)["input_ids"]) + 1
    logits = model(input_ids=ids, pixel_values=normalised_pixels([example], model.device)).logits
    spread = torch.log_softmax(logits[0, -answer - 1 : -1], dim=-1)
    return spread.gather(1, ids[0, -answer:, None]).squeeze(1)


@torch.no_grad()
def test_packed_questions_get_the_logits_they_get_alone(shape: ArgusPreset, examples: list[Example]) -> None:
    trainee = fresh_trainee(shape, seed=1)
    model = trainee.model.eval()
    example = max(examples, key=lambda example: len(example.questions))
    weights = dict.fromkeys({question.kind for question in example.questions}, 1.0)
    packer = Packer(trainee, 400, weights)
    packed = packer.pack([example], random.Random(0))
    embeddings = model.get_input_embeddings()(packed.input_ids)
    tokens = model.get_image_features(normalised_pixels([example], model.device)).pooler_output
    image = (packed.input_ids == model.config.image_token_id).unsqueeze(-1)
    mask = torch.zeros(packed.visible.shape).masked_fill(~packed.visible, torch.finfo(torch.float32).min)
    hidden = model.model.language_model(
        inputs_embeds=embeddings.masked_scatter(image, tokens),
        attention_mask=mask,
        position_ids=packed.position_ids,
        use_cache=False,
    ).last_hidden_state
    asked = packed.labels != IGNORED
    spread = torch.log_softmax(model.lm_head(hidden[asked]), dim=-1)
    together = spread.gather(1, packed.labels[asked][:, None]).squeeze(1)
    chosen = packer._chosen(example, random.Random(0))
    assert len(chosen) >= 5
    apart = torch.cat([_alone(trainee, example, question) for question in chosen])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


def test_no_question_sees_another_and_fillers_see_themselves(shape: ArgusPreset, examples: list[Example]) -> None:
    trainee = fresh_trainee(shape, seed=1)
    packer = Packer(trainee, 200, {"refcoco": 1.0, "pope": 1.0})
    packed = packer.pack(examples, random.Random(3))
    visible = packed.visible[:, 0]
    assert bool(visible.diagonal(dim1=1, dim2=2).all())
    assert not bool(visible.triu(1).any())
    for ids, sees, positions in zip(packed.input_ids, visible, packed.position_ids, strict=True):
        # what a token sees is one path: no two visible tokens stand at the same position
        for row, here in zip(sees, positions, strict=True):
            seen = positions[row].tolist()
            assert len(set(seen)) == len(seen)
            assert max(seen) == int(here)
        assert len(ids) == visible.shape[1]


def test_kinds_without_weight_are_not_asked(examples: list[Example], shape: ArgusPreset) -> None:
    trainee = fresh_trainee(shape, seed=1)
    packer = Packer(trainee, 300, {"pope": 1.0, "refcoco": 0.0})
    for example in examples:
        assert {question.kind for question in packer._chosen(example, random.Random(1))} <= {"pope"}


def test_a_question_longer_than_the_limit_is_asked_alone(examples: list[Example], shape: ArgusPreset) -> None:
    """A list of all objects is the longest answer there is; it has to be learnt like any other."""
    trainee = fresh_trainee(shape, seed=1)
    packer = Packer(trainee, 8, {"coco_detection": 1e9, "refcoco": 1.0})
    crowded = max(examples, key=lambda example: len(example.things))
    assert [question.kind for question in packer._chosen(crowded, random.Random(0))] == ["coco_detection"]
