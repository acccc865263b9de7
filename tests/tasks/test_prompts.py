from __future__ import annotations

import dataclasses
import string

import pytest

from argus_eval.errors import UnknownNameError
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.prompts import PROMPTS, STYLES
from tests.tasks.golden import FILE, SAMPLE, rendered, task_with

FIELDS = {"question", "expression", "options", "categories", "context"}


def test_prompts_are_the_golden_ones():
    """Run ``python tests/tasks/golden.py`` and raise the set's version, if the change of words is meant."""
    assert rendered() == FILE.read_text(encoding="utf-8")


def test_every_dialect_has_a_style():
    assert set(DIALECTS) - set(STYLES) == {"paligemma-1023"}
    assert task_with("grounding").prompt_for(SAMPLE, "paligemma-1023").user == "detect the left cup"


@pytest.mark.parametrize("name", PROMPTS)
def test_templates_use_known_fields_and_known_styles(name: str):
    prompts = PROMPTS[name]
    assert set(prompts.styles) <= set(STYLES)
    assert "plain" in prompts.styles
    for prompt in prompts.styles.values():
        fields = {field for _, field, _, _ in string.Formatter().parse(prompt.user) if field is not None}
        assert fields <= FIELDS


def test_text_with_braces_is_not_a_template():
    sample = dataclasses.replace(SAMPLE, inputs={"question": "What is {expression} in {0}?", "hint": "{"})
    assert task_with("question").prompt_for(sample, "plain").user == "What is {expression} in {0}?"


def test_a_choice_without_options_is_an_open_question():
    sample = dataclasses.replace(SAMPLE, options=())
    assert task_with("choice").prompt_for(sample, "argus") == task_with("short_answer").prompt_for(sample, "argus")


def test_an_unknown_style_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"qwen2\.5-vl"):
        task_with("grounding").prompt_for(SAMPLE, "qwen2.5vl")


def test_the_fingerprint_follows_the_words_only():
    grounding, caption = task_with("grounding"), task_with("caption")
    assert grounding.prompt_fingerprint("argus") != grounding.prompt_fingerprint("internvl")
    assert grounding.prompt_fingerprint("llava") == grounding.prompt_fingerprint("plain")
    assert caption.prompt_fingerprint("argus") == caption.prompt_fingerprint("plain")
    assert caption.prompt_fingerprint("plain") != grounding.prompt_fingerprint("plain")
