from __future__ import annotations

import pytest

from argus_eval.backends.lmms.naming import parse_model
from argus_eval.errors import UsageError


def test_a_name_with_arguments() -> None:
    model = parse_model("lmms:qwen2_5_vl?pretrained=/models/a%20b&max_pixels=3136", None)

    assert model.name == "qwen2_5_vl"
    assert model.argument_text() == "pretrained=/models/a b,max_pixels=3136"


def test_weights_are_the_checkpoint() -> None:
    assert parse_model("lmms:llava_hf", "/models/x").arguments == {"pretrained": "/models/x"}


@pytest.mark.parametrize(
    ("text", "weights", "reason"),
    [
        ("lmms:", None, "a model of lmms-eval"),
        ("lmms:x?pretrained", None, "KEY=VALUE"),
        ("lmms:x?pretrained=a", "b", "given twice"),
        ("lmms:x?stop=a,b", None, "commas"),
        ("lmms:x", "random", "checkpoints only"),
    ],
)
def test_wrong_forms_say_what_is_right(text: str, weights: str | None, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_model(text, weights)
