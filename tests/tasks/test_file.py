"""Task files: what is right becomes a specification; what is wrong is named with file, path and nearest name."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from argus_eval.core.request import Decoding
from argus_eval.data.source import ImageTable
from argus_eval.errors import EnvironmentError_, ExitCode, UsageError
from argus_eval.tasks.file import read_task
from argus_eval.tasks.spec import OracleValue

GOOD: dict[str, Any] = yaml.safe_load(
    """
name: mine
title: My questions
kind: vqa
version: 2
groups: [all, all-vqa]
source:
  schema: gqa
  hub: me/questions
  config: small
  split: test
  checked: 2026-08-06
  where: {kind: easy}
  images: {config: pictures, key: id, column: imageId}
prompt: {name: short_answer, version: 1}
decoding: {max_new_tokens: 16}
parser: short_answer
metrics: [vqa_accuracy]
primary: vqa_accuracy
oracle: {vqa_accuracy: {value: 0.9, tolerance: 0.05}}
needs: vqa
bundled: gqa
notes: [Made here.]
"""
)


def changed(*path: str | int, to: Any = None, drop: bool = False) -> dict[str, Any]:
    content = copy.deepcopy(GOOD)
    place: Any = content
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return content


def read(tmp_path: Path, content: object) -> Any:
    file = tmp_path / "mine.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return read_task(file, "tasks/mine.yaml")


def test_a_good_file(tmp_path: Path):
    spec = read(tmp_path, GOOD)
    assert (spec.name, spec.version, spec.groups) == ("mine", 2, ("all", "all-vqa"))
    assert spec.source.images == ImageTable(config="pictures", key="id", column="imageId")
    assert (spec.source.hub, spec.source.config, spec.source.checked) == ("me/questions", "small", "2026-08-06")
    assert spec.source.where == {"kind": "easy"}
    assert spec.decoding == Decoding(max_new_tokens=16)
    assert (spec.prompt, spec.prompt_version, spec.parser) == ("short_answer", 1, "short_answer")
    assert spec.oracle == {"vqa_accuracy": OracleValue(value=0.9, tolerance=0.05)}
    assert (spec.needs, spec.bundled, spec.notes) == ("vqa", "gqa", ("Made here.",))
    assert not spec.answers_with_boxes


def test_a_bare_number_is_an_exact_oracle_value(tmp_path: Path):
    spec = read(tmp_path, changed("oracle", to={"vqa_accuracy": 1}))
    assert spec.oracle == {"vqa_accuracy": OracleValue(value=1.0, tolerance=1e-9)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            changed("metrics", 0, to="vqa_acuracy"),
            "metrics[0]: 'vqa_acuracy' is unknown; did you mean 'vqa_accuracy'",
        ),
        (changed("metric", to=["anls"]), "metric: unknown key; did you mean 'metrics'"),
        (changed("source", "splitt", to="x"), "source.splitt: unknown key; did you mean 'split'"),
        (changed("source", "images", "colum", to="x"), "source.images.colum: unknown key; did you mean 'column'"),
        (
            changed("decoding", "max_tokens", to=3),
            "decoding.max_tokens: unknown key; did you mean 'max_new_tokens'",
        ),
        ({"titel": "x"}, "titel: unknown key; did you mean 'title'"),
        (changed("zzz", to=1), "zzz: unknown key; valid here: name, title, kind"),
        (changed("title", drop=True), "title: this key is missing"),
        (changed("source", "schema", drop=True), "source.schema: this key is missing"),
        (changed("kind", to="groundin"), "kind: 'groundin' is unknown; did you mean 'grounding'"),
        (changed("kind", to=3), "kind: 3 is unknown; expected 'grounding'"),
        (changed("source", "schema", to="textqa"), "source.schema: 'textqa' is unknown; did you mean 'textvqa'"),
        (changed("parser", to="short"), "parser: 'short' is unknown"),
        (changed("groups", 1, to="all-vqas"), "groups[1]: 'all-vqas' is unknown; did you mean 'all-vqa'"),
        (changed("prompt", "name", to="short-answer"), "prompt.name: 'short-answer' is unknown; did you mean"),
        (changed("prompt", "version", to=9), "prompt.version: 'short_answer' has version 1, not 9"),
        (changed("primary", to="accuracy"), "primary: 'accuracy' is unknown; did you mean 'vqa_accuracy'"),
        (changed("oracle", to={"anls": 1}), "oracle: 'anls' is unknown; known: vqa_accuracy"),
        (
            changed("oracle", "vqa_accuracy", "t", to=1),
            "oracle.vqa_accuracy.t: unknown key; valid here: value, tol",
        ),
        (
            changed("ceilings", to={"kosmos": {"vqa_accuracy": 1}}),
            "ceilings: 'kosmos' is unknown; did you mean 'kosmos-2'",
        ),
        (changed("ceilings", to={"argus": {"anls": 1}}), "ceilings.argus: 'anls' is unknown"),
        (changed("version", to="two"), "version: Input should be a valid integer, got 'two'"),
        (changed("version", to=0), "version: Input should be greater than or equal to 1, got 0"),
        (
            changed("decoding", "max_new_tokens", to=True),
            "decoding.max_new_tokens: Input should be a valid integer",
        ),
        (changed("metrics", to=[]), "metrics: List should have at least 1 item"),
        (changed("metrics", to="anls"), "metrics: Input should be a valid list, got 'anls'"),
        (changed("notes", 0, to={"a": 1}), "notes[0]: Input should be a valid string"),
        (changed("source", "checked", to="soon"), "source.checked: Input should be a valid date"),
        (changed("source", "hub", to=None), "source: give hub, or native"),
        (changed("source", "native", to={"images": "x"}), "source: schema 'gqa' has no reader of native files"),
        ("name: [", "not valid YAML"),
        ("- a\n- b\n", "a task file is a mapping"),
        ("", "a task file is a mapping"),
        ("a: &a [*a]\nname: !!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: object, message: str):
    with pytest.raises(UsageError) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(f"tasks/mine.yaml: {message}")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_file_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(EnvironmentError_, match=r"gone\.yaml"):
        read_task(tmp_path / "gone.yaml")


def test_bytes_that_are_no_text(tmp_path: Path):
    file = tmp_path / "a.yaml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(UsageError, match="not valid YAML"):
        read_task(file)
