"""Is the baseline stock, and does every recipe keep what it claims, at the published sizes and on awkward input?

    python benchmarks/stock_parity.py [--models internvl3-2b,argus-nano] [--large] [--json FILE]

For every model: its processor with the published settings (it alone decides the host's work, so a tiny model
stands behind it), drawn images of every mode, format, size and kind of damage, and prompts with anything in them.
The baseline, whole and in halves, has to give the tensors of ``apply_chat_template`` and ``processor(…)`` bit for
bit, or to fail with the same kind of error. Every arm has to give the baseline's: ids always, pixels where its
loss class says so (L0 and L1: equal values with the versions installed here).
Exit code 1 where anything differs. Needs torch, torchvision, transformers, pillow and numpy.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import pathlib
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import torch
from PIL import Image

from argus_eval.core.loss_class import LossClass
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import EncodedImage
from argus_eval.errors import SampleError
from argus_eval.measure.stages import StageRecorder
from argus_eval.models.catalog import model_card
from argus_eval.models.families import pipeline_for
from argus_eval.models.random_weights import blueprint_of, build_random
from argus_eval.pipeline.pipeline import Pipeline
from argus_eval.pipeline.split import SplitPreprocessor
from argus_eval.recipes.catalog import RECIPES
from argus_eval.recipes.compose import apply_recipes, loss_class, parts, plan_arms
from argus_eval.recipes.protocol import Target
from benchmarks.paper_table_measure import machine
from benchmarks.stock_parity_inputs import images_of, prompts_of, random_prompts

MODELS = ("argus-nano", "argus-2b", "internvl3-2b", "smolvlm-256m", "qwen2-vl-2b", "qwen2.5-vl-3b", "qwen3-vl-2b")
PRESETS = ("exact", "lossless", "fastest")
#: Recipes that say themselves that they feed the model something else.
_OTHER_INPUTS = frozenset({"tile-cap", "visual-pool", "stock-path"})
#: Parts that run before the model; a recipe without any of them is looked at on every eighth request only.
_HOST_PARTS = frozenset({"decoder", "template", "preprocess", "image_processor", "prompt_encoder", "transfer"})
_SELDOM = 8
_FUZZ = 300

Outcome = Mapping[str, torch.Tensor] | BaseException


def main() -> int:
    """Compare, print, write; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(MODELS), help="registry names joined by commas")
    parser.add_argument("--large", action="store_true", help="also images of 8,000 px a side")
    parser.add_argument("--only", default="", help="arms joined by commas; all without it")
    parser.add_argument("--images", default="", help="only images whose name contains this")
    parser.add_argument("--fuzz", type=int, default=_FUZZ, help="random prompts")
    parser.add_argument("--json", type=pathlib.Path, help="counts and differences")
    arguments = parser.parse_args()
    facts: dict[str, Any] = {"machine": machine(), "models": {}}
    for name in arguments.models.split(","):
        started = time.monotonic()
        check = Check(name, set(filter(None, arguments.only.split(","))))
        for label, request in requests_of(check.baseline, arguments.images, arguments.large, arguments.fuzz):
            check.compare(label, request)
        facts["models"][name] = {**check.as_data(), "seconds": round(time.monotonic() - started)}
        check.show()
    if arguments.json:
        arguments.json.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    return int(any(model["differences"] for model in facts["models"].values()))


def requests_of(pipeline: Pipeline, wanted: str, large: bool, fuzz: int) -> Iterator[tuple[str, Request]]:
    """Every image with one prompt, every prompt with images of few tiles, several images, none."""
    processor, kept = pipeline.processor, {}
    for name, data in images_of(_tile_sides(processor.image_processor), large):
        if wanted in name:
            yield f"image: {name}", request_of([data], "What is in the picture?")
        if name in ("3×3", "5×5", "7×900", "photograph"):
            kept[name] = data
    if wanted:
        return
    small, other, narrow, photograph = kept["3×3"], kept["5×5"], kept["7×900"], kept["photograph"]
    for name, prompt in prompts_of(processor):
        yield f"prompt: {name}", request_of([small], prompt)
        yield f"prompt: {name}, system", dataclasses.replace(request_of([other], "What?"), system=prompt)
        yield f"prompt: {name}, no image", request_of([], prompt)
        yield f"prompt: {name}, three images", request_of([small, other, small], prompt)
    for images in ([photograph, narrow], [narrow, photograph], [small, narrow, other] * 3):
        yield f"{len(images)} images", request_of(images, "What?")
    for index, prompt in enumerate(random_prompts(processor, fuzz)):
        yield f"random prompt {index}: {prompt!r}", request_of([small, other][: index % 3], prompt)


