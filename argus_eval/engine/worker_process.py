"""The run's side of a measuring process: start it, use its arms like local ones, end it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from argus_eval.backends.protocol import ConsumedTensors, LoadedFacts, Question
from argus_eval.core.codec import from_json, to_json
from argus_eval.core.record import record_key
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.engine.worker_messages import WorkerSpec, array_from_json, request_to_json
from argus_eval.errors import EnvironmentError_, SampleError
from argus_eval.measure.memory import MemoryPeaks

__all__ = ["RemoteRunner", "WorkerProcess"]

_PATIENCE_S, _LAST_WORDS_S = 20.0, 5.0


class WorkerProcess:
    """A measuring process; used as a context manager. ``start_s`` is what it took until the model was there.

    Raises:
        EnvironmentError_: it cannot be started, or the model cannot be loaded in it.
    """

    def __init__(self, spec: WorkerSpec, clock_s: Callable[[], float] = time.perf_counter) -> None:
        began_s = clock_s()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "argus_eval.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._kept: set[str] = set()
        try:
            reply = self.call(to_json(spec))
            if "failed" in reply:
                raise EnvironmentError_(f"measuring process: {reply['failed']}")
        except BaseException:
            self.close()
            raise
        self.loaded = from_json(LoadedFacts, reply["loaded"])
        self.start_s = clock_s() - began_s
        self.arms = {arm: RemoteRunner(self, arm) for arm in spec.arms}

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message and wait for its reply.

        Raises:
            SampleError: the request failed.
            EnvironmentError_: the process is gone.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            raise EnvironmentError_(f"measuring process ended unexpectedly: {self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise SampleError(reply["error"])
        return reply

    def keep(self, request: Request) -> str:
        """Make the process hold a request's image and text, once; the name it is then called by."""
        images = [image.sha256 for image in request.images]
        item = record_key(request.key, request.prompt, request.prefix, *images)
        if item not in self._kept:
            self.call({"do": "keep", "item": item, "request": request_to_json(request)})
            self._kept.add(item)
        return item

    def memory(self, arm: str, requests: Sequence[Request]) -> MemoryPeaks:
        """Peaks of the process while ``requests``, all of the same length, run on ``arm``.

        Raises:
            SampleError: every request failed.
        """
        items = [self.keep(request) for request in requests]
        decoding = to_json(requests[0].decoding)
        reply = self.call({"do": "memory", "arm": arm, "items": items, "decoding": decoding})
        return from_json(MemoryPeaks, reply["peaks"])

    def collect(self) -> None:
        """Take away garbage in the process."""
        self.call({"do": "collect"})

    def close(self) -> None:
        """End the process: it leaves when its input ends, and is killed if it does not."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        finally:
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._log.close()

    def _last_words(self) -> str:
        try:
            code: int | None = self._process.wait(_LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            code = None
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip().splitlines()
        return f"exit {code}: {words[-1] if words else 'nothing was printed'}"


class RemoteRunner:
    """One arm in a measuring process, with the methods of a local one."""

    def __init__(self, worker: WorkerProcess, arm: str) -> None:
        self._worker, self._arm = worker, arm

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        reply = self._ask("time", request, stages=stages, hashes=hashes)
        return from_json(Response, reply["response"])

    def host(self, request: Request) -> Timing:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        return from_json(Timing, self._ask("host", request)["timing"])

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        requests = [request_to_json(question.request) for question in questions]
        reply = self._worker.call({"do": "answer", "arm": self._arm, "requests": requests})
        return [
            SampleError(answer["error"]) if "error" in answer else from_json(Response, answer["response"])
            for answer in reply["answers"]
        ]

    def consumed(self, request: Request) -> ConsumedTensors:
        """What the model would be fed for ``request``."""
        reply = self._ask("consumed", request)
        pixels = reply["pixels"]
        return ConsumedTensors(
            ids=array_from_json(reply["ids"]), pixels=None if pixels is None else array_from_json(pixels)
        )

    def first_logits(self, request: Request) -> NDArray[np.float32] | None:
        """Logits of the first token; ``None`` where the arm does not show them."""
        logits = self._ask("logits", request)["logits"]
        return None if logits is None else array_from_json(logits)

    def _ask(self, what: str, request: Request, **more: Any) -> dict[str, Any]:
        item = self._worker.keep(request)
        decoding = to_json(request.decoding)
        return self._worker.call({"do": what, "arm": self._arm, "item": item, "decoding": decoding, **more})
