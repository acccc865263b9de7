"""Recorded answers of an earlier run, scored again by today's parsers and metrics."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from argus_eval.backends.protocol import ArmRunner, LoadedFacts, Question
from argus_eval.core.request import Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.errors import SampleError, UsageError
from argus_eval.store import RunDirectory

__all__ = ["ReplayBackend", "recorded_arm"]


def recorded_arm(run: RunDirectory) -> str:
    """Id of the arm that is replayed: the run's baseline.

    Raises:
        UsageError: the run recorded no answers.
    """
    arms = run.manifest().get("arms") or []
    for arm in arms:
        if isinstance(arm, dict) and arm.get("role") == "baseline":
            return str(arm["id"])
    raise UsageError(f"{run.path}: the run has no baseline arm to replay")


class ReplayBackend:
    """Answers by looking up (task, sample) in a run's records."""

    def __init__(self, text: str, runs_dir: pathlib.Path) -> None:
        run = RunDirectory.find(text, runs_dir)
        arm = recorded_arm(run)
        self._answers = {
            (record.task, record.sample): (record.text, dict(record.lengths))
            for record in run.records()
            if record.pass_name == "accuracy" and record.arm == arm and record.status == "ok"
        }
        if not self._answers:
            raise UsageError(f"{run.path}: no recorded answers of {arm}; its accuracy pass was not run")
        self.loaded = LoadedFacts(
            parameters=None, dtype="", device="", source=str(run.path), image_processor="", weights="none"
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """The recorded arm."""
        assert not recipes, "recipes for a recording are refused when arms are planned"
        return _ReplayRunner(self._answers)

    def twin(self) -> ArmRunner:
        """The same: a recording is never timed."""
        return _ReplayRunner(self._answers)

    def close(self) -> None:
        """Nothing to let go of."""


class _ReplayRunner:
    def __init__(self, answers: dict[tuple[str, str], tuple[str | None, dict[str, int | None]]]) -> None:
        self._answers = answers

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        return [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Response | SampleError:
        # A recording of the synthetic sample is filed under the name it was shown by.
        for task in (question.task.name, f"{question.task.name}[synthetic]"):
            found = self._answers.get((task, question.sample.key))
            if found is not None:
                return Response(text=found[0] or "", lengths=Lengths(output_tokens=found[1].get("output_tokens")))
        return SampleError("no recorded answer for this sample")

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        raise SampleError("a recording has no speed")

    def host(self, request: Request) -> Timing:
        raise SampleError("a recording does no host work")
