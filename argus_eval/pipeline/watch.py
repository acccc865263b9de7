"""Watching ``generate`` from outside: when the decoder's first pass runs and when token ids reach the host."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from transformers.generation.streamers import BaseStreamer

from argus_eval.measure.stages import StageRecorder

__all__ = ["FirstPassWatch", "TokenStamps"]


class TokenStamps(BaseStreamer):  # type: ignore[misc]
    """A streamer that keeps nothing but the time.

    ``generate`` first hands over the prompt, then each new id after its copy to the host; the first of those is
    the end of TTFT in every arm.
    """

    def __init__(self, recorder: StageRecorder) -> None:
        self._recorder = recorder
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        """Called by ``generate`` with the prompt, then with each new id."""
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        if not value.numel():
            # Nothing was generated, so nothing arrived.
            return
        self._recorder.mark("first_token")
        self._recorder.restamp("last_token")

    def end(self) -> None:
        """Called by ``generate`` after the last id; that id's time is already stamped."""


class FirstPassWatch:
    """Records the first forward pass of a decoder as ``prefill``, and how long it took to get there as ``merge``.

    The hooks live for one call of ``generate`` and leave nothing behind. ``first_token`` is what lies between the
    end of the pass and the id on the host.
    """

    def __init__(self, module: Any | None, recorder: StageRecorder) -> None:
        self._module = module if recorder.enabled else None
        self._recorder = recorder
        self._handles: list[Any] = []

    def __enter__(self) -> None:
        if self._module is None:
            return
        began = self._recorder.clock()
        self._recorder.begin("merge", on_device=True)
        self._handles = [
            self._module.register_forward_pre_hook(self._started, with_kwargs=True),
            self._module.register_forward_hook(self._ended, with_kwargs=True),
        ]
        self._recorder.charge(self._recorder.clock() - began)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _started(self, module: Any, args: Any, kwargs: Any) -> None:
        self._recorder.end("merge")
        self._recorder.begin("prefill", on_device=True)

    def _ended(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        self._recorder.end("prefill")
        self._recorder.mark("prefill_end")
        began = self._recorder.clock()
        self._remove()
        self._recorder.charge(self._recorder.clock() - began)

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
