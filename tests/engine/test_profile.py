"""A profile of fake runners whose stages are known."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from argus_eval.core.request import Decoding, Request
from argus_eval.core.response import Lengths, Response
from argus_eval.core.timing import Timing
from argus_eval.engine.narrator import Silent
from argus_eval.engine.profile import Depth, ProfileJob, profile_arms
from argus_eval.errors import SampleError

MS = 1_000_000


class FakeRunner:
    """Takes ``factor`` × a known time and notes who was asked when."""

    def __init__(self, name: str, factor: int, log: list[str]) -> None:
        self.name, self.factor, self.log = name, factor, log
        self.asked: list[Request] = []

    def _timing(self, ttft: bool) -> Timing:
        self.log.append(self.name)
        stages = {"tokenize": 1 * MS, "image_decode": 3 * MS * self.factor, "image_process.normalize": 1 * MS}
        if ttft:
            stages["vision"] = 5 * MS
        return Timing(
            ttft_ns=(3 * self.factor + 7) * MS if ttft else None,
            e2e_ns=None,
            stages_ns=stages,
            to_uint8_tiles_ns=3 * MS * self.factor,
            to_model_ready_ns=(3 * self.factor + 1) * MS,
        )

    def host(self, request: Request) -> Timing:
        self.asked.append(request)
        if request.key == "broken":
            raise SampleError("no")
        return self._timing(ttft=False)

    def time(self, request: Request, *, stages: bool = True, hashes: bool = False) -> Response:
        tokens = request.decoding.max_new_tokens
        if tokens > 1:
            ttft_ns = 10 * MS
            timing = Timing(ttft_ns=ttft_ns, e2e_ns=ttft_ns + (tokens - 1) * 2 * MS * self.factor)
            return Response(text="", timing=timing, lengths=Lengths(tiles=5, prompt_tokens=400))
        self.asked.append(request)
        return Response(text="", timing=self._timing(ttft=True), lengths=Lengths(tiles=5, prompt_tokens=400))


def request(key: str) -> Request:
    return Request(key=key, images=(), prompt="", decoding=Decoding(max_new_tokens=20))


def job(depth: Depth, log: list[str], *, keys: tuple[str, ...] = ("a", "b"), rounds: int = 6) -> ProfileJob:
    runners = {"baseline": FakeRunner("baseline", 2, log), "lossless": FakeRunner("lossless", 1, log)}
    return ProfileJob(
        runners=runners,  # type: ignore[arg-type]
        requests=[request(key) for key in keys],
        depth=depth,
        rounds=rounds,
        budget_s=1e9,
    )


def test_medians_and_shares_are_those_of_the_stages() -> None:
    baseline, lossless = profile_arms(job("all", []), Silent())
    assert list(baseline.stages_s) == ["image_decode", "image_process.normalize", "tokenize", "vision"]
    assert baseline.stages_s["image_decode"] == pytest.approx(0.006)
    assert lossless.stages_s["image_decode"] == pytest.approx(0.003)
    assert baseline.ttft_s == pytest.approx(0.013)
    assert baseline.shares == {
        "image_decode": pytest.approx(6 / 13),
        "tokenize": pytest.approx(1 / 13),
        "vision": pytest.approx(5 / 13),
    }
    assert baseline.residual == pytest.approx(1 / 13)
    assert (baseline.tiles, baseline.prompt_tokens) == (5, 400)


def test_host_depth_has_no_ttft_and_shares_of_model_ready() -> None:
    baseline, _ = profile_arms(job("host", []), Silent())
    assert baseline.ttft_s is None
    assert baseline.to_model_ready_s == pytest.approx(0.007)
    assert baseline.shares["image_decode"] == pytest.approx(6 / 7)


def test_every_round_asks_every_arm_once_in_a_random_order() -> None:
    log: list[str] = []
    profile_arms(job("host", log, rounds=30), Silent())
    rounds = [tuple(log[at : at + 2]) for at in range(0, len(log), 2)]
    assert all(sorted(pair) == ["baseline", "lossless"] for pair in rounds)
    assert len(set(rounds)) == 2


def test_whole_requests_have_one_token_and_a_fixed_length() -> None:
    plan = job("all", [])
    profile_arms(plan, Silent())
    asked = plan.runners["baseline"].asked  # type: ignore[attr-defined]
    assert {(one.decoding.max_new_tokens, one.decoding.fixed_length) for one in asked} == {(1, True)}


def test_failed_requests_are_counted_and_left_out() -> None:
    baseline, _ = profile_arms(job("host", [], keys=("a", "broken"), rounds=4), Silent())
    assert (baseline.n, baseline.errors) == (2, 3)


def test_the_budget_leaves_three_rounds() -> None:
    ticks: Iterator[float] = iter(range(10_000))
    plan = ProfileJob(
        runners=job("host", []).runners,
        requests=[request("a")],
        depth="host",
        rounds=500,
        budget_s=0.5,
        clock_s=lambda: float(next(ticks)),
    )
    assert profile_arms(plan, Silent())[0].n == 3


def test_a_timeline_is_written(tmp_path: pathlib.Path) -> None:
    plan = job("host", [])
    traced = ProfileJob(
        runners=plan.runners, requests=plan.requests, depth="host", rounds=3, budget_s=9, trace_dir=tmp_path / "t"
    )
    arms = profile_arms(traced, Silent())
    assert [pathlib.Path(str(arm.trace)).name for arm in arms] == ["baseline.json", "lossless.json"]
    assert "traceEvents" in (tmp_path / "t" / "lossless.json").read_text()


def test_a_decode_step_is_read_from_longer_answers_and_has_a_bound() -> None:
    from argus_eval.engine.profile_bounds import with_bounds
    from argus_eval.measure.roofline import Ceilings, decode_step_work, lower_bound_s
    from argus_eval.models.catalog import model_card

    arms = profile_arms(job("all", []), Silent())
    assert [arm.decode_step_s for arm in arms] == [pytest.approx(0.004), pytest.approx(0.002)]
    assert profile_arms(job("host", []), Silent())[0].decode_step_s is None
    shapes = model_card("argus-nano").architecture
    assert shapes is not None
    ceilings = Ceilings(device="cpu", dtype="float32", flops_per_s=1e11, bytes_per_s=1e10)
    _, lossless = with_bounds(arms, request("a"), shapes, ceilings, 4)
    least_s = lower_bound_s(decode_step_work(shapes, 404, 4), ceilings)
    bound = lossless.bounds["decode_step"]
    assert bound.least_s == pytest.approx(least_s)
    assert bound.attained == pytest.approx(least_s / 0.002)
