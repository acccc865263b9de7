"""vision-cache: the tiles and visual embeddings of pictures seen before are kept. Warm regimes only.

Bottleneck: a second question about the same picture decodes, cuts, moves and encodes it again.

Pictures are known by the hash of their bytes. What the image half made of them, what lies on the device and what
the tower said are kept together, up to one GiB, the least recently used leave first. Ids, pixels and embeddings
are those of the first time: nothing is computed another way.

Expected effect: TTFT −70 to −95 % for a picture that was seen, nothing for a new one (the hash costs about 1 ms a
megabyte). In a cold regime it would measure repetition.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from argus_eval.core.loss_class import LossClass
from argus_eval.recipes.protocol import RecipeInfo

if TYPE_CHECKING:
    import torch

    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.parts import (
        Decoder,
        ImageProcessor,
        ModelInputs,
        ProcessedImages,
        Transfer,
        VisionEncoder,
    )
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["INFO", "apply"]

INFO = RecipeInfo(
    name="vision-cache",
    summary="tiles and visual embeddings of pictures seen before are kept",
    parts=frozenset({"decoder", "image_processor", "transfer", "vision"}),
    scope="pipeline",
    loss_class=LossClass.L0,
    order=80,
    regime="warm-image",
    serving={"vllm": None, "sglang": ("SGLANG_VLM_CACHE_SIZE_MB=4096",)},
)

_MOST_BYTES = 1 << 30


@dataclasses.dataclass(slots=True, kw_only=True)
class _Seen:
    """All there is about the pictures of one request; later parts fill it in."""

    processed: ProcessedImages
    moved: dict[str, torch.Tensor] = dataclasses.field(default_factory=dict)
    encoded: Any | None = None

    @property
    def size(self) -> int:
        """Bytes of every tensor in it."""
        held: list[Any] = [*self.processed.tensors.values(), *self.moved.values(), self.encoded]
        total = 0
        while held:
            one = held.pop()
            if isinstance(one, Mapping):
                held.extend(one.values())
            elif isinstance(one, (list, tuple)):
                held.extend(one)
            else:
                total += getattr(one, "nbytes", 0)
        return total


class _Store:
    """Entries by the hashes of their pictures, and by the tensors that stand for them further on.

    A tensor is known as the very object that was handed out; entries keep it alive, so no other can have its id.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, ...], _Seen] = OrderedDict()

    def knows(self, digest: str) -> bool:
        return any(digest in key for key in self._entries)

    def of_pictures(self, key: tuple[str, ...]) -> _Seen | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def of_host_pixels(self, pixels: Any) -> _Seen | None:
        return next(
            (entry for entry in self._entries.values() if entry.processed.tensors["pixel_values"] is pixels), None
        )

    def of_device_pixels(self, pixels: Any) -> _Seen | None:
        return next((entry for entry in self._entries.values() if entry.moved.get("pixel_values") is pixels), None)

    def keep(self, key: tuple[str, ...], entry: _Seen) -> None:
        self._entries[key] = entry
        while len(self._entries) > 1 and sum(kept.size for kept in self._entries.values()) > _MOST_BYTES:
            self._entries.popitem(last=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """A picture by the hash of its bytes; decoded unless it is known."""

    data: bytes
    digest: str
    decoded: Any | None


class _HashingDecoder:
    def __init__(self, inner: Decoder, store: _Store) -> None:
        self._inner, self._store = inner, store

    def __call__(self, data: bytes) -> _Picture:
        digest = hashlib.sha256(data).hexdigest()
        decoded = None if self._store.knows(digest) else self._inner(data)
        return _Picture(data=data, digest=digest, decoded=decoded)


class _RememberingImages:
    def __init__(self, inner: ImageProcessor, decoder: Decoder, store: _Store) -> None:
        self._inner, self._decoder, self._store = inner, decoder, store

    def __call__(self, images: Sequence[Any], recorder: StageRecorder) -> ProcessedImages:
        key = tuple(image.digest for image in images)
        seen = self._store.of_pictures(key)
        if seen is None:
            # A picture may be known from another request and yet be new in this company.
            pictures = [self._decoder(one.data) if one.decoded is None else one.decoded for one in images]
            seen = _Seen(processed=self._inner(pictures, recorder))
            self._store.keep(key, seen)
        recorder.mark("uint8_tiles")
        return seen.processed


class _RememberingTransfer:
    def __init__(self, inner: Transfer, store: _Store) -> None:
        self._inner, self._store = inner, store

    def __call__(self, inputs: ModelInputs) -> ModelInputs:
        seen = self._store.of_host_pixels(inputs.tensors.get("pixel_values"))
        if seen is None:
            return self._inner(inputs)
        if not seen.moved:
            moved = self._inner(inputs)
            seen.moved = {name: moved.tensors[name] for name in seen.processed.tensors if name in moved.tensors}
            return moved
        text = {name: value for name, value in inputs.tensors.items() if name not in seen.processed.tensors}
        moved = self._inner(dataclasses.replace(inputs, tensors=text))
        return dataclasses.replace(moved, tensors={**moved.tensors, **seen.moved})


class _RememberingVision:
    def __init__(self, inner: VisionEncoder, store: _Store) -> None:
        self._inner, self._store = inner, store

    def __call__(self, inputs: ModelInputs) -> Any | None:
        seen = self._store.of_device_pixels(inputs.tensors.get("pixel_values"))
        if seen is None:
            return self._inner(inputs)
        if seen.encoded is None:
            seen.encoded = self._inner(inputs)
        return seen.encoded


def apply(pipeline: Pipeline) -> Pipeline:
    """Wrap decoder, image half, transfer and vision around one store."""
    from argus_eval.pipeline.split import SplitPreprocessor

    assert pipeline.split is not None
    current = pipeline.preprocess
    half = current.halves[0] if isinstance(current, SplitPreprocessor) else pipeline.split.image_processor
    store = _Store()
    changed = pipeline.with_image_processor(_RememberingImages(half, pipeline.decoder, store))
    return dataclasses.replace(
        changed,
        decoder=_HashingDecoder(pipeline.decoder, store),
        transfer=_RememberingTransfer(pipeline.transfer, store),
        vision=_RememberingVision(pipeline.vision, store),
        remembers=True,
    )
