"""A whole run against a server: the key is in no file, and a server that dies in the middle costs nothing."""

from __future__ import annotations

import asyncio
import json
import pathlib
import time

import pytest

from argus_eval.cli import main
from tests.backends import test_openai_backend as hostile
from tests.backends.fake_server import Call, FakeServer, Scenario, answer, refuse, send_json

KEY = "sk-in-no-file-5f2c9d"


class Dying:
    """Answers so many requests, then refuses every connection's request by hanging up, until it is revived."""

    refuses = False

    def __init__(self, lives: int) -> None:
        self.left = lives
        self.seen: list[str] = []

    async def v1(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        if self.left == 0:
            raise ConnectionError
        self.left -= 1
        self.seen.append(call.headers.get("authorization", ""))
        # A server that repeats the key in what it says.
        if self.refuses and self.left % 3 == 0:
            await refuse(writer, "400 Bad Request", f"no, {call.headers['authorization']}")
        else:
            await answer(writer, "an", " answer")

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        await refuse(writer, "404 Not Found", "no such page")


def records(runs: pathlib.Path) -> list[dict]:
    (path,) = runs.rglob("records.jsonl")
    return [json.loads(line) for line in path.read_text().split("\n") if line]


def test_the_key_is_in_no_file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("ARGUS_EVAL_API_KEY", raising=False)
    monkeypatch.delenv("CI", raising=False)
    model = Dying(lives=100)
    model.refuses = True
    with FakeServer({"v1": model.v1, "root": model.root}) as server:
        name = f"openai:tiny@{server.base('v1')}"
        code = main(
            [
                "run",
                "--model",
                name,
                "--tasks",
                "textvqa",
                "--data",
                "bundled",
                "--limit",
                "8",
                "--accuracy-only",
                "--runs-dir",
                str(tmp_path),
            ]
        )
    assert code == 0
    assert set(model.seen) == {f"Bearer {KEY}"}
    found = records(tmp_path)
    assert len(found) == 8
    assert any("[key]" in (record["error"] or "") for record in found)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err


def test_a_server_that_goes_away_and_comes_back(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("argus_eval.backends.openai.retrying._FIRST_WAIT_S", 0.01)
    command = ["run", "--tasks", "pope_random", "--data", "bundled", "--limit", "6", "--batch-size", "2"]
    command += ["--accuracy-only", "--runs-dir", str(tmp_path)]

    class Leaving(Dying):
        """Its listener is gone after four answers."""

        server: FakeServer

        async def v1(self, call: Call, writer: asyncio.StreamWriter) -> None:
            if call.method == "POST" and self.left == 0:
                self.server._server.close()
                raise ConnectionError
            await super().v1(call, writer)

    model = Leaving(lives=4)
    with FakeServer({"v1": model.v1, "root": model.root}) as server:
        model.server, port = server, server.port
        command += ["--model", f"openai:tiny@{server.base('v1')}"]
        assert main(command) == 5
    assert len(records(tmp_path)) == 4
    model = Leaving(lives=100)
    with FakeServer({"v1": model.v1, "root": model.root}, port=port):
        assert main(command) == 0
    found = records(tmp_path)
    assert len({record["key"] for record in found}) == len(found) == 6


class Hostile:
    """Every question meets a misbehaviour of its own, the same whenever it is put, after a first 429."""

    kinds: tuple[Scenario, ...] = (
        hostile.calm,
        hostile.slow_first_byte,
        hostile.role_first,
        hostile.split,
        hostile.broken,
        hostile.hang,
        hostile.cut,
        hostile.early_end,
        hostile.endless_line,
        hostile.garbage,
        hostile.reported,
    )

    def __init__(self) -> None:
        self.kind_of: dict[str, Scenario] = {}

    async def v1(self, call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
            return
        asked = json.dumps(call.body["messages"])
        if asked not in self.kind_of:
            self.kind_of[asked] = self.kinds[len(self.kind_of) % len(self.kinds)]
            await refuse(writer, "429 Too Many Requests", "slow down", retry_after="0.05")
            return
        await self.kind_of[asked](call, writer)

    async def root(self, call: Call, writer: asyncio.StreamWriter) -> None:
        await refuse(writer, "404 Not Found", "no such page")


def test_a_hostile_server_loses_no_sample_and_stalls_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("ARGUS_EVAL_SERVER_TIMEOUT_S", "1")
    monkeypatch.setattr("argus_eval.backends.openai.retrying._FIRST_WAIT_S", 0.01)
    model = Hostile()
    command = ["run", "--tasks", "vqav2", "--data", "bundled", "--limit", "22", "--runs-dir", str(tmp_path)]
    with FakeServer({"v1": model.v1, "root": model.root}) as server:
        begun = time.monotonic()
        assert main([*command, "--accuracy-only", "--model", f"openai:tiny@{server.base('v1')}"]) == 0
        assert time.monotonic() - begun < 60
    found = records(tmp_path)
    assert len({record["key"] for record in found}) == len(found) == 22
    said = [record["error"] or "" for record in found]
    assert said.count("") == 8  # calm, slow, role first, split: each twice
    words = ("HTTP 500", "nothing came for 1 s", "the connection broke off", "broke off after 1 chunks")
    for word in (*words, "a line of more than 4,194,304 bytes", "not JSON", "out of blocks"):
        assert sum(word in line for line in said) == 2, (word, said)


def test_a_run_of_which_no_timed_request_was_answered_says_why(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CI", raising=False)

    async def v1(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.method == "GET":
            await send_json(writer, {"data": [{"id": "tiny"}]})
        else:
            await refuse(writer, "400 Bad Request", "this model takes no images \x1b[31m")

    async def root(call: Call, writer: asyncio.StreamWriter) -> None:
        await refuse(writer, "404 Not Found", "no such page")

    command = ["run", "--tasks", "pope_random", "--data", "bundled", "--limit", "3", "--efficiency-only"]
    command += ["--budget", "2s", "--runs-dir", str(tmp_path)]
    with FakeServer({"v1": v1, "root": root}) as server:
        command += ["--model", f"openai:tiny@{server.base('v1')}"]
        assert main(command) == 4
        said = capfd.readouterr().err
        assert main(command) == 4, "the finished run is no success either"
    timed = [r for r in records(tmp_path) if r["pass"] == "latency" and r["role"] == "measured"]
    asked = sum(record["arm"].endswith(":baseline") for record in timed)
    assert asked >= 3
    line = next(line for line in said.splitlines() if "timed request" in line)
    assert line.startswith("! ")
    assert f":baseline: every one of {asked} timed requests failed; the first: HTTP 400: this model takes" in line
    assert "\x1b" not in said
    (page,) = tmp_path.rglob("report.html")
    assert "timed requests failed; the first: HTTP 400: this model takes no images" in page.read_text()
