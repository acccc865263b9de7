"""Which files of a folder belong to a split: the layouts of Hugging Face data repositories."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from argus_eval.data.source import SourceSpec

__all__ = ["SplitFiles", "other_splits", "split_files"]

_SHARD = re.compile(r"^(?P<split>.+?)-(?P<number>\d{5})-of-(?P<total>\d{5})(?:-[0-9a-f]+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFiles:
    """Files of one split, in order, and how many of them its file names promise."""

    files: tuple[Path, ...]
    promised: int

    @property
    def complete(self) -> bool:
        """No shard is missing."""
        return len(self.files) >= self.promised

    @property
    def note(self) -> str:
        """`` (2 of 4 files)`` where shards are missing, else empty."""
        return "" if self.complete else f" ({len(self.files)} of {self.promised} files)"


def split_files(root: Path, spec: SourceSpec, suffix: str = ".parquet") -> SplitFiles | None:
    """The split's files under ``root``; ``None`` if there are none.

    Looked for in this order: the task's own glob; ``CONFIG/SPLIT-*``, ``data/SPLIT-*``, ``SPLIT-*`` with the
    variants ``SPLIT.parquet`` and a folder named after the split.
    """
    if spec.files and (found := sorted(root.glob(spec.files))):
        return _checked(found)
    configured = [root / spec.config, root / "data" / spec.config] if spec.config else []
    for folder in (*configured, root / "data", root):
        names = [path for path in _tables(folder, suffix) if _split_of(path) == spec.split]
        if found := names or _tables(folder / spec.split, suffix):
            return _checked(found)
    return None


def other_splits(root: Path, suffix: str = ".parquet") -> tuple[str, ...]:
    """Splits that the names of the tables under ``root`` speak of."""
    names = {match["split"] for path in any_tables(root, suffix) if (match := _SHARD.match(path.stem))}
    return tuple(sorted(names))


def any_tables(root: Path, suffix: str = ".parquet") -> list[Path]:
    """Every table directly in ``root`` or its ``data`` folder."""
    return _tables(root, suffix) or _tables(root / "data", suffix)


def _tables(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"*{suffix}")) if folder.is_dir() else []


def _split_of(path: Path) -> str:
    match = _SHARD.match(path.stem)
    return match["split"] if match else path.stem


def _checked(files: list[Path]) -> SplitFiles:
    totals = [int(match["total"]) for path in files if (match := _SHARD.match(path.stem))]
    return SplitFiles(files=tuple(files), promised=max(totals, default=len(files)))
