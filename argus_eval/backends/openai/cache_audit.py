"""Whether a server remembers images and can be made to forget them: by time and by its own counters."""

from __future__ import annotations

import dataclasses
import io
import re
import statistics
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from argus_eval.backends.openai.caches import Forgetting, ServerMemory
from argus_eval.backends.openai.client import ServerClient
from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError

__all__ = ["CacheAudit", "Probe", "audit", "counted_hits", "made_up_request"]

_ROUNDS = 5
#: In doubt it looks this many times as long, for at most so many seconds.
_LONGER, _LONGEST_S = 4, 60.0
_ALPHA = 0.05
_CLEARLY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAudit:
    """Median seconds to the first token: distinct images, one image again, and again after it was forgotten.

    Attributes:
        n: requests of each kind.
        hits: cache hits the server itself counted during each of the three; ``None`` where it does not tell.
        remembers: the repeated image is answered sooner by a tenth or more, or the server counted more hits; proof
            is asked for the opposite, since a cache that is overlooked spoils every number.
        forgets: after forgetting it is not clearly sooner, by a tenth and by rank, and no more hits were counted.
        way: there is a way to make it forget.
    """

    distinct_s: float
    repeated_s: float
    forgotten_s: float
    n: int
    remembers: bool
    forgets: bool
    hits: tuple[float, float, float] | None = None
    way: bool = True

    @property
    def sentence(self) -> str:
        """What was found, in one line."""
        share = self.repeated_s / self.distinct_s
        counted = "" if self.hits is None else f"; hits counted: {', '.join(f'{hits:g}' for hits in self.hits)}"
        if not self.remembers:
            return f"cache audit: a repeated image takes {share:.0%} of a new one's time: no cache (n = {self.n})"
        if not self.way:
            return (
                f"cache audit: a repeated image takes {share:.0%} of a new one's time, and no way is known to "
                f"make this server forget: no image it has seen is timed (n = {self.n}{counted})"
            )
        after = self.forgotten_s / self.distinct_s
        outcome = "cold again" if self.forgets else "STILL WARM"
        return (
            f"cache audit: a repeated image takes {share:.0%} of a new one's time, and {after:.0%} after it was "
            f"made to be forgotten: {outcome} (n = {self.n}{counted})"
        )


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
        rounds: of four requests each; more of them where these leave it open.

    Raises:
        SampleError: a request failed, or the image cannot be read.
    """
    request = dataclasses.replace(request, decoding=Decoding(max_new_tokens=1, fixed_length=True))
    known, first = (_with_image(request, image) for image in _variants(request.images[0], 2))
    probe.ask(first, ())
    probe.ask(known, ())
    distinct, repeated, forgotten = _Series(probe), _Series(probe), _Series(probe)

    def look(more: int) -> None:
        for image in _variants(request.images[0], more):
            forgotten.add(known, memory.forget(known))
            probe.ask(known, ())
            repeated.add(known)
            distinct.add(_with_image(request, image))

    look(rounds)
    stuck = memory.forgetting is Forgetting.NOTHING and distinct.counted is None
    if stuck and _sooner(repeated, distinct) and not _by_rank(repeated, distinct):
        # A busy machine shows a tenth where there is no cache, and every image would be refused for it.
        spent_s = sum(distinct.seconds) + sum(forgotten.seconds) + 2 * sum(repeated.seconds)
        look(min((_LONGER - 1) * rounds, int(_LONGEST_S / max(spent_s / rounds, 1e-9))))
    hits = distinct.counted, repeated.counted, forgotten.counted
    told = None if None in hits else (hits[0] or 0.0, hits[1] or 0.0, hits[2] or 0.0)
    warm = _sooner(forgotten, distinct) and _by_rank(forgotten, distinct)
    return CacheAudit(
        distinct_s=distinct.median_s,
        repeated_s=repeated.median_s,
        forgotten_s=forgotten.median_s,
        n=len(distinct.seconds),
        remembers=_sooner(repeated, distinct) or (told is not None and told[1] > told[0]),
        forgets=not warm and (told is None or told[2] <= told[0]),
        hits=told,
        way=memory.forgetting is not Forgetting.NOTHING,
    )


def counted_hits(client: ServerClient) -> float | None:
    """Hits in caches of images and prompts, from the server's Prometheus page; ``None`` without one.

    vLLM counts ``vllm:mm_cache_hits_total`` and ``vllm:prefix_cache_hits_total`` (in tokens).
    """
    text = client.text("/metrics")
    found = re.findall(r"^\w+:\w*cache_hits_total(?:\{[^}]*\})? ([0-9.eE+-]+)$", text or "", re.MULTILINE)
    return sum(float(value) for value in found) if found else None


def _sooner(these: _Series, those: _Series) -> bool:
    """By a tenth at least."""
    return these.median_s < _CLEARLY * those.median_s


def _by_rank(these: _Series, those: _Series) -> bool:
    """``these`` are smaller by rank (exact one-sided Mann-Whitney)."""
    from scipy.stats import mannwhitneyu

    return bool(mannwhitneyu(these.seconds, those.seconds, alternative="less", method="exact").pvalue < _ALPHA)


def made_up_request() -> Request:
    """A question about an image of common size that shows nothing in particular."""
    import numpy as np
    from PIL import Image

    rows, columns = np.mgrid[0:480, 0:640]
    pixels = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    data = buffer.getvalue()
    image = EncodedImage(data=data, sha256=sha256_hex(data), size=ImageSize(640, 480), format="JPEG")
    decoding = Decoding(max_new_tokens=1, fixed_length=True)
    return Request(key="cache audit", images=(image,), prompt="Describe this image.", decoding=decoding)


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
