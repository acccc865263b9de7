"""A hostile server loses no sample and stalls nothing."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Iterator

import pytest
from PIL import Image

from argus_eval.backends.openai.address import Secret, parse_address
from argus_eval.backends.openai.answers import response_of, timing_of
from argus_eval.backends.openai.backend import OpenAIBackend
from argus_eval.backends.openai.client import Answered, ServerClient
from argus_eval.backends.openai.exchange import Patience
from argus_eval.backends.openai.failures import Failure, RequestFailed, ServerGone
from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError, UnknownNameError, UsageError
from tests.backends.fake_server import (
    DONE,
    ROLE,
    Call,
    FakeServer,
    answer,
    end,
    event,
    head,
    part,
    refuse,
    send_json,
    usage_event,
)

KEY = "sk-very-secret-0123456789"
PATIENCE = Patience(connect_s=1.0, silence_s=0.4, whole_s=1.2)


async def calm(call: Call, writer: asyncio.StreamWriter) -> None:
    await answer(writer, "a", " cat")


async def slow_first_byte(call: Call, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.2)
    await answer(writer, "a", " cat")


async def split(call: Call, writer: asyncio.StreamWriter) -> None:
    """Every byte a chunk of its own: inside UTF-8, inside events, between carriage return and newline."""
    await head(writer)
    stream = ROLE + event(content="für „你好“") + event(delta={}, finish_reason="stop") + usage_event(4) + DONE
    for byte in stream.replace(b"\n\n", b"\r\n\r\n"):
        writer.write(b"1\r\n" + bytes([byte]) + b"\r\n")
    await writer.drain()
    await end(writer)


async def role_first(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, ROLE)
    await asyncio.sleep(0.15)
    await part(writer, event(content=""))
    await part(writer, event(content="word"))
    await part(writer, event(delta={}, finish_reason="length") + usage_event(1) + DONE)
    await end(writer)


async def throttled(call: Call, writer: asyncio.StreamWriter) -> None:
    if call.number < 2:
        await refuse(writer, "429 Too Many Requests", "slow down", retry_after="7")
    else:
        await answer(writer, "ok")


async def broken(call: Call, writer: asyncio.StreamWriter) -> None:
    await refuse(writer, "500 Internal Server Error", f"failed for {call.headers.get('authorization', '')}")


async def hang(call: Call, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    while True:
        await part(writer, b": still here\n\n")
        await asyncio.sleep(0.1)


async def cut(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, ROLE + event(content="half"))
    raise ConnectionError


async def early_end(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, ROLE + event(content="half"))
    await end(writer)


async def without_done(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, ROLE + event(content="whole") + event(delta={}, finish_reason="stop"))
    await end(writer)


async def endless_line(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    for _ in range(100):
        writer.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
        await writer.drain()
    await end(writer)


async def page(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer, kind="text/html")
    await part(writer, b"<html>login</html>")
    await end(writer)


async def elsewhere(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer, "307 Temporary Redirect", "text/plain", location="http://other.invalid/v1")
    await end(writer)


async def garbage(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, b'data: {"choices": [\n\n')
    await end(writer)


async def reported(call: Call, writer: asyncio.StreamWriter) -> None:
    await head(writer)
    await part(writer, ROLE + b'data: {"error": {"message": "out of blocks", "code": 500}}\n\n')
    await end(writer)


async def strict(call: Call, writer: asyncio.StreamWriter) -> None:
    """Takes nothing that is not in the original protocol."""
    for name in ("return_token_ids", "ignore_eos", "min_tokens", "skip_special_tokens"):
        if name in call.body:
            await refuse(writer, "400 Bad Request", f"Unrecognized request argument supplied: {name}")
            return
    await answer(writer, "plain")


async def root(call: Call, writer: asyncio.StreamWriter) -> None:
    if call.path.endswith("/models"):
        await send_json(writer, {"data": [{"id": "tiny"}]})
    else:
        await refuse(writer, "404 Not Found", "no such page")


SCENARIOS = {
    function.__name__: function
    for function in (calm, slow_first_byte, split, role_first, throttled, broken, hang, drip, cut, early_end)
} | {
    function.__name__: function
    for function in (without_done, endless_line, page, elsewhere, garbage, reported, strict, root)
}


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(SCENARIOS) as running:
        yield running


class Waits:
    """A sleep that only writes down how long it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def connect(server: FakeServer, waits: Waits) -> Iterator:
    opened: list[ServerClient] = []

    def open_client(scenario: str, *, keep: bool = False) -> ServerClient:
        address = parse_address(f"tiny@{server.base(scenario)}")
        client = ServerClient(address, Secret(KEY), patience=PATIENCE, sleep=waits, keep_special_tokens=keep)
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


