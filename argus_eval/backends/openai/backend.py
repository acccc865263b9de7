"""A server as the engine sees it: a model that answers, and can be timed from outside."""

from __future__ import annotations

import sys

from argus_eval.backends.openai.address import parse_address, secret_from_environment
from argus_eval.backends.openai.caches import ServerMemory, find_forgetting
from argus_eval.backends.openai.client import Answered, ServerClient, patience_from_environment
from argus_eval.backends.openai.failures import ServerGone
from argus_eval.backends.openai.payload import Extra
from argus_eval.backends.openai.runner import Caches, ServerRunner
from argus_eval.backends.protocol import ArmRunner, LoadedFacts, WeightsKind
from argus_eval.core.request import Decoding, Request
from argus_eval.errors import UnknownNameError, UsageError

__all__ = ["OpenAIBackend"]

_SHARED_TWIN = "the A/A twin asks the same server process over a connection of its own"


class OpenAIBackend:
    """A model on a server that somebody else runs.

    Args:
        text: ``NAME@URL``.
        keep_special_tokens: its box dialect is written in tokens of its own.
        weights: what the user declares about them.

    Raises:
        UsageError: the address is wrong.
        ServerGone: nobody answers there.
    """

    def __init__(self, text: str, *, keep_special_tokens: bool, weights: WeightsKind) -> None:
        self._address = parse_address(text)
        self._keep_special_tokens = keep_special_tokens
        self._weights = weights
        self._said: list[str] = []
        self._caches = Caches(tell=self._tell)
        self._clients: list[ServerClient] = []
        first = self._connect()
        try:
            self._source = _describe(first)
            self._memory = ServerMemory(first, find_forgetting(first, own=False), own=False)
        except BaseException:
            self.close()
            raise

    def _tell(self, line: str) -> None:
        self._said.append(line)
        sys.stderr.write(line + "\n")

    def _connect(self) -> ServerClient:
        client = ServerClient(
            self._address,
            secret_from_environment(),
            keep_special_tokens=self._keep_special_tokens,
            patience=patience_from_environment(),
        )
        self._clients.append(client)
        return client

    @property
    def loaded(self) -> LoadedFacts:
        """What is known by now; refused extras and the cache audit come in while the run goes on."""
        refused = sorted(set[Extra]().union(*(client.refused for client in self._clients)))
        return LoadedFacts(
            parameters=None,
            dtype="",
            device="",
            source=self._source,
            image_processor="",
            weights=self._weights,
            notes=(
                _SHARED_TWIN,
                *(f"the server refuses {extra.value}: {extra.without}" for extra in refused),
                *self._said,
            ),
        )

    def runner(self, recipes: tuple[str, ...]) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        assert not recipes, "recipes for a server that somebody else runs are refused when arms are planned"
        return ServerRunner(self._clients[0], self._caches, self._memory)

    def twin(self) -> ArmRunner:
        """See :class:`~argus_eval.backends.protocol.Backend`; it is there for timing, so caches are looked for."""
        runner = ServerRunner(self._connect(), self._caches, self._memory)
        runner.inspect()
        return runner

    def close(self) -> None:
        """See :class:`~argus_eval.backends.protocol.Backend`."""
        while self._clients:
            self._clients.pop().close()


def _describe(client: ServerClient) -> str:
    """Where the model is and what serves it, as far as the server tells.

    Raises:
        ServerGone: nobody answers.
        UsageError: the server is there and has no such model.
    """
    path = client.address.base.removeprefix(client.address.root) + "/models"
    status, listing = client.loop.run(client.fetch("GET", path))
    if status is None:
        raise ServerGone(f"{client.address.root}: no answer; is the server running?")
    if status in (401, 403):
        raise ServerGone(f"{client.address.root}: HTTP {status}: set ARGUS_EVAL_API_KEY or OPENAI_API_KEY")
    entries = listing.get("data") if isinstance(listing, dict) else None
    names = [str(entry["id"]) for entry in entries or () if isinstance(entry, dict) and "id" in entry]
    if client.address.model not in names and len(names) < 100:
        if _loads_on_demand(client):
            _load(client)
        elif names:
            raise UnknownNameError("served model", client.address.model, names, where=client.address.root)
    version = client.get("/version")
    served_by = f", version {version['version']}" if isinstance(version, dict) and "version" in version else ""
    return f"{client.address.model} at {client.address.root}{served_by}"


def _loads_on_demand(client: ServerClient) -> bool:
    """Models are served without being listed: transformers' server lists what the hub's cache holds."""
    pages = client.get("/openapi.json")
    paths = pages.get("paths") if isinstance(pages, dict) else None
    return isinstance(paths, dict) and "/load_model" in paths


def _load(client: ServerClient) -> None:
    """Ask for one token, so that no question of the run waits for the model to be loaded.

    Raises:
        UsageError: the server does not serve it.
    """
    hello = Request(key="hello", images=(), prompt="Hello.", decoding=Decoding(max_new_tokens=1))
    (found,) = client.answer([hello], streams=1)
    if not isinstance(found, Answered):
        raise UsageError(f"{client.address.root} does not serve {client.address.model!r}: {found}")
