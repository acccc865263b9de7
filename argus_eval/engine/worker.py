"""A measuring process: loads one model, answers one request after another, and ends when its input ends.

    python -m argus_eval.engine.worker        # JSON lines on standard input and output

All clocks run in here; what travels over the pipes is never inside a timed region. Anything that libraries print
goes to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from argus_eval.backends.protocol import Question
from argus_eval.core.codec import from_json, to_json
from argus_eval.core.request import Decoding, Request
from argus_eval.engine.worker_messages import (
    TWIN,
    WorkerSpec,
    array_to_json,
    request_from_json,
)
from argus_eval.errors import ArgusEvalError, SampleError, UsageError

__all__ = ["Session", "main"]

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Request


class Session:
    """One loaded model and its arms; every public method answers one kind of message."""

    def __init__(self, spec: WorkerSpec) -> None:
        import pathlib

        from argus_eval.backends.resolve import load_backend, model_facts

        facts = model_facts(spec.model, weights=spec.weights, device=spec.device, dialect=spec.dialect)
        self._backend = load_backend(
            facts,
            weights=spec.weights,
            dtype=spec.dtype,
            runs_dir=pathlib.Path(spec.runs_dir),
            seed=spec.seed,
        )
        self._arms = {
            arm: self._backend.twin() if recipes == TWIN else self._backend.runner(recipes)
            for arm, recipes in spec.arms.items()
        }
        self._requests: dict[str, Request] = {}

    def loaded(self) -> Reply:
        """Facts of the loaded model."""
        return {"loaded": to_json(self._backend.loaded)}

    def handle(self, message: Mapping[str, Any]) -> Reply:
        """Answer one message.

        Raises:
            UsageError: a kind of message that does not exist.
        """
        handlers: dict[str, Callable[[Mapping[str, Any]], Reply]] = {
            "keep": self._keep,
            "time": self._time,
            "host": self._host,
            "answer": self._answer,
            "consumed": self._consumed,
            "logits": self._logits,
            "memory": self._memory,
            "collect": self._collect,
        }
        if message["do"] not in handlers:
            raise UsageError(f"measuring process: unknown message {message['do']!r}")
        return handlers[message["do"]](message)

    def _keep(self, message: Mapping[str, Any]) -> Reply:
        self._requests[message["item"]] = request_from_json(message["request"])
        return {}

    def _request(self, message: Mapping[str, Any]) -> Request:
        import dataclasses

        decoding = from_json(Decoding, message["decoding"])
        return dataclasses.replace(self._requests[message["item"]], decoding=decoding)

    def _time(self, message: Mapping[str, Any]) -> Reply:
        request = self._request(message)
        arm = self._arms[message["arm"]]
        return {"response": to_json(arm.time(request, stages=message["stages"], hashes=message["hashes"]))}

    def _host(self, message: Mapping[str, Any]) -> Reply:
        return {"timing": to_json(self._arms[message["arm"]].host(self._request(message)))}

    def _answer(self, message: Mapping[str, Any]) -> Reply:
        # Only the oracle and replay look at more than the request, and they are never run in here.
        asked = [cast(Question, _Asked(request_from_json(request))) for request in message["requests"]]
        answers = self._arms[message["arm"]].answer(asked)
        return {
            "answers": [
                {"error": str(answer)} if isinstance(answer, SampleError) else {"response": to_json(answer)}
                for answer in answers
            ]
        }

    def _consumed(self, message: Mapping[str, Any]) -> Reply:
        from argus_eval.backends.protocol import ShowsTensors

        arm = self._arms[message["arm"]]
        assert isinstance(arm, ShowsTensors)
        found = arm.consumed(self._request(message))
        pixels = None if found.pixels is None else array_to_json(found.pixels)
        return {"ids": array_to_json(found.ids), "pixels": pixels}

    def _logits(self, message: Mapping[str, Any]) -> Reply:
        from argus_eval.backends.protocol import ShowsLogits

        arm = self._arms[message["arm"]]
        found = arm.first_logits(self._request(message)) if isinstance(arm, ShowsLogits) else None
        return {"logits": None if found is None else array_to_json(found)}

    def _collect(self, message: Mapping[str, Any]) -> Reply:
        """Take away garbage between blocks: here is where the arms make it."""
        from argus_eval.engine.blocks import collect_young

        collect_young()
        return {}

    def _memory(self, message: Mapping[str, Any]) -> Reply:
        """Peaks while the named items run one after another on one arm."""
        from argus_eval.measure.memory import PeakMemory

        arm = self._arms[message["arm"]]
        failed = 0
        with PeakMemory() as memory:
            for item in message["items"]:
                try:
                    arm.time(self._request({**message, "item": item}), stages=False)
                except SampleError:
                    failed += 1
        if failed == len(message["items"]):
            raise SampleError("memory: every request failed")
        return {"peaks": to_json(memory.peaks)}


def main() -> int:
    """Serve until the input ends; 0, or 1 where the model could not be loaded."""
    # Ctrl-C and often SIGTERM go to the whole process group; the run decides what ends and how, and when our input
    # ends so do we.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    first = sys.stdin.buffer.readline()
    if not first:
        return 0
    try:
        session = Session(from_json(WorkerSpec, json.loads(first)))
    except (ArgusEvalError, OSError, ValueError, RuntimeError) as problem:
        _send(output, {"failed": f"{type(problem).__name__}: {problem}"})
        return 1
    _send(output, session.loaded())
    for line in sys.stdin.buffer:
        try:
            reply = session.handle(json.loads(line))
        except SampleError as problem:
            reply = {"error": str(problem)}
        _send(output, reply)
    return 0


def _send(output: BinaryIO, reply: Reply) -> None:
    output.write(json.dumps(reply, separators=(",", ":"), allow_nan=False).encode() + b"\n")
    output.flush()


if __name__ == "__main__":
    sys.exit(main())