def _tile_sides(image_processor: Any) -> tuple[int, ...]:
    """Sides that a tile, or a patch that counts as one visual token, has."""
    size = image_processor.size
    if hasattr(image_processor, "max_image_size"):
        return (int(image_processor.max_image_size["longest_edge"]),)
    if hasattr(image_processor, "merge_size"):
        return (int(image_processor.patch_size * image_processor.merge_size),)
    return (int(size["height"]), 2 * int(size["height"]))


def request_of(images: Sequence[bytes], prompt: str) -> Request:
    """A question about encoded images."""
    encoded = tuple(EncodedImage(data=data, sha256="", size=None, format=None) for data in images)
    return Request(key="k", images=encoded, prompt=prompt, decoding=Decoding(max_new_tokens=1))


class Check:
    """The arms of one model, and what was found out about them."""

    def __init__(self, name: str, only: set[str]) -> None:
        card = model_card(name)
        built = build_random(card, scale="tiny", seed=0)
        self.processor = _published(name)
        self.baseline = pipeline_for(card.family, built.model, self.processor)
        if not self.baseline.staged:
            raise SystemExit(f"{name}: {self.baseline.notes}")
        self.name, self.arms = name, {}
        self.left_out: list[str] = []
        split = self.baseline.split
        assert split is not None
        halves = SplitPreprocessor(split.image_processor, split.prompt_encoder)
        self._against_stock = {
            "baseline": self.baseline,
            "halves": dataclasses.replace(self.baseline, preprocess=halves),
        }
        target = Target(
            model=name, family=card.family, staged=True, backend="transformers", device="cpu", regime="warm-image"
        )
        for arm, recipes in _arms(target):
            if only and arm not in only:
                continue
            pipeline = apply_recipes(self.baseline, recipes)
            self.arms[arm] = pipeline
            self.left_out += [f"{arm}: {note}" for note in pipeline.notes if "left out" in note]
        self.requests = self.refused = 0
        self.tensors: Counter[str] = Counter()
        self.differences: list[str] = []
        self.told_apart: Counter[str] = Counter()
        self.largest: dict[str, float] = {}

    def compare(self, label: str, request: Request) -> None:
        """One request through everything."""
        self.requests += 1
        stock = _outcome(lambda: _stock(self.processor, request))
        self.refused += isinstance(stock, BaseException)
        for name, pipeline in self._against_stock.items():
            found = _outcome(
                lambda pipeline=pipeline: pipeline.prepare(request, StageRecorder(enabled=False)).tensors
            )
            self._note(name, label, _difference(stock, found, stock_names(stock)), None)
            self.tensors[name] += 0 if isinstance(found, BaseException) else len(found)
        expected = _outcome(lambda: self.baseline.prepare(request, StageRecorder(enabled=False)).tensors)
        for name, pipeline in self.arms.items():
            if self.requests % _SELDOM and not parts(pipeline.recipes) & _HOST_PARTS:
                continue
            found = _outcome(
                lambda pipeline=pipeline: pipeline.prepare(request, StageRecorder(enabled=False)).tensors
            )
            self._note(name, label, *self._judged(pipeline, expected, found))
            self.tensors[name] += 0 if isinstance(found, BaseException) else len(found)

    def _judged(self, pipeline: Pipeline, expected: Outcome, found: Outcome) -> tuple[str | None, str | None]:
        """What breaks a claim, and what differs within it."""
        names = ["input_ids", "attention_mask", "mm_token_type_ids", "image_grid_thw"]
        claimed = loss_class(pipeline.recipes)
        if _OTHER_INPUTS.intersection(pipeline.recipes):
            return None, _difference(expected, found, [*names, "pixel_values"])
        broken = _difference(expected, found, names)
        pixels = _difference(expected, found, ["pixel_values"])
        self._note_largest(pipeline, expected, found)
        as_said = claimed is LossClass.L2 or pipeline.recipes == ("stock-pil",)
        return (broken, pixels) if as_said else (broken or pixels, None)

    def _note_largest(self, pipeline: Pipeline, expected: Outcome, found: Outcome) -> None:
        if isinstance(expected, BaseException) or isinstance(found, BaseException):
            return
        one, other = expected.get("pixel_values"), found.get("pixel_values")
        if one is not None and other is not None and one.shape == other.shape:
            arm = "+".join(pipeline.recipes)
            largest = float((one.double() - other.double()).abs().max())
            self.largest[arm] = max(self.largest.get(arm, 0.0), largest)

    def _note(self, arm: str, label: str, broken: str | None, allowed: str | None) -> None:
        if broken:
            self.differences.append(f"{arm}: {label}: {broken}")
        elif allowed:
            self.told_apart[arm] += 1

    def as_data(self) -> dict[str, Any]:
        """For the file."""
        return {
            "requests": self.requests,
            "refused_by_stock": self.refused,
            "tensors_compared": dict(self.tensors),
            "requests_with_other_inputs_as_declared": dict(self.told_apart),
            "largest_pixel_difference": {arm: value for arm, value in self.largest.items() if value},
            "left_out": self.left_out,
            "differences": self.differences,
        }

    def show(self) -> None:
        """For people."""
        print(f"\n## {self.name}: {self.requests} requests, {self.refused} refused by stock", flush=True)
        for arm, count in self.tensors.items():
            wrong = sum(line.startswith(f"{arm}: ") for line in self.differences)
            declared = f", {self.told_apart[arm]} with other inputs, as declared" if self.told_apart[arm] else ""
            print(f"{arm}: {count} tensors, {wrong} requests differ{declared}")
        for arm, value in self.largest.items():
            if value:
                print(f"{arm}: largest pixel difference {value:.3g} after normalising")
        for line in (*self.left_out, *self.differences[:60]):
            print(f"  {line}"[:400])


