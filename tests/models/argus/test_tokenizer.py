from __future__ import annotations

import json
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from argus_eval.core.geometry import UnitBox
from argus_eval.core.prediction import Region
from argus_eval.models.argus.build_tokenizer import build_tokenizer
from argus_eval.models.argus.location_tokens import LocationVocabulary
from argus_eval.models.argus.processing import argus_tokenizer
from argus_eval.models.argus.vocabulary import (
    CONTROL_TOKENS,
    LOCATION_OFFSET,
    SHIPPED_VOCABULARY,
    TOKENIZER_FILE,
)

TOKENIZER = argus_tokenizer()


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80))
def test_every_text_comes_back(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER(text)["input_ids"]) == text


@pytest.mark.parametrize(
    "text",
    [
        "what is the name of the runner on the left?",
        "Żółć, naïve café — „quotes“ … 日本語 🙂 \u200b\x00",
        "  leading, trailing and\ttabs \n\n newlines  ",
        "$12.50 / 3,000 m² = 50% off! #4 [a|b] {c} <not a token>",
        "don't can't I'll YOU'RE",
        "",
    ],
)
def test_awkward_text_comes_back(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER(text)["input_ids"], skip_special_tokens=True) == text


def test_real_questions_and_words_come_back(reference_dir: pathlib.Path) -> None:
    texts = [
        string
        for path in sorted(reference_dir.rglob("*.json"))
        if path.stat().st_size < 5_000_000
        for string in _strings(json.loads(path.read_text(encoding="utf-8")))
    ][:5000]
    assert len(texts) > 100
    plain = [text for text in texts if not any(token in text for token in (*CONTROL_TOKENS, "<ref>", "<box>"))]
    assert TOKENIZER.batch_decode(TOKENIZER(plain)["input_ids"]) == plain


def test_digits_are_single_tokens() -> None:
    assert TOKENIZER.tokenize("2026") == ["2", "0", "2", "6"]


def test_frequent_words_are_single_tokens() -> None:
    assert len(TOKENIZER.tokenize("the small red cup to the left of the book")) == 10


def test_a_box_costs_six_tokens_and_survives_decoding() -> None:
    vocabulary = LocationVocabulary(first_token_id=LOCATION_OFFSET)
    text = vocabulary.region_text(Region(box=UnitBox(0.1, 0.2, 0.9, 1.0), label="cup"))
    ids = TOKENIZER(text)["input_ids"]
    assert ids[-5:-1] == vocabulary.token_ids(UnitBox(0.1, 0.2, 0.9, 1.0))
    assert len(ids) == 2 + len(TOKENIZER.tokenize("cup")) + 6
    assert TOKENIZER.decode([*ids, TOKENIZER.eos_token_id], skip_special_tokens=True) == text


def test_ids_follow_the_documented_order() -> None:
    assert len(TOKENIZER) == SHIPPED_VOCABULARY
    assert TOKENIZER.convert_tokens_to_ids(list(CONTROL_TOKENS)) == list(range(len(CONTROL_TOKENS)))
    names = LocationVocabulary(first_token_id=LOCATION_OFFSET).tokens()
    assert TOKENIZER.convert_tokens_to_ids(names) == list(range(LOCATION_OFFSET, SHIPPED_VOCABULARY))


def test_control_tokens_are_dropped_from_answers() -> None:
    ids = TOKENIZER("<|assistant|>yes<|end|><|pad|>")["input_ids"]
    assert TOKENIZER.decode(ids, skip_special_tokens=True) == "yes"


def test_the_shipped_file_is_what_the_script_builds(tmp_path: pathlib.Path) -> None:
    again = tmp_path / "tokenizer.json"
    build_tokenizer().save(str(again), pretty=False)
    assert again.read_bytes() == TOKENIZER_FILE.read_bytes()


def test_it_survives_saving(tmp_path: pathlib.Path) -> None:
    TOKENIZER.save_pretrained(tmp_path)
    again = PreTrainedTokenizerFast.from_pretrained(tmp_path)
    text = "<|user|><image>Where is the cup?<|end|><ref>cup</ref><box><loc_1><loc_2><loc_3><loc_4></box>"
    assert again(text)["input_ids"] == TOKENIZER(text)["input_ids"]
    assert again.image_token == "<image>"


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [string for item in value.values() for string in _strings(item)]
    if isinstance(value, list):
        return [string for item in value for string in _strings(item)]
    return []
