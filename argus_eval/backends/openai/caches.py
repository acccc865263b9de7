"""What a server remembers of an image, and how to make it forget.

Servers key caches by an image's content: processed tiles, encoder output, the prompt's keys and values. A second
question about an image is then another regime than the first. Before an image is timed again its traces must be
gone, and a short audit shows whether they are.
"""

from __future__ import annotations

import dataclasses
import io
import re
import statistics
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from argus_eval.backends.openai.client import ServerClient
from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError

__all__ = ["CacheAudit", "Forgetting", "Probe", "ServerMemory", "audit", "counted_hits", "find_forgetting"]

_ROUNDS = 5
_ALPHA = 0.05
_CLEARLY = 0.9
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAudit:
    """Median seconds to the first token: distinct images, one image again, and again after it was forgotten.

    Attributes:
        n: requests of each kind.
        hits: cache hits the server itself counted during each of the three; ``None`` where it does not tell.
        remembers: the repeated image is answered sooner by a tenth or more, or the server counted more hits; proof
            is asked for the opposite, since a cache that is overlooked spoils every number.
        forgets: after forgetting it is not clearly sooner, by a tenth and by rank, and no more hits were counted.
    """

    distinct_s: float
    repeated_s: float
    forgotten_s: float
    n: int
    remembers: bool
    forgets: bool
    hits: tuple[float, float, float] | None = None

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        share = self.repeated_s / self.distinct_s
        counted = "" if self.hits is None else f"; hits counted: {', '.join(f'{hits:g}' for hits in self.hits)}"
        if not self.remembers:
            return f"cache audit: a repeated image takes {share:.0%} of a new one's time: no cache (n = {self.n})"
        after = self.forgotten_s / self.distinct_s
        outcome = "cold again" if self.forgets else "STILL WARM"
        return (
            f"cache audit: a repeated image takes {share:.0%} of a new one's time, and {after:.0%} after it was "
            f"made to be forgotten: {outcome} (n = {self.n}{counted})"
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How the audit asks a server.

    Attributes:
        ask: seconds to the first token of a request whose images go by the given names.
        hits: cache hits the server has counted so far; ``None`` where it does not tell.
    """

    ask: Callable[[Request, tuple[str, ...]], float]
    hits: Callable[[], float | None]


@dataclass(slots=True)
class _Series:
    """Requests of one kind."""

    probe: Probe
    seconds: list[float] = field(default_factory=list)
    hits: list[float | None] = field(default_factory=list)

    def add(self, request: Request, names: tuple[str, ...] = ()) -> None:
        before = self.probe.hits()
        self.seconds.append(self.probe.ask(request, names))
        after = self.probe.hits()
        self.hits.append(None if before is None or after is None else after - before)

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    @property
    def counted(self) -> float | None:
        told = [hits for hits in self.hits if hits is not None]
        return sum(told) if len(told) == len(self.hits) else None


def audit(probe: Probe, memory: ServerMemory, request: Request, rounds: int = _ROUNDS) -> CacheAudit:
    """Time distinct images, one repeated image, and the same after it was forgotten, in turn.

    The images are made from the request's own: the same size, other pixels, so that the work is the same.

    Args:
        probe: how to ask.
        memory: of the server asked.
        request: any request with a readable image.
        rounds: of four requests each.

    Raises:
        SampleError: a request failed, or the image cannot be read.
    """
    request = dataclasses.replace(request, decoding=Decoding(max_new_tokens=1, fixed_length=True))
    fresh = [_with_image(request, image) for image in _variants(request.images[0], rounds + 2)]
    known = fresh[0]
    probe.ask(fresh[1], ())
    probe.ask(known, ())
    distinct, repeated, forgotten = _Series(probe), _Series(probe), _Series(probe)
    for item in fresh[2:]:
        forgotten.add(known, memory.forget(known))
        probe.ask(known, ())
        repeated.add(known)
        distinct.add(item)
    hits = distinct.counted, repeated.counted, forgotten.counted
    told = None if None in hits else (hits[0] or 0.0, hits[1] or 0.0, hits[2] or 0.0)
    return CacheAudit(
        distinct_s=distinct.median_s,
        repeated_s=repeated.median_s,
        forgotten_s=forgotten.median_s,
        n=rounds,
        remembers=repeated.median_s < _CLEARLY * distinct.median_s or (told is not None and told[1] > told[0]),
        forgets=not _sooner(forgotten.seconds, distinct.seconds) and (told is None or told[2] <= told[0]),
        hits=told,
    )


def counted_hits(client: ServerClient) -> float | None:
    """Hits in caches of images and prompts, from the server's Prometheus page; ``None`` without one.

    vLLM counts ``vllm:mm_cache_hits_total`` and ``vllm:prefix_cache_hits_total`` (in tokens).
    """
    text = client.text("/metrics")
    found = re.findall(r"^\w+:\w*cache_hits_total(?:\{[^}]*\})? ([0-9.eE+-]+)$", text or "", re.MULTILINE)
    return sum(float(value) for value in found) if found else None


def _sooner(these: Sequence[float], those: Sequence[float]) -> bool:
    """``these`` are smaller by a tenth at least and by rank (exact one-sided Mann-Whitney)."""
    from scipy.stats import mannwhitneyu

    smaller = statistics.median(these) < _CLEARLY * statistics.median(those)
    return bool(smaller and mannwhitneyu(these, those, alternative="less", method="exact").pvalue < _ALPHA)


def _with_image(request: Request, image: EncodedImage) -> Request:
    return dataclasses.replace(request, images=(image, *request.images[1:]))


def _variants(image: EncodedImage, count: int) -> list[EncodedImage]:
    """``count`` images of the same size and much the same content, unlike any that were ever made before."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(image.data)) as opened:
            pixels = np.array(opened.convert("RGB"))
    except (OSError, ValueError) as problem:
        raise SampleError(f"cache audit: the image cannot be read: {problem}") from problem
    # An earlier run may have audited the same server with the same image.
    rng = np.random.default_rng(uuid.uuid4().int)
    stamp = min(8, *pixels.shape[:2])
    kind = "PNG" if image.format == "PNG" else "JPEG"
    found = []
    for _ in range(count):
        buffer = io.BytesIO()
        pixels[:stamp, :stamp] = rng.integers(0, 256, (stamp, stamp, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(buffer, kind)
        data = buffer.getvalue()
        found.append(EncodedImage(data=data, sha256=sha256_hex(data), size=image.size, format=kind))
    return found
