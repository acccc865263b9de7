"""A model on servers that we start: one for each arm, one more for the baseline's twin."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.backends.openai.address import Address, Secret
from argus_eval.backends.openai.caches import ServerMemory, find_forgetting
from argus_eval.backends.openai.client import ServerClient, patience_from_environment
from argus_eval.backends.openai.failures import ServerGone
from argus_eval.backends.openai.payload import Extra
from argus_eval.backends.openai.runner import Caches, ServerRunner
from argus_eval.backends.protocol import ArmRunner, Load, LoadedFacts, Question, WeightsKind
from argus_eval.backends.serve.command import Launch, checkpoint_dtype, extra_arguments, plan_launch
from argus_eval.backends.serve.effective import disagreements, effective_configuration
from argus_eval.backends.serve.process import ServerProcess, free_port
from argus_eval.backends.serve.readiness import likely_reason, wait_until_ready
from argus_eval.core.request import Request
from argus_eval.core.response import Response
from argus_eval.core.timing import Timing
from argus_eval.errors import EnvironmentError_, SampleError
from argus_eval.store import write_atomically

__all__ = ["ServerSettings", "VllmBackend"]

_START_LIMIT_S = 1800.0
#: A broken connection comes before the end of its process; on a busy machine some seconds before.
_DYING_S = 10.0
_EAGER = "on the CPU every server runs with --enforce-eager"
_NOT_READ_BACK = "what it runs with could not be read back (/server_info), so no flag of it was checked"
_APART = "every arm and the A/A twin have a server process of their own"
_BASELINE, _TWIN = "baseline", "baseline-twin"
# Servers that a device's memory is divided among: baseline, twin, and two arms. More of them need
# --gpu-memory-utilization in ARGUS_EVAL_SERVER_ARGS.
_SERVERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What all servers of a run share.

    Attributes:
        checkpoint: folder or hub id.
        python: interpreter that has vLLM.
        device: "cpu" or "cuda".
        dtype: of the weights; ``None`` for the checkpoint's.
        weights: what the user declares about them.
        keep_special_tokens: the box dialect is written in tokens of its own.
        timed: speed will be measured, so the twin's server is started as well, outside of any budget.
        folder: where logs and configurations are kept.
    """

    checkpoint: str
    python: str
    device: str
    dtype: str | None
    weights: WeightsKind
    keep_special_tokens: bool
    folder: pathlib.Path
    timed: bool = False


