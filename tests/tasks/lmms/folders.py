"""Small local copies of published data sets, for runs of lmms-eval tasks without a network.

The rows are those of the bundled samples, whose columns are the published ones; MME has no task of ours, so its
rows are made here. Run as a script it writes the folders for the commands in docs/lmms.md:

    python -m tests.tasks.lmms.folders /tmp/copies
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from argus_eval.data.bundled import iter_rows

#: lmms-eval task → bundled sample, hub id, configuration (or ""), split
COPIES = {
    "pope": ("pope", "lmms-lab-encoder/POPE", "", "test"),
    "textvqa_val": ("textvqa", "lmms-lab-encoder/textvqa", "", "validation"),
    "chartqa": ("chartqa", "lmms-lab-encoder/ChartQA", "", "test"),
    "ai2d": ("ai2d", "lmms-lab-encoder/ai2d", "", "test"),
    "ocrbench": ("ocrbench", "echo840/OCRBench", "", "test"),
    "scienceqa_img": ("scienceqa_img", "lmms-lab-encoder/ScienceQA", "ScienceQA-IMG", "test"),
    "docvqa_val": ("docvqa_val", "lmms-lab-encoder/DocVQA", "DocVQA", "validation"),
    "refcoco_bbox_rec_val": ("refcoco", "lmms-lab-encoder/RefCOCO", "", "val"),
    "mme": ("pope", "lmms-lab-encoder/MME", "", "test"),
}
_MME_CATEGORIES = ("existence", "count", "code_reasoning", "numerical_calculation")


def write_copy(task: str, root: Path, rows: int) -> Path:
    """Write ``root/HUB_ID`` with ``rows`` rows in the published layout; returns the folder."""
    sample, hub, config, split = COPIES[task]
    folder = root / hub
    tables = folder / (config or "data")
    tables.mkdir(parents=True, exist_ok=True)
    found = list(itertools.islice(_rows(task, sample), rows))
    _write_table(found, tables / f"{split}-00000-of-00001.parquet")
    _write_card(folder, {config or "default": f"{tables.name}/{split}-*"}, split)
    return folder


def write_gqa(root: Path, rows: int) -> Path:
    """GQA's two tables: instructions that name images, and the images."""
    folder = root / "lmms-lab-encoder/GQA"
    found = list(itertools.islice(iter_rows("gqa"), rows))
    images = {str(row["imageId"]): {"id": row["imageId"], "image": row["image"]} for row in found}
    questions = [{name: value for name, value in row.items() if name != "image"} for row in found]
    for config, table in (
        ("testdev_balanced_instructions", questions),
        ("testdev_balanced_images", list(images.values())),
    ):
        (folder / config).mkdir(parents=True, exist_ok=True)
        _write_table(table, folder / config / "testdev-00000-of-00001.parquet")
    configs = ("testdev_balanced_instructions", "testdev_balanced_images")
    _write_card(folder, {config: f"{config}/testdev-*" for config in configs}, "testdev")
    return folder


def _write_table(rows: list[dict[str, Any]], file: Path) -> None:
    """A file as the hub has it: its schema says which column is an image."""
    import datasets

    table = datasets.Dataset.from_list(rows)
    if "image" in table.column_names:
        table = table.cast_column("image", datasets.Image())
    table.to_parquet(str(file))


def _write_card(folder: Path, configs: dict[str, str], split: str) -> None:
    """The head of the hub's README.md, by which ``datasets`` finds configurations and images."""
    card: dict[str, Any] = {
        "configs": [
            {"config_name": name, "data_files": [{"split": split, "path": pattern}]}
            for name, pattern in configs.items()
        ]
    }
    folder.joinpath("README.md").write_text(f"---\n{yaml.safe_dump(card)}---\n", encoding="utf-8")


def _rows(task: str, sample: str) -> Iterator[dict[str, Any]]:
    return _mme(iter_rows(sample)) if task == "mme" else iter_rows(sample)


def _mme(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """MME asks two questions about each image, one for yes and one for no; its score needs both."""
    for number, row in enumerate(rows):
        category = _MME_CATEGORIES[number % len(_MME_CATEGORIES)]
        name = f"{category}/{number:04}.png"
        for answer, what in (("Yes", "an image"), ("No", "a recording")):
            question = f"Is this {what}? Please answer yes or no."
            yield {
                "question_id": name,
                "image": row["image"],
                "question": question,
                "answer": answer,
                "category": category,
            }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    for name in COPIES:
        print(name, write_copy(name, target, 24))
    print("gqa", write_gqa(target, 24))
