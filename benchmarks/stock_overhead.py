"""Is the baseline as fast as stock? Interleaved: the model card's own lines against our baseline pipeline.

    python benchmarks/stock_overhead.py [--model argus-nano] [--scale tiny|true] [--blocks 10] [--json out.json]

Prints the ratio ours / stock of end-to-end times (16 tokens, bytes to text), stages on and off, as the geometric
mean over blocks with a t interval. Within 5 % is the requirement; the twin (stock against stock) shows the noise.
"""

from __future__ import annotations

import argparse
import io
import json
import pathlib
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from scipy import stats

from argus_eval.core.fingerprint import sha256_hex
from argus_eval.core.geometry import ImageSize
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import build_random

TOKENS = 16


def photograph(seed: int, width: int = 640, height: int = 480) -> EncodedImage:
    """Gradients with noise: compresses like a photograph."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin((x * a + y * b) / (30 + seed)) for a, b in ((1.0, 0.3), (0.2, 1.1), (0.7, -0.6))]
    pixels = (np.stack(waves, axis=-1) + rng.normal(0, 6, (height, width, 3))).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    data = buffer.getvalue()
    return EncodedImage(data=data, sha256=sha256_hex(data), size=ImageSize(width, height), format="JPEG")


def stock(model: Any, processor: Any) -> Callable[[Request], str]:
    """The lines of a model card."""

    def answer(request: Request) -> str:
        image = Image.open(io.BytesIO(request.images[0].data)).convert("RGB")
        content = [{"type": "image"}, {"type": "text", "text": request.prompt}]
        text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        inputs = processor(text=text, images=[image], return_tensors="pt").to(model.device, model.dtype)
        with torch.inference_mode():
            output = model.generate(**inputs, do_sample=False, max_new_tokens=TOKENS, min_new_tokens=TOKENS)
        decoded: str = processor.tokenizer.decode(output[0, inputs["input_ids"].shape[1] :])
        return decoded

    return answer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="argus-nano")
    parser.add_argument("--scale", default="true", choices=("true", "tiny"))
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--images", type=int, default=4, help="a block")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    card = model_card(arguments.model)
    built = build_random(card, scale=arguments.scale, seed=0)
    pipeline = pipeline_for(card.family, built.model, built.processor)
    by_card = stock(built.model, built.processor)
    arms: dict[str, Callable[[Request], object]] = {
        "stock": by_card,
        "stock again": by_card,
        "ours, stages on": lambda request: pipeline.run(request, StageRecorder()),
        "ours, stages off": lambda request: pipeline.run(request, StageRecorder(enabled=False)),
    }
    times = measure(arms, arguments.blocks, arguments.images)
    rows = {name: ratio(times[name], times["stock"]) for name in arms if name != "stock"}
    for name, row in rows.items():
        print(f"{name:18} / stock = {row['ratio']:.4f}  95 % [{row['low']:.4f}, {row['high']:.4f}]")
    print(f"stock median {np.median(times['stock']) * 1e3:.1f} ms a request")
    if arguments.json:
        facts = {
            "model": arguments.model,
            "scale": arguments.scale,
            "ratios_to_stock": rows,
            "times_s": {name: values.tolist() for name, values in times.items()},
            "cpu": platform.processor() or platform.machine(),
            "threads": torch.get_num_threads(),
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        }
        arguments.json.write_text(json.dumps(facts, indent=1) + "\n")


def measure(
    arms: dict[str, Callable[[Request], object]], blocks: int, images: int
) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
    """Seconds of every arm: shape (blocks, images); arms in a new random order for each image."""
    rng = np.random.default_rng(0)
    requests = [
        Request(
            key=str(index),
            images=(photograph(index),),
            prompt="What is in the picture?",
            decoding=Decoding(max_new_tokens=TOKENS, fixed_length=True),
        )
        for index in range(images)
    ]
    for answer in arms.values():
        answer(requests[0])
    times = {name: np.zeros((blocks, images)) for name in arms}
    names = list(arms)
    for block in range(blocks):
        for index, request in enumerate(requests):
            for position in rng.permutation(len(names)):
                start = time.perf_counter()
                arms[names[position]](request)
                times[names[position]][block, index] = time.perf_counter() - start
    return times


def ratio(
    arm: np.ndarray[Any, np.dtype[np.float64]], baseline: np.ndarray[Any, np.dtype[np.float64]]
) -> dict[str, float]:
    """Geometric mean of arm / baseline with a 95 % t interval over blocks."""
    effects = (np.log(arm) - np.log(baseline)).mean(axis=1)
    half = stats.t.ppf(0.975, len(effects) - 1) * effects.std(ddof=1) / np.sqrt(len(effects))
    centre = effects.mean()
    return {
        "ratio": float(np.exp(centre)),
        "low": float(np.exp(centre - half)),
        "high": float(np.exp(centre + half)),
    }


if __name__ == "__main__":
    main()
