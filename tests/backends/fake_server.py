"""An HTTP server in a thread whose behaviour is scripted: the first part of the path names a scenario."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """One request as the server saw it."""

    method: str
    scenario: str
    path: str
    headers: dict[str, str]
    body: Any
    number: int  # of this scenario, from 0


Scenario = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FakeServer:
    """Use as a context manager; ``base("calm")`` is the base URL of the scenario "calm"."""

    scenarios: dict[str, Scenario]
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    def base(self, scenario: str) -> str:
        return f"http://127.0.0.1:{self.port}/{scenario}"

    def __enter__(self) -> FakeServer:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connection, "127.0.0.1", self.port))
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                call = await self._read(reader)
                self.calls.append(call)
                await self.scenarios[call.scenario](call, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError, ValueError, KeyError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Call:
        method, path, _ = (await reader.readline()).decode().split(" ", 2)
        headers = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        _, scenario, *rest = path.split("/")
        scenario, rest = (scenario, rest) if scenario in self.scenarios else ("root", [scenario, *rest])
        number = self.counts[scenario]
        self.counts[scenario] += 1
        return Call(method, scenario, "/" + "/".join(rest), headers, json.loads(body) if body else None, number)


async def head(
    writer: asyncio.StreamWriter, status: str = "200 OK", kind: str = "text/event-stream", **headers: str
) -> None:
    """The head of a response whose body is chunked."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", "transfer-encoding: chunked"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    await writer.drain()


async def part(writer: asyncio.StreamWriter, data: bytes) -> None:
    """One chunk of a body; it leaves at once."""
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()
    await asyncio.sleep(0.002)


async def end(writer: asyncio.StreamWriter) -> None:
    """The end of a chunked body."""
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def event(**choice: Any) -> bytes:
    """An event of a chat stream with one choice; ``usage`` stands beside it."""
    usage = choice.pop("usage", None)
    content = choice.pop("content", None)
    delta = choice.pop("delta", {} if content is None else {"content": content})
    chunk: dict[str, Any] = {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, **choice}],
    }
    if usage is not None:
        chunk["usage"] = usage
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


ROLE = event(delta={"role": "assistant", "content": ""})
DONE = b"data: [DONE]\n\n"


def usage_event(completion: int, prompt: int = 7) -> bytes:
    """The closing event that only counts."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return b"data: " + json.dumps({"choices": [], "usage": counts}).encode() + b"\n\n"


async def answer(writer: asyncio.StreamWriter, *words: str, finish: str = "stop", pause_s: float = 0.0) -> None:
    """A whole well-behaved answer."""
    await head(writer)
    await part(writer, ROLE)
    for word in words:
        await asyncio.sleep(pause_s)
        await part(writer, event(content=word))
    await part(writer, event(delta={}, finish_reason=finish) + usage_event(len(words)) + DONE)
    await end(writer)


async def refuse(writer: asyncio.StreamWriter, status: str, message: str, **headers: str) -> None:
    """An error with a JSON body."""
    await head(writer, status, "application/json", **headers)
    await part(writer, json.dumps({"error": {"message": message}}).encode())
    await end(writer)


async def send_json(writer: asyncio.StreamWriter, value: Any) -> None:
    """A plain JSON page."""
    await head(writer, kind="application/json")
    await part(writer, json.dumps(value).encode())
    await end(writer)
