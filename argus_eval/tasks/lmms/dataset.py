"""The data of an lmms-eval task: a local copy in the hub's layout, the local cache, or the hub.

lmms-eval names a hub repository and loads it itself, some tasks a second table from inside their own code. Both go
through ``datasets.load_dataset``, so that is where a local copy steps in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
from huggingface_hub import constants

from argus_eval.data.layout import any_tables, other_splits, split_files
from argus_eval.data.source import SourceSpec
from argus_eval.errors import UsageError

__all__ = ["LocalCopy", "data_from", "offline"]

_BYTES_AND_PATH = {"bytes", "path"}
_LIST = getattr(datasets, "List", datasets.Sequence)  # as it is called since datasets 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopy:
    """A copy of a hub data set on this machine.

    Attributes:
        path: a folder in the hub's layout (``CONFIG/SPLIT-*.parquet``, ``data/SPLIT-*.parquet``,
            ``SPLIT-*.parquet``), a folder that ``save_to_disk`` wrote, or one Parquet file.
        splits: splits the task names, the one it is scored on first.
    """

    path: Path
    splits: tuple[str, ...]

    def load(self, config: str | None, split: str | None) -> Any:
        """What ``datasets.load_dataset(ID, config, split=split)`` would give.

        Raises:
            UsageError: the copy has no such split, or its form is none of those above.
        """
        if not self.path.exists():
            raise UsageError(f"--data {self.path}: no such file or folder")
        wanted = (split,) if split is not None else self.splits
        found = self._saved(wanted) or self._tables(config, wanted)
        return _with_images(found[split] if split is not None else found)

    def _saved(self, wanted: tuple[str, ...]) -> Any | None:
        """The data set in a ``save_to_disk`` folder, or ``None``."""
        if not (self.path / "dataset_dict.json").is_file() and not (self.path / "state.json").is_file():
            return None
        saved = datasets.load_from_disk(str(self.path))
        if not isinstance(saved, datasets.DatasetDict):
            return datasets.DatasetDict({wanted[0]: saved})
        if wanted[0] not in saved:
            raise self._missing(wanted[0], tuple(saved))
        return datasets.DatasetDict({name: saved[name] for name in wanted if name in saved})

    def _tables(self, config: str | None, wanted: tuple[str, ...]) -> Any:
        files = {name: found for name in wanted if (found := self._files(config, name))}
        if wanted[0] not in files:
            raise self._missing(wanted[0], other_splits(self.path) if self.path.is_dir() else ())
        named = {name: [str(file) for file in found] for name, found in files.items()}
        return datasets.load_dataset("parquet", data_files=named)

    def _files(self, config: str | None, split: str) -> list[Path]:
        if self.path.is_file():
            return [self.path] if split == self.splits[0] and self.path.suffix == ".parquet" else []
        spec = SourceSpec(schema="", split=split, checked="", config=config)
        if found := split_files(self.path, spec):
            return list(found.files)
        unlabelled = split == self.splits[0] and not other_splits(self.path)
        return any_tables(self.path) if unlabelled else []

    def _missing(self, split: str, others: tuple[str, ...]) -> UsageError:
        has = f"has split {', '.join(others)}" if others else "holds no Parquet file in the hub's layout"
        return UsageError(
            f"--data {self.path}: {has}; the task needs split {split!r} "
            f"({split}-*.parquet, also under data/ or a folder named after the configuration, or save_to_disk)"
        )


@contextmanager
def data_from(hub: str, local: LocalCopy | None) -> Iterator[None]:
    """Inside, ``datasets.load_dataset`` reads ``hub`` from ``local`` where that is given; no remote code runs."""
    stock = datasets.load_dataset
    datasets.load_dataset = _redirected(stock, hub, local)
    try:
        yield
    finally:
        datasets.load_dataset = stock


def _redirected(stock: Callable[..., Any], hub: str, local: LocalCopy | None) -> Callable[..., Any]:
    def load_dataset(path: str, name: str | None = None, *args: Any, **options: Any) -> Any:
        if local is not None and path == hub:
            return local.load(name, options.get("split"))
        options.pop("trust_remote_code", None)
        if options.get("token") is True:
            # "Whoever is logged in", and an error for everybody else, of whom public data asks nothing.
            options["token"] = None
        return stock(path, name, *args, **options)

    return load_dataset


@contextmanager
def offline(reason: str | None) -> Iterator[None]:
    """Inside, and where there is a reason, ``datasets`` looks into its cache only: no retry, no waiting."""
    if reason is None:
        yield
        return
    before = datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


def _with_images(data: Any) -> Any:
    """``data`` with every ``{bytes, path}`` column read as an image, as the hub's own card declares it.

    A Parquet file that was not written by ``datasets`` says nothing of images.
    """
    features = next(iter(data.values())).features if isinstance(data, datasets.DatasetDict) else data.features
    for name, feature in features.items():
        if _is_image_struct(feature):
            data = data.cast_column(name, datasets.Image())
        elif isinstance(feature, _LIST) and _is_image_struct(feature.feature):
            data = data.cast_column(name, _LIST(datasets.Image()))
    return data


def _is_image_struct(feature: object) -> bool:
    return isinstance(feature, Mapping) and set(feature) == _BYTES_AND_PATH
