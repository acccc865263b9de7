"""When the first token is stamped."""

from __future__ import annotations

import torch

from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.watch import TokenStamps


def stamps_after(*chunks: torch.Tensor) -> StageRecorder:
    """A recorder that was handed a prompt and these chunks, one tick each."""
    ticks = iter(range(1000))
    recorder = StageRecorder(clock=lambda: next(ticks))
    watch = TokenStamps(recorder)
    watch.put(torch.tensor([[1, 2, 3]]))
    for chunk in chunks:
        recorder.clock()
        watch.put(chunk)
    watch.end()
    return recorder


def test_the_prompt_is_no_token() -> None:
    assert stamps_after().stamp("first_token") is None


def test_an_empty_chunk_is_no_token() -> None:
    empty, token = torch.tensor([], dtype=torch.long), torch.tensor([7])
    assert stamps_after(empty).stamp("first_token") is None
    late, early = stamps_after(empty, empty, token), stamps_after(token)
    assert late.stamp("first_token") > early.stamp("first_token")  # type: ignore[operator]


def test_the_last_token_is_the_latest() -> None:
    token = torch.tensor([7])
    recorder = stamps_after(token, token, token)
    first, last = recorder.stamp("first_token"), recorder.stamp("last_token")
    assert first is not None
    assert last is not None
    assert last > first
