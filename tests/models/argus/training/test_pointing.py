"""What the decoder is shown: its own attention, at the objects that are asked about."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest
import torch

from argus_eval.models.argus.configuration import ArgusPreset
from argus_eval.models.argus.training.dense_labels import owners
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.language_stage import LanguageStage
from argus_eval.models.argus.training.packing import Packer
from argus_eval.models.argus.training.pointing import Pointing
from argus_eval.models.argus.training.questions import Question
from argus_eval.models.argus.training.recipe import default_recipe
from argus_eval.models.argus.training.session import fresh_trainee
from argus_eval.models.argus.training.tower_stage import normalised_pixels
from argus_eval.models.argus.training.trainee import ARCHITECTURES, Architecture


def _asking(example: Example, question: Question) -> Example:
    return dataclasses.replace(example, questions=(question,))


@torch.no_grad()
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_judges_the_attention_that_the_decoder_pays(
    shape: ArgusPreset, examples: list[Example], architecture: Architecture
) -> None:
    """Against the probabilities that transformers itself gives out."""
    trainee = fresh_trainee(shape, seed=3, architecture=architecture)
    model = trainee.model.eval()
    chosen = next(
        _asking(example, question)
        for example in examples
        for question in example.questions
        if question.kind == "refcoco"
    )
    question = chosen.questions[0]
    assert not isinstance(question.target, str)
    packed = Packer(trainee, 100, {"refcoco": 1.0}).pack([chosen], random.Random(0))
    pointing = Pointing(trainee)
    mask = torch.zeros(packed.visible.shape).masked_fill(~packed.visible, torch.finfo(torch.float32).min)
    embeddings = trainee.decoder.embed_tokens(packed.input_ids)
    image = (packed.input_ids == trainee.image_token_id).unsqueeze(-1)
    embeddings = embeddings.masked_scatter(image, trainee.visual(normalised_pixels([chosen], model.device)))
    trainee.decoder.set_attn_implementation("eager")
    with pointing.watching():
        paid = trainee.decoder(
            inputs_embeds=embeddings,
            attention_mask=mask,
            position_ids=packed.position_ids,
            output_attentions=True,
            use_cache=False,
        ).attentions[-2][0]  # (heads, L, L)
    loss, looked = pointing.loss(packed, [chosen])
    (target,) = [
        index for index, thing in enumerate(chosen.things) if thing.box == pytest.approx(question.target, abs=1e-6)
    ]
    cells = torch.from_numpy(owners(chosen.things, int(trainee.visual_tokens**0.5))) == target
    columns = image[0, :, 0].nonzero().squeeze(1)[cells]
    asked = (packed.labels[0] != -100).nonzero().squeeze(1)
    assert len(asked) == 7  # <box>, four coordinates, </box> and the end
    group = model.config.text_config.num_attention_heads // model.config.text_config.num_key_value_heads
    share = paid[:group, asked][:, :, columns].sum(-1)
    assert looked == pytest.approx(float(share.mean()), rel=1e-4)
    torch.testing.assert_close(loss, -share.log().mean(), rtol=1e-4, atol=1e-5)
    assert not trainee.decoder.layers[-2].self_attn._forward_pre_hooks


def test_a_question_in_words_looks_at_everything_it_names(shape: ArgusPreset, examples: list[Example]) -> None:
    trainee = fresh_trainee(shape, seed=3)
    example = max(examples, key=lambda example: len({thing.category for thing in example.things}))
    names = sorted({thing.category for thing in example.things})
    side = int(trainee.visual_tokens**0.5)
    owner = torch.from_numpy(owners(example.things, side))
    for prompt, meant in (
        (f"How many {names[0]}s are there?", names[:1]),
        (f"Is the {names[0]} above the {names[1]}?", names[:2]),
        (f"Is there a pre{names[0]}?", []),
        ("What is this?", []),
    ):
        asked = _asking(example, Question("pope", prompt, "yes", "yes"))
        packed = Packer(trainee, 100, {"pope": 1.0}).pack([asked], random.Random(0))
        looks = Pointing(trainee)._looks(packed, [asked])
        mine = [index for index, thing in enumerate(example.things) if thing.category in meant]
        cells = torch.isin(owner, torch.tensor(mine))
        assert [look.cells.tolist() for look in looks] == ([cells.tolist()] if meant else [])
        # From where the answer's first token is predicted, and there alone.
        first = int((packed.labels[0] != -100).nonzero()[0])
        assert all(look.column == first for look in looks)


def test_a_list_looks_at_one_thing_after_the_other(shape: ArgusPreset, examples: list[Example]) -> None:
    trainee = fresh_trainee(shape, seed=3)
    example = next(
        e for e in examples if len(e.things) == 4 and any(q.kind == "coco_detection" for q in e.questions)
    )
    (question,) = [question for question in example.questions if question.kind == "coco_detection"]
    asked = _asking(example, question)
    packed = Packer(trainee, 400, {"coco_detection": 1.0}).pack([asked], random.Random(0))
    looks = Pointing(trainee)._looks(packed, [asked])
    owner = torch.from_numpy(owners(example.things, int(trainee.visual_tokens**0.5)))
    in_turn = sorted(range(4), key=lambda index: (example.things[index].box[0], example.things[index].box[1]))
    expected = [(owner == index).tolist() for index in in_turn if bool((owner == index).any())]
    assert [cells for cells, _ in itertools.groupby(look.cells.tolist() for look in looks)] == expected
    columns = [look.column for look in looks]
    answer = (packed.labels[0] != -100).nonzero().squeeze(1).tolist()
    assert columns == answer[: len(columns)]
    assert len(columns) == len(answer) - 2  # all but the last </box> and the end


def test_shown_where_to_look_it_looks_there(shape: ArgusPreset, examples: list[Example]) -> None:
    looked = {}
    for weight in (0.0, 0.5):
        trainee = fresh_trainee(shape, seed=2)
        recipe = dataclasses.replace(
            default_recipe("nano", 1.0), text_tokens=120, pointing=weight, kinds=(("refcoco", 1.0),)
        )
        stage = LanguageStage(trainee, recipe)
        optimizer = torch.optim.Adam(trainee.decoder.parameters(), lr=1e-2)
        for _ in range(12):
            loss, figures = stage.loss(examples[:4])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        assert ("looked" in figures) == (weight > 0)
        stage._pointing_weight = 0.5
        looked[weight] = stage.loss(examples[:4])[1]["looked"]
    assert looked[0.5] > 1.5 * looked[0.0]
