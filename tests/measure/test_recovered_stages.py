"""A fake model that moves an injected clock and keeps its own book: every stage and TTFT must be found again."""

from __future__ import annotations

import types
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import torch

from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.core.timing import Timing
from argus_eval.measure.clock import ManualClock
from argus_eval.measure.stages import StageRecorder
from argus_eval.pipeline.parts import ModelInputs, ProcessedImages
from argus_eval.pipeline.pipeline import Pipeline
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.pipeline.stock import StockGenerate

LATE = ("decode", "detokenize")


class Book:
    """The clock, and what the fake spent on each stage according to itself."""

    def __init__(self, seed: int) -> None:
        self.clock = ManualClock()
        self.spent: dict[str, int] = defaultdict(int)
        self._rng = np.random.default_rng(seed)

    def spend(self, stage: str, typical_s: float) -> None:
        before = self.clock()
        self.clock.advance(typical_s * float(self._rng.uniform(0.3, 3)))
        self.spent[stage] += self.clock() - before


class FakeDecoderStack(torch.nn.Module):
    def __init__(self, book: Book) -> None:
        super().__init__()
        self.book, self.passes = book, 0

    def forward(self) -> None:
        self.book.spend("prefill" if self.passes == 0 else "decode", 0.04 if self.passes == 0 else 0.01)
        self.passes += 1


class FakeModel:
    """``generate`` as transformers runs it: prompt to the streamer, forward, choice, id to the streamer, …"""

    config = types.SimpleNamespace(is_encoder_decoder=False)
    generation_config = types.SimpleNamespace(eos_token_id=1)

    def __init__(self, book: Book, *, slow_reader_s: float = 0.0) -> None:
        self.book, self.stack, self.slow_reader_s = book, FakeDecoderStack(book), slow_reader_s

    def generate(self, *, input_ids: torch.Tensor, streamer: Any, max_new_tokens: int, **_: Any) -> torch.Tensor:
        streamer.put(input_ids)
        self.book.spend("merge", 0.004)
        self.stack.passes = 0
        ids = []
        for step in range(max_new_tokens):
            self.stack()
            self.book.spend("first_token" if step == 0 else "decode", 0.002)
            ids.append(7 + step)
            streamer.put(torch.tensor([ids[-1]]))
        streamer.end()
        self.book.clock.advance(self.slow_reader_s)
        return torch.cat([input_ids, torch.tensor([ids])], dim=1)


def fake_pipeline(book: Book, model: FakeModel) -> Pipeline:
    def decoder(data: bytes) -> bytes:
        book.spend("image_decode", 0.008)
        return data

    def template(request: Request) -> str:
        book.spend("template", 0.001)
        return request.prompt

    def image_processor(images: Any, recorder: StageRecorder) -> ProcessedImages:
        book.spend("image_process", 0.012)
        recorder.mark("uint8_tiles")
        book.spend("image_process", 0.005)
        return ProcessedImages(tensors={"pixel_values": torch.zeros(1)}, tiles=(1,))

    def prompt_encoder(text: str, images: ProcessedImages) -> dict[str, torch.Tensor]:
        book.spend("tokenize", 0.003)
        return {"input_ids": torch.tensor([[2, 3]]), "attention_mask": torch.ones(1, 2)}

    def transfer(inputs: ModelInputs) -> ModelInputs:
        book.spend("transfer", 0.001)
        return inputs

    def vision(inputs: ModelInputs) -> object:
        book.spend("vision", 0.03)
        return object()

    def detokenizer(ids: Any) -> str:
        book.spend("detokenize", 0.002)
        return "text"

    return Pipeline(
        family="fake",
        model=model,
        processor=None,
        device=torch.device("cpu"),
        dtype=torch.float32,
        decoder=decoder,
        template=template,
        preprocess=SplitPreprocessor(image_processor, prompt_encoder),
        transfer=transfer,
        vision=vision,
        language=StockGenerate(model, model.stack, ("pixel_values",)),
        detokenizer=detokenizer,
        collate=None,
        split=None,
        staged=True,
    )


def request(tokens: int) -> Request:
    image = EncodedImage(data=b"x", sha256="x", size=None, format=None)
    return Request(
        key="k", images=(image,), prompt="?", decoding=Decoding(max_new_tokens=tokens, fixed_length=True)
    )


@pytest.mark.parametrize("seed", range(8))
def test_stages_are_those_the_fake_recorded(seed: int) -> None:
    book = Book(seed)
    pipeline = fake_pipeline(book, FakeModel(book))
    timing = pipeline.run(request(17), StageRecorder(clock=book.clock)).timing
    assert timing is not None
    assert dict(timing.stages_ns) == dict(book.spent)
    before_first = sum(ns for stage, ns in book.spent.items() if stage not in LATE)
    assert timing.ttft_ns == before_first
    assert timing.e2e_ns == before_first + book.spent["decode"]
    residual = timing.residual()
    assert residual is not None
    assert abs(residual) < 0.05
    assert timing.tpot_ns(17) == pytest.approx(book.spent["decode"] / 16)


def test_what_nobody_claims_shows_as_residual() -> None:
    book = Book(1)
    model = FakeModel(book)
    pipeline = fake_pipeline(book, model)
    original = pipeline.vision

    def hidden(inputs: ModelInputs) -> object:
        book.clock.advance(0.5)
        return original(inputs)

    recorder = StageRecorder(clock=book.clock)
    timing = Pipeline.run(_with(pipeline, vision=original), request(1), recorder).timing
    assert timing is not None
    assert timing.residual() == pytest.approx(0, abs=1e-9)
    late = StageRecorder(clock=book.clock)
    late.mark("start")
    hidden(ModelInputs(tensors={}))
    late.mark("first_token")
    unclaimed = Timing(ttft_ns=late.between("start", "first_token"), e2e_ns=None, stages_ns={"vision": 10})
    assert (unclaimed.residual() or 0) > 0.9


def _with(pipeline: Pipeline, **parts: Any) -> Pipeline:
    import dataclasses

    return dataclasses.replace(pipeline, **parts)


def test_a_slow_reader_moves_neither_end() -> None:
    quick, slow = Book(4), Book(4)
    fast = fake_pipeline(quick, FakeModel(quick)).run(request(3), StageRecorder(clock=quick.clock)).timing
    late = (
        fake_pipeline(slow, FakeModel(slow, slow_reader_s=5.0))
        .run(request(3), StageRecorder(clock=slow.clock))
        .timing
    )
    assert fast is not None
    assert late is not None
    assert (late.ttft_ns, late.e2e_ns) == (fast.ttft_ns, fast.e2e_ns)


def test_switching_stages_off_leaves_the_ends() -> None:
    on, off = Book(5), Book(5)
    timed = fake_pipeline(on, FakeModel(on)).run(request(2), StageRecorder(clock=on.clock)).timing
    bare = fake_pipeline(off, FakeModel(off)).run(request(2), StageRecorder(clock=off.clock, enabled=False)).timing
    assert timed is not None
    assert bare is not None
    assert (timed.ttft_ns, timed.e2e_ns) == (bare.ttft_ns, bare.e2e_ns)
    assert not bare.stages_ns


def test_coalesced_first_tokens_do_not_make_the_rest_look_fast() -> None:
    """Three tokens in the first chunk and thirteen after it: the time of those thirteen is divided by thirteen."""
    timing = Timing(ttft_ns=1_000, e2e_ns=14_000, first_token_count=3)
    assert timing.tpot_ns(16) == 1_000
    assert timing.tpot_ns(15) is None
