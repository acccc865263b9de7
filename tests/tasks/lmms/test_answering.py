from __future__ import annotations

import pytest

from argus_eval.tasks.lmms.answering import cut_at, greedy_note, stop_strings


@pytest.mark.parametrize(
    ("generation", "stops"),
    [
        ({}, ()),
        ({"until": None}, ()),
        ({"until": ["\n\n"]}, ()),  # the few-shot delimiter that lmms-eval puts where a task says nothing
        ({"until": ["ASSISTANT:", "\n\n", ""]}, ("ASSISTANT:",)),
        ({"until": "</s>"}, ("</s>",)),
    ],
)
def test_stop_strings(generation: dict[str, object], stops: tuple[str, ...]) -> None:
    assert stop_strings(generation) == stops


def test_an_answer_ends_at_the_first_stop_string_there_is() -> None:
    assert cut_at("red</s>blue ASSISTANT: green", ("ASSISTANT:", "</s>")) == "red"
    assert cut_at("red\n\nblue", ()) == "red\n\nblue"


@pytest.mark.parametrize(
    ("generation", "note"),
    [
        ({"temperature": 0, "do_sample": False, "num_beams": 1}, None),
        ({"temperature": 0.2}, None),  # without do_sample it has no effect
        ({"do_sample": True, "temperature": 0}, None),
        ({"do_sample": True, "temperature": None}, "asks for sampling; answered greedily"),
        (
            {"do_sample": True, "temperature": 0.7, "num_beams": 3},
            "asks for sampling at temperature 0.7 and 3 beams; answered greedily",
        ),
    ],
)
def test_what_a_greedy_answer_leaves_out_is_said(generation: dict[str, object], note: str | None) -> None:
    assert greedy_note(generation) == note