def picture(seed: int = 0, size: int = 32) -> EncodedImage:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (seed % 256, 90, 10)).save(buffer, "JPEG")
    data = buffer.getvalue()
    return EncodedImage(data=data, sha256=sha256_hex(data), size=ImageSize(size, size), format="JPEG")


def ask(key: str = "1", *, tokens: int = 8, fixed: bool = False, **more: object) -> Request:
    decoding = Decoding(max_new_tokens=tokens, fixed_length=fixed)
    return Request(key=key, images=(picture(),), prompt="What is this?", decoding=decoding, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ("calm", "a cat"),
        ("slow_first_byte", "a cat"),
        ("split", "für „你好“"),
        ("role_first", "word"),
        ("throttled", "ok"),
        ("without_done", "whole"),
        ("strict", "plain"),
    ],
)
def test_what_can_be_answered_is_answered(connect, scenario: str, text: str) -> None:
    (found,) = connect(scenario).answer([ask()], streams=4)
    assert isinstance(found, Answered), found
    assert response_of(found.exchange, timed=False).text == text


@pytest.mark.parametrize(
    ("scenario", "kind", "says", "tries"),
    [
        ("broken", Failure.STATUS, "HTTP 500: failed for Bearer [key]", 3),
        ("hang", Failure.TIMEOUT, "nothing came for 0.4 s", 2),
        ("drip", Failure.TIMEOUT, "no end after 1.2 s", 2),
        ("cut", Failure.DISCONNECTED, "the connection broke off", 3),
        ("early_end", Failure.TRUNCATED, "broke off after 1 chunks", 3),
        ("endless_line", Failure.MALFORMED, "a line of more than 4,194,304 bytes", 2),
        ("page", Failure.NOT_A_STREAM, "expected text/event-stream, got text/html", 1),
        ("elsewhere", Failure.REDIRECT, "redirected to http://other.invalid/v1", 1),
        ("garbage", Failure.MALFORMED, "not JSON", 2),
        ("reported", Failure.REPORTED, "out of blocks", 3),
    ],
)
def test_what_cannot_is_an_error_of_its_own(
    connect, server: FakeServer, scenario: str, kind: Failure, says: str, tries: int
) -> None:
    before, start = server.counts[scenario], time.monotonic()
    (found,) = connect(scenario).answer([ask()], streams=4)
    assert isinstance(found, RequestFailed)
    assert found.kind is kind
    assert says in str(found)
    assert server.counts[scenario] - before == tries
    assert time.monotonic() - start < 40
    # A timed request is never tried again.
    before = server.counts[scenario]
    with pytest.raises(RequestFailed):
        connect(scenario).time(ask())
    assert server.counts[scenario] - before == 1


def test_one_failure_spoils_no_other(connect, server: FakeServer, waits: Waits) -> None:
    """A batch in which every second request hangs is answered in order and in bounded time."""

    async def mixed(call: Call, writer: asyncio.StreamWriter) -> None:
        name = call.body["messages"][0]["content"][-1]["text"]
        await (hang if name.endswith("bad") else calm)(call, writer)

    server.scenarios["mixed"] = mixed
    requests = [
        Request(key=str(i), images=(), prompt="good" if i % 2 else "bad", decoding=Decoding(max_new_tokens=4))
        for i in range(8)
    ]
    start = time.monotonic()
    found = connect("mixed").answer(requests, streams=8)
    assert [isinstance(item, Answered) for item in found] == [bool(i % 2) for i in range(8)]
    assert time.monotonic() - start < 40


def test_the_server_says_how_long_to_wait(connect, server: FakeServer, waits: Waits) -> None:
    server.counts["throttled"] = 0
    (found,) = connect("throttled").answer([ask()], streams=1)
    assert isinstance(found, Answered)
    assert found.tries == 3
    assert waits.seconds == [7.0, 7.0]


def test_waits_grow_and_differ(connect, waits: Waits) -> None:
    connect("broken").answer([ask("a"), ask("b")], streams=1)
    first, second = waits.seconds[:2]
    assert 0.25 <= first <= 0.5 <= second <= 1.0
    assert len(set(waits.seconds)) == 4


def test_time_to_first_token_is_not_the_role(connect) -> None:
    seen = connect("role_first").time(ask())
    assert seen.first_chunk is not None
    assert seen.first_token is not None
    assert seen.first_token - seen.first_chunk > 0.14e9
    timing = timing_of(seen)
    assert timing.ttft_ns == seen.first_token - seen.begun
    assert timing.e2e_ns == timing.ttft_ns  # one token
    assert timing.stages_ns["stream"] > 0.14e9


