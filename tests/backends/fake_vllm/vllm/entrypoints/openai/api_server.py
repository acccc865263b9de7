"""Stands in for vLLM's server: the same command line, pages and streams, and no model.

``FAKE_VLLM_DIE_AFTER=N`` ends it once, with an error, after N answers; the file it touches remembers that.
``FAKE_VLLM_NO_INFO`` takes away the page that tells its configuration.
``FAKE_VLLM_OTHER_TOKENS=1`` gives a server without prefix cache another second token. A request takes 10 ms of
"prefill", which its page of metrics tells as 1.5 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERED = 0
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    options: argparse.Namespace

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/metrics":
            self.send("text/plain; version=0.0.4", self.metrics().encode())
            return
        pages = {
            "/health": {},
            "/version": {"version": "0.0.fake"},
            "/v1/models": {"data": [{"id": self.options.served_model_name}]},
            "/server_info": {
                "vllm_config": {
                    "model_config": {
                        "dtype": f"torch.{self.options.dtype}",
                        "hf_token": "hf_do_not_keep_me",
                        "enforce_eager": self.options.enforce_eager,
                        "multimodal_config": {"mm_processor_cache_gb": 4.0},
                    },
                    "cache_config": {"enable_prefix_caching": self.options.enable_prefix_caching},
                    "device_config": {"device": "cpu"},
                }
            },
        }
        if "FAKE_VLLM_NO_INFO" in os.environ:
            del pages["/server_info"]
        self.page(pages.get(self.path.partition("?")[0]))

    def metrics(self) -> str:
        lines = ["# HELP vllm:request_queue_time_seconds Time in line."]
        for stage, seconds in {"queue": 0.0001, "prefill": 0.0015, "decode": 0.0}.items():
            name = f"vllm:request_{stage}_time_seconds"
            labels = '{engine="0",model_name="a} b"}'
            lines += [f"{name}_sum{labels} {seconds * ANSWERED}", f"{name}_count{labels} {float(ANSWERED)}"]
        return "\n".join(lines)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith("/reset_"):
            self.page({"success": True})
        elif self.path == "/v1/chat/completions":
            self.chat(json.loads(body))
        else:
            self.page(None)

    def page(self, value: Any) -> None:
        data = json.dumps(value).encode() if value is not None else b""
        self.send("application/json", data, 200 if value is not None else 404)

    def send(self, kind: str, data: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def chat(self, asked: dict[str, Any]) -> None:
        global ANSWERED
        limit = int(os.environ.get("FAKE_VLLM_DIE_AFTER", "0"))
        marker = pathlib.Path(os.environ.get("FAKE_VLLM_MARKER", "/nonexistent/marker"))
        if limit and limit <= ANSWERED and not marker.exists():
            marker.touch()
            print("RuntimeError: the engine died\nwarnings.warn('leaked semaphore objects')", flush=True)
            os._exit(3)
        count = asked["max_tokens"] if asked.get("ignore_eos") else 3
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        opening: dict[str, Any] = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
        if asked.get("return_token_ids"):
            opening["prompt_token_ids"] = [1, 2, 3]
        self.part(opening)
        time.sleep(0.01)
        other = bool(os.environ.get("FAKE_VLLM_OTHER_TOKENS")) and not self.options.enable_prefix_caching
        for index in range(count):
            choice: dict[str, Any] = {"index": 0, "delta": {"content": " a"}}
            if asked.get("return_token_ids"):
                choice["token_ids"] = [index + 100 * (other and index == 1)]
            self.part({"choices": [choice]})
        self.part({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
        self.part({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": count}})
        with LOCK:
            ANSWERED += 1
        self.raw(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def part(self, chunk: dict[str, Any]) -> None:
        self.raw(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--model", "--served-model-name", "--host", "--mm-processor-cache-gb"):
        parser.add_argument(name)
    parser.add_argument("--port", type=int)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--enforce-eager", action="store_true")
    parser.add_argument("--no-enable-prefix-caching", dest="enable_prefix_caching", action="store_false")
    Handler.options = parser.parse_args()
    print(f"started with {sys.argv[1:]}", flush=True)
    print("keys seen:", [name for name in os.environ if name.endswith("API_KEY")], flush=True)
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer((Handler.options.host, Handler.options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
