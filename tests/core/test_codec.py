"""Results and records survive their files, and a wrong file says where it is wrong."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.core.codec import from_json, to_json
from argus_eval.core.results import (
    ArmResult,
    DataResolution,
    Fidelity,
    LossClass,
    MetricValue,
    Results,
    TaskResult,
    Verdict,
)


def results(value: float | None = 0.5) -> Results:
    metric = MetricValue(
        value=value, ci=(0.1, 0.9), n=3, status="scored", primary=True, higher_is_better=True, reason=None
    )
    data = DataResolution(requested="bundled", resolved="bundled", fingerprint="sha256:x", n=3)
    task = TaskResult(task="refcoco[synthetic]", data=data, metrics={"acc@0.5": metric})
    arm = ArmResult(
        id="m:baseline",
        role="baseline",
        model="m",
        parameters=None,
        weights="trained",
        recipes=(),
        backend="transformers",
        tasks=(task,),
        efficiency=(),
    )
    return Results(
        run_id="r", complete=True, command="", environment={"a": [1, None]}, arms=(arm,), comparisons=()
    )


@given(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)))
def test_results_survive_their_file(value: float | None) -> None:
    text = json.dumps(to_json(results(value)), allow_nan=False)
    assert from_json(Results, json.loads(text)) == results(value)


def test_not_a_number_becomes_null() -> None:
    assert to_json({"a": math.nan, "b": math.inf}) == {"a": None, "b": None}


def test_a_field_may_have_another_name_in_the_file() -> None:
    fidelity = Fidelity(
        loss_class=LossClass.L0, n=1, ids_equal=True, pixels_max_abs_diff=0.0, tokens_equal_share=None
    )
    data = to_json(fidelity)
    assert data["class"] == "L0"
    assert from_json(Fidelity, data) == fidelity


def test_unknown_keys_are_ignored_and_defaults_fill_in() -> None:
    data = to_json(results())
    data["from_the_future"] = 1
    del data["banners"]
    assert from_json(Results, data) == results()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("arms", 0, "tasks", 0, "metrics", "acc@0.5", "status"), "great", r"metrics\.acc@0\.5\.status"),
        (("arms", 0, "role"), 7, r"arms\[0\]\.role"),
        (("arms",), {}, r"arms: expected a list"),
        (("complete",), "yes", r"complete: expected bool"),
    ],
)
def test_a_wrong_value_names_its_path(path: tuple[object, ...], value: object, where: str) -> None:
    data = to_json(results())
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=where):
        from_json(Results, data)


def test_a_missing_key_is_named() -> None:
    data = to_json(results())
    del data["run_id"]
    with pytest.raises(ValueError, match="'run_id' is missing"):
        from_json(Results, data)


def test_enums_list_what_is_valid() -> None:
    @dataclass(frozen=True)
    class Holder:
        verdict: Verdict

    assert to_json(Holder(Verdict.PASS)) == {"verdict": "PASS"}


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json(object())