class VllmBackend:
    """Starts servers before anything is timed, one after the other, and ends all of them.

    Args:
        settings: what the servers share.
        arguments_of: recipes → arguments of the server that has them.
        tell: takes a line of progress.

    Raises:
        EnvironmentError_: the server does not start.
    """

    def __init__(
        self,
        settings: ServerSettings,
        arguments_of: Callable[[Sequence[str]], tuple[str, ...]],
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._settings, self._arguments_of = settings, arguments_of
        self._tell = tell or _to_stderr
        self._said: list[str] = []
        self._caches = Caches(tell=self._said.append)
        self._servers: dict[str, _ArmServer] = {}
        self._facts: dict[str, Any] = {}
        try:
            self._server(_BASELINE, ()).start()
            if settings.timed:
                self._server(_TWIN, ()).start()
        except BaseException:
            self.close()
            raise

    @property
    def loaded(self) -> LoadedFacts:
        """What is known by now; most of it once the first server runs."""
        refused = sorted(set[Extra]().union(*(server.refused for server in self._servers.values())))
        extra = extra_arguments()
        notes = [_APART]
        notes += [_EAGER] if self._settings.device == "cpu" else []
        notes += [f"every server runs with {' '.join(extra)}"] if extra else []
        notes += [f"the server refuses {item.value}: {item.without}" for item in refused]
        version = self._facts.get("version")
        return LoadedFacts(
            parameters=None,
            dtype=str(self._facts.get("dtype") or self._dtype() or ""),
            device=str(self._facts.get("device") or self._settings.device),
            source=self._settings.checkpoint + (f", served by vLLM {version}" if version else ""),
            image_processor="",
            weights=self._settings.weights,
            notes=(*notes, *self._said),
        )

    def _dtype(self) -> str | None:
        return self._settings.dtype or checkpoint_dtype(self._settings.checkpoint)

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`; the same recipes again ask the same server."""
        server = self._server("+".join(recipes) or _BASELINE, recipes)
        server.start()
        return _ArmRunner(server)

    def twin(self) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`; it is there for timing, so caches are looked for."""
        _ArmRunner(self._server(_BASELINE, ())).inspect()
        return _ArmRunner(self._server(_TWIN, ()))

    def _server(self, name: str, recipes: tuple[str, ...]) -> _ArmServer:
        if name not in self._servers:
            arguments = self._arguments_of(recipes)
            self._servers[name] = _ArmServer(name, lambda: self._start(name, arguments), self._caches)
        return self._servers[name]

    def _start(self, name: str, arguments: tuple[str, ...]) -> _Running:
        settings = self._settings
        settings.folder.mkdir(parents=True, exist_ok=True)
        launch = plan_launch(
            settings.python,
            settings.checkpoint,
            (*arguments, *extra_arguments()),
            port=free_port(),
            device=settings.device,
            dtype=self._dtype(),
            servers=_SERVERS,
        )
        process = ServerProcess(launch.command, launch.environment, settings.folder / f"{name}.log")
        try:
            seconds = wait_until_ready(
                process, launch.root + "/health", limit_s=_START_LIMIT_S, what=f"vLLM {name}", tell=self._tell
            )
            self._tell(f"vLLM {name}: ready after {seconds:.0f} s")
            client = ServerClient(
                Address(model=launch.model, root=launch.root, base=launch.root + "/v1"),
                Secret(),
                keep_special_tokens=settings.keep_special_tokens,
                patience=patience_from_environment(),
                ended=lambda: process.ended(_DYING_S),
            )
        except BaseException:
            process.close()
            raise
        self._read_back(name, launch, client, seconds)
        return _Running(process, client, ServerMemory(client, find_forgetting(client, own=True), own=True))

    def _read_back(self, name: str, launch: Launch, client: ServerClient, seconds: float) -> None:
        """Ask the server what it runs with, keep it beside its log, and say where it is not what was asked for."""
        effective = effective_configuration(client.get("/server_info?config_format=json"))
        version = client.get("/version")
        wrong = disagreements(launch.command, effective) if effective else [_NOT_READ_BACK]
        self._said.extend(f"{name}: {line}" for line in wrong)
        for line in wrong:
            self._tell(f"vLLM {name}: {line}")
        found = {
            "command": list(launch.command),
            "environment": dict(launch.added),
            "version": version.get("version") if isinstance(version, dict) else None,
            "models": client.get("/v1/models"),
            "effective": effective,
            "disagreements": wrong,
            "seconds_to_ready": round(seconds, 1),
        }
        self._facts = {"version": found["version"], **{key: effective.get(key) for key in ("dtype", "device")}}
        text = json.dumps(found, indent=1, ensure_ascii=False)
        write_atomically(self._settings.folder / f"{name}.json", text + "\n")

    def close(self) -> None:
        """End every server, and wait until each has ended."""
        while self._servers:
            self._servers.popitem()[1].close()


@dataclass(frozen=True, slots=True)
class _Running:
    """A server that answers."""

    process: ServerProcess
    client: ServerClient
    memory: ServerMemory


class _ArmServer:
    """The server of an arm, started when it is first needed."""

    def __init__(self, name: str, start: Callable[[], _Running], caches: Caches) -> None:
        self.name, self._start, self._caches = name, start, caches
        self._running: _Running | None = None

    @property
    def refused(self) -> frozenset[Extra]:
        """Extras that it has refused."""
        return self._running.client.refused if self._running is not None else frozenset()

    def start(self) -> _Running:
        """The server, which runs afterwards."""
        if self._running is None:
            self._running = self._start()
        return self._running

    def new_runner(self) -> ServerRunner:
        """Somebody who asks it and has asked nothing yet."""
        running = self.start()
        return ServerRunner(running.client, self._caches, running.memory)

    def explain(self, problem: ServerGone) -> EnvironmentError_:
        """A server of ours that is gone has left words."""
        code = self._running.process.exit_code() if self._running is not None else None
        if self._running is None or code is None:
            return problem
        return EnvironmentError_(
            f"vLLM {self.name}: ended with code {code}: {likely_reason(self._running.process)}; "
            "the same command starts it again and goes on from here"
        )

    def close(self) -> None:
        """End the server, if there is one."""
        if self._running is not None:
            running, self._running = self._running, None
            try:
                running.client.close()
            finally:
                running.process.close()


class _ArmRunner:
    """An arm on a server of ours."""

    def __init__(self, server: _ArmServer) -> None:
        self._server = server
        self._inner: ServerRunner | None = None

    def _runner(self) -> ServerRunner:
        if self._inner is None:
            self._inner = self._server.new_runner()
        return self._inner

    def inspect(self) -> None:
        """Find out what the server remembers of images."""
        try:
            self._runner().inspect()
        except ServerGone as problem:
            raise self._server.explain(problem) from problem

    def answer(self, questions: Sequence[Question]) -> list[Response | SampleError]:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        try:
            return self._runner().answer(questions)
        except ServerGone as problem:
            raise self._server.explain(problem) from problem

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        try:
            return self._runner().time(request, stages=stages, hashes=hashes)
        except ServerGone as problem:
            raise self._server.explain(problem) from problem

    def tokens(self, request: Request, *, cold: bool) -> Response:
        """See :class:`~argus_eval.backends.protocol.ShowsTokens`."""
        try:
            return self._runner().tokens(request, cold=cold)
        except ServerGone as problem:
            raise self._server.explain(problem) from problem

    def load(self, requests: Sequence[Request], *, streams: int) -> Load:
        """See :class:`~argus_eval.backends.protocol.TakesLoad`."""
        try:
            return self._runner().load(requests, streams=streams)
        except ServerGone as problem:
            raise self._server.explain(problem) from problem

    def host(self, request: Request) -> Timing:
        """See :class:`~argus_eval.backends.protocol.ArmRunner`."""
        raise SampleError("a server's host work cannot be seen from outside")


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
