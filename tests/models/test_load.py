from __future__ import annotations

import json
import pathlib
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from argus_eval.errors import EnvironmentError_, UnknownNameError, UsageError
from argus_eval.models import checkpoints
from argus_eval.models.catalog import model_card
from argus_eval.models.load import card_for, load_model
from argus_eval.models.random_weights import build_random


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    built = build_random(model_card("internvl3-1b"), scale="tiny")
    built.model.half().save_pretrained(folder)
    built.processor.save_pretrained(folder)
    return folder


@pytest.fixture
def copy(saved: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(saved, tmp_path / "copy"))


def test_random_weights_are_labelled() -> None:
    loaded = load_model(model_card("argus-nano"), "random", seed=7)
    assert loaded.weights == "random"
    assert loaded.label == "argus-nano (random weights)"
    assert loaded.source == "random weights, seed 7"
    assert loaded.parameters == model_card("argus-nano").parameters
    assert (loaded.dtype, loaded.device) == ("float32", "cpu")


def test_the_label_of_the_assumed_model(saved: pathlib.Path) -> None:
    loaded = load_model(model_card("internvl3-1b"), str(saved))
    assert loaded.label == "internvl3-1b"
    assumed = type(loaded)(
        **{name: getattr(loaded, name) for name in loaded.__slots__ if name not in ("card", "weights")},
        card=model_card("argus-2b"),
        weights="random",
    )
    assert assumed.label == "argus-2b (random weights, assumed architecture)"


def test_a_folder_keeps_its_dtype_unless_told(saved: pathlib.Path) -> None:
    card = model_card("internvl3-1b")
    assert load_model(card, str(saved)).dtype == "float16"
    assert load_model(card, str(saved), dtype="float32").model.dtype == torch.float32


def test_a_shipped_checkpoint_is_the_default(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = build_random(model_card("argus-nano"))
    monkeypatch.setattr(checkpoints, "SHIPPED_FOLDER", tmp_path)
    assert load_model(model_card("argus-nano")).weights == "random"
    built.model.save_pretrained(tmp_path / "argus-nano")
    built.processor.save_pretrained(tmp_path / "argus-nano")
    loaded = load_model(model_card("argus-nano"))
    assert loaded.weights == "trained"
    assert "shipped" in loaded.source


@pytest.mark.parametrize("path", ["/no/such/folder", "./missing", "~/missing/model", "missing"])
def test_a_missing_folder_is_named(path: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_model(model_card("argus-nano"), path)
    assert path in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unreachable_hub_id_says_what_to_do() -> None:
    with pytest.raises(EnvironmentError_) as caught:
        load_model(model_card("smolvlm-256m"))
    assert "HuggingFaceTB/SmolVLM-256M-Instruct" in str(caught.value)
    assert "--weights PATH" in str(caught.value)
    assert caught.value.exit_code == 5


def test_a_model_without_weights_anywhere_is_random() -> None:
    assert model_card("argus-256m").weights == "random"
    assert card_for("argus-256m") is model_card("argus-256m")


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="argus-nano"):
        card_for("argus-nan")
    with pytest.raises(EnvironmentError_, match="no-such/model"):
        card_for("hf:no-such/model")


def test_a_checkpoint_of_another_family_is_refused(saved: pathlib.Path) -> None:
    with pytest.raises(UsageError, match="'internvl' checkpoint cannot be loaded as smolvlm-256m"):
        load_model(model_card("smolvlm-256m"), str(saved))


def test_ones_own_checkpoint(saved: pathlib.Path) -> None:
    card = card_for(f"hf:{saved}")
    assert card.family == "internvl"
    assert card.dialect == "internvl"
    loaded = load_model(card)
    assert loaded.weights == "trained"
    assert loaded.label == f"hf:{saved}"


def test_an_unknown_architecture_gets_no_dialect(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llava"}), encoding="utf-8")
    card = card_for(f"hf:{tmp_path}")
    assert (card.family, card.dialect, card.pipeline) == ("generic", None, "generic")
    assert not card.supports("grounding")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"model_type": 3}'])
def test_a_broken_config_is_named(tmp_path: pathlib.Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"config\.json"):
        card_for(f"hf:{tmp_path}")


def test_a_folder_without_config_and_a_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match=r"no config\.json"):
        load_model(model_card("argus-nano"), str(tmp_path))
    file = tmp_path / "model.safetensors"
    file.touch()
    with pytest.raises(UsageError, match="a file"):
        load_model(model_card("argus-nano"), str(file))


def test_truncated_weights(copy: pathlib.Path) -> None:
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UsageError, match="cannot be loaded"):
        load_model(model_card("internvl3-1b"), str(copy))


def test_missing_tensors_are_not_made_up(copy: pathlib.Path) -> None:
    weights = copy / "model.safetensors"
    tensors = load_file(weights)
    removed = next(name for name in tensors if "q_proj.weight" in name)
    del tensors[removed]
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(UsageError, match="1 tensors are missing"):
        load_model(model_card("internvl3-1b"), str(copy))


def test_pickled_weights_are_refused(copy: pathlib.Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(tensors, copy / "pytorch_model.bin")
    with pytest.raises(UsageError, match="safetensors"):
        load_model(model_card("internvl3-1b"), str(copy))


def test_dtype_and_device_are_checked() -> None:
    card = model_card("argus-nano")
    with pytest.raises(UsageError, match="bfloat16"):
        load_model(card, "random", dtype="int3")
    with pytest.raises(UsageError, match="gpu9"):
        load_model(card, "random", device="gpu9")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            load_model(card, "random", device="cuda")