def stock_names(stock: Outcome) -> list[str]:
    """Every tensor of a stock call."""
    return [] if isinstance(stock, BaseException) else list(stock)


def _published(name: str) -> Any:
    card = model_card(name)
    if card.family != "argus":
        return blueprint_of(card).processor
    from argus_eval.models.argus.build import build_processor
    from argus_eval.models.argus.configuration import PRESETS as SIZES
    from argus_eval.models.argus.configuration import preset_config

    size = SIZES[name.removeprefix("argus-")]
    return build_processor(preset_config(size), size.max_tiles)


def _arms(target: Target) -> list[tuple[str, tuple[str, ...]]]:
    """The presets, and each recipe of pipeline scope that works here, alone."""
    found = [(name, plan_arms(name, target)[0][-1].recipes) for name in PRESETS]
    for name in RECIPES:
        info = RECIPES.get(name).INFO
        if info.scope == "pipeline" and info.obstacle(target) is None:
            found.append((name, (name,)))
    return found


def _stock(processor: Any, request: Request) -> Mapping[str, torch.Tensor]:
    """The lines of a model card."""
    images = [Image.open(io.BytesIO(image.data)).convert("RGB") for image in request.images]
    content: list[dict[str, str]] = [{"type": "image"} for _ in images] + [
        {"type": "text", "text": request.prompt}
    ]
    messages = [{"role": "user", "content": content}]
    if request.system is not None:
        messages.insert(0, {"role": "system", "content": [{"type": "text", "text": request.system}]})
    text = processor.apply_chat_template(messages, add_generation_prompt=True)
    return dict(processor(text=text, images=images or None, return_tensors="pt"))


def _outcome(run: Callable[[], Mapping[str, torch.Tensor]]) -> Outcome:
    try:
        return run()
    except SampleError as error:
        return error.__cause__ or error  # ours around Pillow's
    except Exception as error:  # noqa: BLE001 - whatever stock raises is what has to be raised
        return error


def _difference(expected: Outcome, found: Outcome, names: Sequence[str]) -> str | None:
    """What differs: the kind of error, or the first of the named tensors."""
    if isinstance(expected, BaseException) or isinstance(found, BaseException):
        if type(expected) is type(found):
            return None
        return f"{_said(expected)} against {_said(found)}"
    if names and set(expected) - set(found) - {"pixel_attention_mask"}:
        return f"{sorted(set(expected) - set(found))} are missing"
    for name in names:
        if name not in expected or name not in found:
            continue
        one, other = expected[name], found[name]
        if one.shape != other.shape or one.dtype != other.dtype:
            return f"{name}: {tuple(one.shape)} {one.dtype} against {tuple(other.shape)} {other.dtype}"
        if not torch.equal(one, other):
            largest = (one.double() - other.double()).abs().max()
            return f"{name}: largest difference {largest:.3g}"
    return None


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, BaseException):
        return f"{type(outcome).__name__} ({' '.join(str(outcome).split())[:80]})"
    return "tensors"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