def test_waiting_is_seen_and_stages_add_up(connect) -> None:
    client = connect("slow_first_byte")
    client.time(ask())
    timing = timing_of(client.time(ask()))
    assert "connect" not in timing.stages_ns  # the connection is kept
    assert timing.stages_ns["wait"] > 0.19e9
    assert timing.residual() == pytest.approx(0, abs=1e-9)


def test_the_image_travels_as_it_is(connect, server: FakeServer) -> None:
    request = ask(system="Be brief.", prefix="<box>")
    connect("calm", keep=True).answer([request], streams=1)
    body = server.calls[-1].body
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant"]
    shown, text = body["messages"][1]["content"]
    kind, _, data = shown["image_url"]["url"].partition(";base64,")
    assert kind == "data:image/jpeg"
    assert base64.b64decode(data) == request.images[0].data
    assert text == {"type": "text", "text": "What is this?"}
    assert body["messages"][2]["content"] == "<box>"
    assert body["continue_final_message"] is True
    assert body["add_generation_prompt"] is False
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0, 8, True)
    assert body["skip_special_tokens"] is False


def test_what_a_server_refuses_is_left_out_from_then_on(connect, server: FakeServer) -> None:
    client = connect("strict", keep=True)
    before = server.counts["strict"]
    first, second = client.answer([ask("1", fixed=True), ask("2", fixed=True)], streams=1)
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    assert first.tries == 1
    # Four refusals teach it, then both answers.
    assert server.counts["strict"] - before == 6
    assert {extra.value for extra in client.refused} == {
        "return_token_ids",
        "ignore_eos",
        "min_tokens",
        "skip_special_tokens",
    }


class OnDemand:
    """transformers' own server: lists the hub's cache, loads what is asked for, has settings of its own."""

    fields = frozenset(
        ("model", "messages", "stream", "stream_options", "temperature", "max_tokens", "generation_config")
    )

    async def model(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "someone/else"}]})
            return
        unexpected = set(call.body) - self.fields
        if unexpected:
            detail = {"detail": f"Unexpected fields in the request: {unexpected}"}
            await refuse_with(writer, "422 Unprocessable Entity", detail)
        elif call.body["model"] != "./folder":
            await refuse_with(writer, "500 Internal Server Error", {"detail": "no such repository"})
        else:
            settings = json.loads(call.body.get("generation_config", "{}"))
            await self.stream(writer, settings.get("min_new_tokens", 2))

    async def stream(self, writer: asyncio.StreamWriter, count: int) -> None:
        """No ``[DONE]``; the counts stand beside the reason."""
        await head(writer)
        await part(writer, event(delta={"role": "assistant"}))
        for _ in range(count):
            await part(writer, event(content="x"))
        counts = {"prompt_tokens": 9, "completion_tokens": count, "total_tokens": 9 + count}
        await part(writer, event(delta={}, finish_reason="length", usage=counts))
        await end(writer)

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path == "/openapi.json":
            await send_json(writer, {"paths": {"/load_model": {}, "/v1/chat/completions": {}}})
        else:
            await refuse(writer, "404 Not Found", "Not Found")


