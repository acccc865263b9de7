"""METEOR: not measured without its program; spoken to line by line where it is there."""

from __future__ import annotations

import pathlib
import sys

import numpy as np
import pytest

from argus_eval.errors import EnvironmentError_
from argus_eval.metrics.meteor import FOLDER_VARIABLE, METEOR, meteor_folder, sentence_scores

from .builders import answers_sample, said

# A stand-in that speaks the program's protocol: the score is the share of caption words in the first reference.
PROGRAM = """#!{python}
import sys
assert sys.argv[1:] == ["-Xmx2G", "-jar", "meteor-1.5.jar", "-", "-", "-stdio", "-l", "en", "-norm"], sys.argv
for line in sys.stdin:
    kind, *parts = line.strip("\\n").split(" ||| ")
    if kind == "SCORE":
        words, first = parts[-1].split(), parts[0].split()
        print(sum(word in first for word in words), max(1, len(words)), flush=True)
    else:
        pairs = [tuple(map(int, part.split())) for part in parts]
        for right, total in pairs:
            print(right / total)
        print(sum(right for right, _ in pairs) / sum(total for _, total in pairs), flush=True)
"""


@pytest.fixture
def program(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    java = tmp_path / "java"
    java.write_text(PROGRAM.format(python=sys.executable))
    java.chmod(0o755)
    (tmp_path / "meteor-1.5.jar").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_without_java_it_is_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert meteor_folder() is None
    assert METEOR.reduce([METEOR.statistics(said("a cat"), answers_sample("a cat"))]) == {"METEOR": None}


def test_without_the_jar_it_is_not_measured(program: pathlib.Path) -> None:
    (program / "meteor-1.5.jar").unlink()
    assert meteor_folder() is None


@pytest.mark.usefixtures("program")
def test_statistics_are_added_before_they_are_scored() -> None:
    statistics = [
        METEOR.statistics(said("A cat."), answers_sample("a cat", "x")),
        METEOR.statistics(said("two big dogs here"), answers_sample("two dogs")),
    ]
    assert METEOR.reduce(statistics) == {"METEOR": pytest.approx(4 / 6)}
    assert METEOR.reduce(statistics, np.array([0.0, 2.0])) == {"METEOR": pytest.approx(0.5)}


def test_sentences_are_scored_one_by_one(program: pathlib.Path) -> None:
    pairs = [(["a", "cat"], [["a", "dog"]]), (["x"], [["x"], ["y"]])]
    assert sentence_scores(pairs, program) == [0.5, 1.0]
    assert sentence_scores([], program) == []


def test_a_program_that_dies_is_an_environment_error(program: pathlib.Path) -> None:
    (program / "java").write_text(f"#!{sys.executable}\n")
    with pytest.raises(EnvironmentError_, match="METEOR"):
        sentence_scores([(["a"], [["a"]])], program)
