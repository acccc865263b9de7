"""Data that is already on this machine because somebody loaded it from the hub before.

Two caches are looked at, without importing the libraries that write them: the repository cache of
``huggingface_hub`` (Parquet files) and the cache of ``datasets`` (Arrow files).
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from argus_eval.data.joined import JoinedImages
from argus_eval.data.layout import split_files
from argus_eval.data.rows import RowSource
from argus_eval.data.source import SourceSpec
from argus_eval.data.tables import ArrowTable, ParquetTable

__all__ = ["cached"]


def cached(spec: SourceSpec) -> RowSource | None:
    """The split from a local cache; ``None`` where it is absent, incomplete or not for us to read."""
    if spec.hub is None:
        return None
    try:
        source = _repository(spec, spec.hub) or _prepared(spec, spec.hub)
    except OSError:
        return None
    if source is None or spec.images is None:
        return source
    images = cached(replace(spec, config=spec.images.config, files=None, images=None))
    if images is None:
        return None
    return JoinedImages(name=source.name, questions=source, images=images, table=spec.images)


def snapshot_table(snapshot: Path, spec: SourceSpec, hub: str) -> RowSource | None:
    """The split in one revision of a repository as ``huggingface_hub`` lays it out."""
    found = split_files(snapshot, spec)
    if found is None or not found.complete:
        return None
    return ParquetTable(name=f"{hub}@{snapshot.name[:12]}", files=found.files)


def _repository(spec: SourceSpec, hub: str) -> RowSource | None:
    repository = (
        _folder("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", name="hub") / f"datasets--{hub.replace('/', '--')}"
    )
    main = repository / "refs" / "main"
    snapshots = repository / "snapshots"
    if not snapshots.is_dir():
        return None
    newest = sorted(snapshots.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    if main.is_file():
        newest.insert(0, snapshots / main.read_text().strip())
    return next((table for snapshot in newest if (table := snapshot_table(snapshot, spec, hub))), None)


def _prepared(spec: SourceSpec, hub: str) -> RowSource | None:
    owner, _, name = hub.rpartition("/")
    folder = f"{owner}___{_snake_case(name)}" if owner else _snake_case(name)
    root = _folder("HF_DATASETS_CACHE", name="datasets") / folder / (spec.config or "default")
    for info in sorted(root.glob("*/*/dataset_info.json"), key=lambda path: path.stat().st_mtime, reverse=True):
        found = [path for path in info.parent.glob("*.arrow") if _arrow_split(path.stem) == spec.split]
        totals = [int(match[1]) for path in found if (match := re.search(r"-of-(\d{5})$", path.stem))]
        if found and len(found) >= max(totals, default=1):
            return ArrowTable(name=f"{hub}@{info.parent.name[:12]}", files=tuple(sorted(found)))
    return None


def _arrow_split(stem: str) -> str:
    """``ref_coco-val-00000-of-00002`` → ``val``."""
    return re.sub(r"-\d{5}-of-\d{5}$", "", stem).rpartition("-")[2]


def _snake_case(name: str) -> str:
    """The folder name that ``datasets`` makes of a data set's name (its ``camelcase_to_snakecase``)."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).lower()


def _folder(*variables: str, name: str) -> Path:
    for variable in variables:
        if value := os.environ.get(variable):
            return Path(value).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / name