def test_a_side_page_is_asked_for_again_where_the_connection_was_dropped() -> None:
    """Some servers answer 500 and then hang up without a word."""
    dropped: list[str] = []

    async def models(call: Call, writer: asyncio.StreamWriter) -> None:
        await refuse(writer, "500 Internal Server Error", "no cache folder")

    async def root(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path not in dropped:
            dropped.append(call.path)
            raise ConnectionError
        await send_json(writer, {"version": "7"})

    with FakeServer({"v1": models, "root": root}) as server:
        backend = OpenAIBackend(f"tiny@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        assert "version 7" in backend.loaded.source
        backend.close()


async def refuse_with(writer: asyncio.StreamWriter, status: str, body: object) -> None:
    await head(writer, status, "application/json")
    await part(writer, json.dumps(body).encode())
    await end(writer)


def test_a_server_that_loads_what_it_does_not_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argus_eval.backends.openai.retrying._FIRST_WAIT_S", 0.01)
    fake = OnDemand()
    with FakeServer({"v1": fake.model, "root": fake.root}) as server:
        with pytest.raises(UsageError, match=r"does not serve './foldre': HTTP 500: no such repository"):
            OpenAIBackend(f"./foldre@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        backend = OpenAIBackend(f"./folder@{server.base('v1')}", keep_special_tokens=False, weights="trained")
        try:
            runner = backend.runner(())
            # Two refusals teach how a length is fixed there; no request is put twice for the clock.
            for _ in range(2):
                with pytest.raises(RequestFailed, match="Unexpected fields"):
                    runner.time(ask(tokens=20, fixed=True))
            response = runner.time(ask("2", tokens=20, fixed=True))
            assert response.lengths.output_tokens == 20
            assert response.timing is not None
            assert response.timing.tpot_ns(20) is not None
            assert any(
                "fixed length are asked for with generation_config" in note for note in backend.loaded.notes
            )
        finally:
            backend.close()


def test_a_server_that_is_gone_ends_the_run_and_not_the_samples(waits: Waits) -> None:
    with FakeServer(SCENARIOS) as server:
        address = parse_address(f"tiny@{server.base('calm')}")
        client = ServerClient(address, Secret(), patience=PATIENCE, sleep=waits)
        assert isinstance(client.answer([ask()], streams=1)[0], Answered)
        port = server.port
    with pytest.raises(ServerGone, match="the same command goes on"):
        client.answer([ask(), ask("2")], streams=2)
    with FakeServer(SCENARIOS, port=port):
        assert isinstance(client.answer([ask()], streams=1)[0], Answered)
    client.close()


def test_a_restart_within_the_patience_loses_nothing() -> None:
    """The server dies under a request and is back before the retries are used up."""
    with FakeServer(SCENARIOS) as server:
        port, base = server.port, server.base("calm")
    restarted = FakeServer(SCENARIOS, port=port)

    async def restart(seconds: float) -> None:
        if restarted.counts["started"] == 0:
            restarted.counts["started"] = 1
            restarted.__enter__()

    client = ServerClient(parse_address(f"tiny@{base}"), Secret(), patience=PATIENCE, sleep=restart)
    try:
        (found,) = client.answer([ask()], streams=1)
        assert isinstance(found, Answered)
        assert found.tries == 2
    finally:
        client.close()
        restarted.__exit__()


def test_a_backend_answers_and_times(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_EVAL_SERVER_TIMEOUT_S", "1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    async def length(call: Call, writer: asyncio.StreamWriter) -> None:
        count = call.body["max_tokens"] if call.body.get("ignore_eos") else 3
        await answer(writer, *["x"] * count, finish="length")

    server.scenarios["length"] = length
    # Models are listed under the base, side pages under the root.
    server.scenarios["length"], length = listing_of(length), length
    backend = OpenAIBackend(f"tiny@{server.base('length')}", keep_special_tokens=False, weights="trained")
    try:
        response = backend.runner(()).time(ask(tokens=20, fixed=True))
        assert response.timing is not None
        assert response.timing.tpot_ns(20) is not None
        assert response.lengths.output_tokens == 20
        assert response.hit_limit
        with pytest.raises(SampleError, match="cannot be seen"):
            backend.runner(()).host(ask())
        assert server.calls[-1].headers["authorization"] == f"Bearer {KEY}"
        assert KEY not in repr(backend.loaded)
    finally:
        backend.close()


def listing_of(inner):
    async def scenario(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
        else:
            await inner(call, writer)

    return scenario


def test_a_length_that_is_not_fixed_is_no_time(server: FakeServer) -> None:
    server.scenarios["short"] = listing_of(calm)
    backend = OpenAIBackend(f"tiny@{server.base('short')}", keep_special_tokens=False, weights="trained")
    try:
        with pytest.raises(SampleError, match="does not fix the length: asked for 20 tokens, got 2"):
            backend.runner(()).time(ask(tokens=20, fixed=True))
    finally:
        backend.close()


def test_names_and_addresses_are_checked(server: FakeServer) -> None:
    server.scenarios["listed"] = listing_of(calm)
    with pytest.raises(UnknownNameError, match="did you mean 'tiny'"):
        OpenAIBackend(f"tiney@{server.base('listed')}", keep_special_tokens=False, weights="trained")
    for wrong in ("tiny", "tiny@127.0.0.1:8000", "@http://h/v1"):
        with pytest.raises(UsageError, match="openai:NAME@URL"):
            parse_address(wrong)
    for leaking in ("tiny@http://user:word@h/v1", "tiny@http://h/v1?api_key=secretsecret"):
        with pytest.raises(UsageError, match="ARGUS_EVAL_API_KEY") as caught:
            parse_address(leaking)
        assert "word" not in str(caught.value)
        assert "secret" not in str(caught.value)
    assert parse_address("a/b@c@http://h:1/v1/").base == "http://h:1/v1"
    assert parse_address("m@http://h:1").model == "m"


def test_a_secret_is_not_printed() -> None:
    secret = Secret(KEY)
    assert KEY not in repr(secret) + str(secret) + json.dumps(str(secret))
    assert secret.hide_in(f"Incorrect API key: {KEY}") == "Incorrect API key: [key]"
