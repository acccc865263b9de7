"""What a server remembers of an image, and how to make it forget.

Servers key caches by an image's content: processed tiles, encoder output, the prompt's keys and values. A second
question about an image is then another regime than the first. Before an image is timed again its traces must be
gone, and a short audit shows whether they are.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import StrEnum

from argus_eval.backends.openai.client import ServerClient
from argus_eval.core.request import Request
from argus_eval.errors import SampleError

__all__ = ["Forgetting", "ServerMemory", "find_forgetting"]

_TRIES = 20
_VLLM_RESETS = ("/reset_prefix_cache", "/reset_mm_cache", "/reset_encoder_cache")
_SGLANG_RESET = "/flush_cache"


class Forgetting(StrEnum):
    """How an image is made unknown to a server."""

    RESET = "reset"  #: vLLM's own endpoints, in development mode
    FLUSH = "flush"  #: SGLang's endpoint
    RENAME = "rename"  #: vLLM: a fresh name stands for the content hash
    NOTHING = "nothing"  #: no way is known


def find_forgetting(client: ServerClient, *, own: bool) -> Forgetting:
    """The way this server offers. ``own``: we started it, so its caches are nobody else's."""
    if own and client.post(_VLLM_RESETS[0]) == 200:
        return Forgetting.RESET
    version = client.get("/version")
    if isinstance(version, dict) and "version" in version:
        return Forgetting.RENAME
    if client.post(_SGLANG_RESET) == 200:
        return Forgetting.FLUSH
    return Forgetting.NOTHING


class ServerMemory:
    """Which images one server has seen, and the way to make it forget them.

    Args:
        client: a connection to it.
        forgetting: the way.
        own: we started it; any other server may have seen every image before, in an earlier run for one.
    """

    def __init__(self, client: ServerClient, forgetting: Forgetting, *, own: bool) -> None:
        self._client, self.forgetting = client, forgetting
        self._unknown_past = not own and forgetting is not Forgetting.NOTHING
        self._seen: set[str] = set()

    def note(self, request: Request) -> None:
        """The server has now seen these images."""
        self._seen.update(image.sha256 for image in request.images)

    def knows(self, request: Request) -> bool:
        """One of the request's images was, or may have been, shown to the server before."""
        return bool(request.images) and (
            self._unknown_past or any(image.sha256 in self._seen for image in request.images)
        )

    def forget(self, request: Request) -> tuple[str, ...]:
        """Make the images of ``request`` unknown to the server, outside of any timing.

        Returns:
            Names to send in place of content hashes; empty where none are needed.

        Raises:
            SampleError: the server does not do what it offers.
        """
        match self.forgetting:
            case Forgetting.RENAME:
                return tuple(uuid.uuid4().hex for _ in request.images)
            case Forgetting.RESET:
                self._reset()
                self._seen.clear()
                self._unknown_past = False
            case Forgetting.FLUSH:
                self._until_done(_SGLANG_RESET)
                self._seen.clear()
                self._unknown_past = False
            case Forgetting.NOTHING:
                pass
        return ()

    def forget_all(self, requests: Sequence[Request]) -> list[tuple[str, ...]]:
        """Make the images of all ``requests`` unknown before they are asked together.

        Returns:
            For each request, names to send in place of content hashes: for all of them where that is the way, else
            only where an image comes a second time among them.

        Raises:
            SampleError: the server does not do what it offers, or knows no names and images come twice.
        """
        self.forget(requests[0])
        renames = self.forgetting is Forgetting.RENAME
        names: list[tuple[str, ...]] = []
        shown: set[str] = set()
        for request in requests:
            hashes = {image.sha256 for image in request.images}
            again = bool(hashes & shown)
            if again and self.forgetting is Forgetting.FLUSH:
                raise SampleError(f"{len(requests)} requests at a time need as many images; take more of them")
            names.append(tuple(uuid.uuid4().hex for _ in request.images) if again or renames else ())
            shown |= hashes
        return names

    def _reset(self) -> None:
        self._until_done(_VLLM_RESETS[0])
        for path in _VLLM_RESETS[1:]:
            # Older versions have fewer caches and fewer endpoints.
            status = self._client.post(path)
            if status not in (200, 404):
                raise SampleError(f"POST {path} answered {status}: the caches cannot be reset")

    def _until_done(self, path: str) -> None:
        """A reset is refused while the last request still holds its blocks."""
        import asyncio

        async def reset() -> bool:
            for _ in range(_TRIES):
                status, body = await self._client.fetch("POST", path)
                if status == 200 and not (isinstance(body, dict) and body.get("success") is False):
                    return True
                await asyncio.sleep(0.05)
            return False

        if not self._client.loop.run(reset()):
            raise SampleError(f"POST {path}: the server did not empty its caches")
