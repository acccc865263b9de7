"""Training examples on disk: one process paints scenes without an end, another learns from the newest.

A shard is ``NNNNNN.npy`` (pixels, (n, side, side, 3) uint8) and ``NNNNNN.json`` (the rest), written whole and
renamed into place, so that a reader never meets half a shard and a killed writer starts where it stopped.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from argus_eval.data.scenes.draws import Stream
from argus_eval.models.argus.training.examples import Example, example_from_json, example_to_json, make_example

__all__ = ["SHARD_EXAMPLES", "available_shards", "read_shard", "write_shard", "paint_shards"]

SHARD_EXAMPLES = 128


def available_shards(folder: pathlib.Path) -> list[int]:
    """Numbers of the shards that are complete, in order."""
    return sorted(int(path.stem) for path in folder.glob("[0-9]*.json"))


def write_shard(folder: pathlib.Path, number: int, examples: Sequence[Example]) -> None:
    """Writes one shard; the ``.json`` appears last and marks it complete."""
    stem = folder / f"{number:06d}"
    partial = stem.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.save(file, np.stack([example.pixels for example in examples]))
    partial.rename(stem.with_suffix(".npy"))
    partial.write_text(json.dumps([example_to_json(example) for example in examples]), encoding="utf-8")
    partial.rename(stem.with_suffix(".json"))


def read_shard(folder: pathlib.Path, number: int) -> list[Example]:
    """The examples of a complete shard."""
    stem = folder / f"{number:06d}"
    pixels = np.load(stem.with_suffix(".npy"))
    content = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    return [example_from_json(item, picture) for item, picture in zip(content, pixels, strict=True)]


def paint_shards(
    folder: pathlib.Path,
    side_px: int,
    kinds: Sequence[str],
    *,
    most: int,
    keep: int | None = None,
    stream: Stream = Stream.TRAINING,
    first: int = 0,
    every: int = 1,
) -> None:
    """Paints shards until there are ``most``; shard k holds the scenes of seeds k·128 … k·128 + 127.

    Goes on after the last shard of its own series that lies in the folder.

    Args:
        folder: created where missing.
        side_px: side of a tile.
        kinds: kinds of questions.
        most: number of the shard after the last.
        keep: older shards are removed, so that at most this many lie on the disk; all are kept when absent.
        stream: whose scenes.
        first: number of the first shard of this painter's series.
        every: distance of the series, for several painters at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = [number for number in available_shards(folder) if number % every == first]
    for number in range(done[-1] + every if done else first, most, every):
        seeds = range(number * SHARD_EXAMPLES, (number + 1) * SHARD_EXAMPLES)
        write_shard(folder, number, [make_example(seed, side_px, kinds, stream=stream) for seed in seeds])
        if keep is not None and number >= keep:
            for suffix in (".json", ".npy"):
                (folder / f"{number - keep:06d}").with_suffix(suffix).unlink(missing_ok=True)
