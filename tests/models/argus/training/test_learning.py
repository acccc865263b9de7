"""The parts learn: heads, stages, optimizer; and a run stops, goes on, and can be loaded."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from argus_eval.errors import UsageError
from argus_eval.models.argus.configuration import ArgusPreset
from argus_eval.models.argus.training.checkpoint import CheckpointFolder
from argus_eval.models.argus.training.dense_heads import soft_bins
from argus_eval.models.argus.training.examples import Example
from argus_eval.models.argus.training.feed import SceneFeed
from argus_eval.models.argus.training.held_out import _best_constant, _credit, choose_questions, score_held_out
from argus_eval.models.argus.training.language_stage import JointStage
from argus_eval.models.argus.training.optimizer import Muon, _orthogonal
from argus_eval.models.argus.training.recipe import StagePlan, default_recipe
from argus_eval.models.argus.training.session import fresh_trainee
from argus_eval.models.argus.training.shards import write_shard
from argus_eval.models.argus.training.tower_stage import TowerStage, make_heads
from argus_eval.models.argus.training.trainee import ARCHITECTURES, Architecture
from argus_eval.models.argus.training.trainer import Progress, Trainer, TrainingLog


def test_soft_bins_sum_to_one_and_peak_at_the_coordinate() -> None:
    targets = soft_bins(torch.tensor([0.0, 0.25, 1.0]), 1000, 8.0)
    torch.testing.assert_close(targets.sum(-1), torch.ones(3))
    assert targets.argmax(-1).tolist() == [0, 250, 999]


def test_muon_steps_have_nearly_equal_singular_values() -> None:
    torch.manual_seed(0)
    for shape in ((2, 24, 40), (2, 40, 24)):
        values = torch.linalg.svdvals(_orthogonal(torch.randn(shape)))
        assert float(values.min()) > 0.6
        assert float(values.max()) < 1.3


def test_muon_finds_the_least_squares_solution() -> None:
    torch.manual_seed(0)
    wanted, inputs = torch.randn(6, 6), torch.randn(64, 6)
    weight = torch.nn.Parameter(torch.zeros(6, 6))
    optimizer = Muon([weight], lr=0.2, weight_decay=0.0)
    for step in range(300):
        loss = ((inputs @ weight.T - inputs @ wanted.T) ** 2).mean()
        torch.autograd.backward(loss)
        optimizer.param_groups[0]["lr"] = 0.2 * (1 - step / 300)
        optimizer.step()
        optimizer.zero_grad()
    assert float((weight - wanted).detach().abs().max()) < 0.05


def test_the_start_is_the_same_for_a_seed_and_neighbouring_locations_are_alike(shape: ArgusPreset) -> None:
    first, second = (fresh_trainee(shape, seed=5).model for _ in range(2))
    for one, two in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two)
    offset = first.config.location_token_offset
    table = first.get_input_embeddings().weight[offset : offset + first.config.location_bins]
    near = torch.cosine_similarity(table[500], table[502], dim=0)
    far = torch.cosine_similarity(table[500], table[700], dim=0)
    assert float(near.detach()) > 0.95 > float(far.detach())


def _trainer(
    shape: ArgusPreset, examples: list[Example], folder: pathlib.Path, architecture: Architecture = "argus"
) -> tuple[Trainer, CheckpointFolder, JointStage]:
    trainee = fresh_trainee(shape, seed=2, architecture=architecture)
    heads = make_heads(trainee)
    kept = CheckpointFolder(path=folder, trainee=trainee, heads=heads)
    (folder / "scenes").mkdir(parents=True, exist_ok=True)
    write_shard(folder / "scenes", 0, examples)
    ticks = iter(range(10_000))
    trainer = Trainer(
        recipe=dataclasses.replace(default_recipe("nano", 1.0), text_tokens=120),
        trainee=trainee,
        feed=SceneFeed(folder / "scenes", seed=0),
        log=TrainingLog(folder / "log.jsonl", lambda line: None),
        save=kept.save,
        clock=lambda: float(next(ticks)),
    )
    stage = JointStage(trainee, trainer.recipe, TowerStage(trainee, heads))
    return trainer, kept, stage


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_few_steps_lower_the_loss_and_the_run_can_go_on(
    shape: ArgusPreset, examples: list[Example], tmp_path: pathlib.Path, architecture: Architecture
) -> None:
    trainer, kept, stage = _trainer(shape, examples, tmp_path, architecture)
    before = float(stage.loss(examples)[0].detach())
    plan = StagePlan(name="joint", share=1.0, batch=4, rate=3e-3, warmup_steps=4)
    trainer.run_stage(plan, stage, minutes=0.6)  # 36 ticks of the injected clock
    after = float(stage.loss(examples)[0].detach())
    assert after < 0.6 * before
    assert trainer.progress.stage == 1
    assert trainer.progress.scenes >= 40
    again, folder, _ = _trainer(shape, examples, tmp_path, architecture)
    again.progress, _ = folder.load()
    assert again.progress == trainer.progress
    for one, two in zip(again.trainee.model.parameters(), trainer.trainee.model.parameters(), strict=True):
        assert torch.equal(one, two)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path / "model", dtype="auto")
    processor = AutoProcessor.from_pretrained(tmp_path / "model")
    assert loaded.dtype == torch.float32
    assert _tiles(processor) == 1
    assert (tmp_path / "log.jsonl").read_text().count("joint") >= 1
    assert kept.path == tmp_path


def _tiles(processor: Any) -> int:
    """Of a wide photograph."""
    content = [{"type": "image"}, {"type": "text", "text": "?"}]
    text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    pixels = processor(text=text, images=[Image.new("RGB", (640, 300))], return_tensors="pt")["pixel_values"]
    return int(pixels.flatten(0, -4).shape[0])


def test_nothing_to_go_on_from_is_a_usage_error(
    shape: ArgusPreset, examples: list[Example], tmp_path: pathlib.Path
) -> None:
    _, kept, _ = _trainer(shape, examples, tmp_path)
    with pytest.raises(UsageError, match="resume"):
        kept.load()
    assert Progress().stage == 0


def test_held_out_questions_are_not_all_answered_alike(examples: list[Example]) -> None:
    asked = choose_questions(examples, ("pope",), 6)
    assert {question.answer for _, question in asked} == {"yes", "no"}
    assert [question for _, question in asked] == [q for _, q in choose_questions(examples, ("pope",), 6)]


def test_held_out_scores_know_the_best_constant_answer(shape: ArgusPreset, examples: list[Example]) -> None:
    trainee = fresh_trainee(shape, seed=2)
    asked = choose_questions(examples, ("pope", "refcoco"), 6)
    scores = {score.kind: score for score in score_held_out(trainee, asked)}
    assert scores["pope"].n == 6
    assert 0.5 <= scores["pope"].constant < 1.0
    assert scores["refcoco"].constant >= 1 / 6
    assert all(0.0 <= score.right <= 1.0 for score in scores.values())


def test_a_list_is_worth_the_f1_of_its_regions() -> None:
    cup, hat = (
        "<ref>cup</ref><box><loc_0><loc_0><loc_100><loc_100></box>",
        "<ref>hat</ref><box><loc_500><loc_500><loc_900><loc_900></box>",
    )
    near = cup.replace("loc_100", "loc_120")
    assert _credit(cup + hat, cup + hat) == 1.0
    assert _credit(near, cup + hat) == pytest.approx(2 / 3)
    assert _credit(near + near + hat, cup + hat) == pytest.approx(4 / 5)
    assert _credit(cup.replace("cup", "hat"), cup + hat) == 0.0
    assert _credit("cup, hat", cup + hat) == 0.0
    assert _best_constant([cup, cup, hat]) == pytest.approx(2 / 3)
