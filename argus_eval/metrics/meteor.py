"""METEOR 1.5 through its own Java program: an extra, and never replaced by another METEOR.

The program and its paraphrase table come with the ``pycocoevalcap`` wheel, or from the folder that the environment
variable ``ARGUS_EVAL_METEOR`` names. Without them, or without ``java``, METEOR is not measured.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.errors import EnvironmentError_
from argus_eval.metrics.captions import CaptionStatistic, Tokenizer, caption_statistic
from argus_eval.metrics.corpus import Weights
from argus_eval.metrics.protocol import MetricInfo

__all__ = ["FOLDER_VARIABLE", "METEOR", "METEOR_TOKENIZED", "Meteor", "meteor_folder", "sentence_scores"]

FOLDER_VARIABLE = "ARGUS_EVAL_METEOR"
_JAR = "meteor-1.5.jar"


def meteor_folder() -> Path | None:
    """Where the program lies, or ``None`` where it or Java is missing."""
    if shutil.which("java") is None:
        return None
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named) if (Path(named) / _JAR).is_file() else None
    try:
        package = importlib.util.find_spec("pycocoevalcap")
    except (ImportError, ValueError):
        return None
    folders = package.submodule_search_locations if package else None
    found = (Path(folder) / "meteor" for folder in folders or ())
    return next((folder for folder in found if (folder / _JAR).is_file()), None)


@dataclass(frozen=True, slots=True)
class _Program:
    """The running program, one line in and one line out."""

    lines_in: IO[str]
    lines_out: IO[str]

    def statistics(self, words: Sequence[str], references: Sequence[Sequence[str]]) -> str:
        """The alignment of a caption with its best reference, as the program prints it."""
        parts = [*(" ".join(reference) for reference in references), " ".join(words)]
        return self._ask("SCORE ||| " + " ||| ".join(part.replace("|||", "") for part in parts))

    def evaluate(self, statistics: Sequence[str]) -> tuple[list[float], float]:
        """The score of each alignment, and of all together."""
        first = self._ask("EVAL ||| " + " ||| ".join(statistics))
        each = [float(first), *(float(self.lines_out.readline()) for _ in statistics[1:])]
        return each, float(self.lines_out.readline())

    def _ask(self, line: str) -> str:
        self.lines_in.write(line + "\n")
        self.lines_in.flush()
        answer = self.lines_out.readline().strip()
        if not answer:
            raise EnvironmentError_("METEOR: its Java program ended early; run it by hand to see why")
        return answer


@contextmanager
def _program(folder: Path) -> Iterator[_Program]:
    command = ["java", "-Xmx2G", "-jar", _JAR, "-", "-", "-stdio", "-l", "en", "-norm"]
    process = subprocess.Popen(  # noqa: S603 - a fixed command; texts go through its standard input
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    watchdog = threading.Timer(3600, process.kill)
    watchdog.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        yield _Program(process.stdin, process.stdout)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()


def sentence_scores(pairs: Iterable[tuple[Sequence[str], Sequence[Sequence[str]]]], folder: Path) -> list[float]:
    """METEOR of each caption against its references, in [0, 1].

    Raises:
        EnvironmentError_: the program does not run.
    """
    with _program(folder) as program:
        found = [program.statistics(words, references) for words, references in pairs]
        return program.evaluate(found)[0] if found else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Meteor:
    """METEOR of a corpus: alignment statistics are added up, then scored. ``None`` where it cannot be measured."""

    tokenizer: Tokenizer = "ptb"
    infos: tuple[MetricInfo, ...] = (
        MetricInfo(
            name="METEOR",
            higher_is_better=True,
            bounded=True,
            reference="METEOR 1.5 (-l en -norm), the program itself",
        ),
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> CaptionStatistic:
        """The words of the caption and of its references."""
        return caption_statistic(prediction, sample, self.tokenizer)

    def reduce(
        self, statistics: Sequence[CaptionStatistic], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """One run of the program; a sample of weight k is given k times."""
        folder = meteor_folder()
        times = np.ones(len(statistics), dtype=np.int64) if weights is None else weights.astype(np.int64)
        if folder is None or not times.sum():
            return {"METEOR": None}
        with _program(folder) as program:
            found = [program.statistics(item["words"], item["references"]) for item in statistics]
            repeated = [line for line, n in zip(found, times, strict=True) for _ in range(n)]
            return {"METEOR": program.evaluate(repeated)[1]}


METEOR = Meteor()
METEOR_TOKENIZED = Meteor(tokenizer="none")
