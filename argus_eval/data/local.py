"""Data that the user points at with ``--data PATH``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from argus_eval.data.joined import JoinedImages
from argus_eval.data.jsonlines import JsonLines
from argus_eval.data.layout import any_tables, other_splits, split_files
from argus_eval.data.native.folder import find_role
from argus_eval.data.rows import RowSource
from argus_eval.data.schemas.schema import Schema
from argus_eval.data.source import SourceSpec
from argus_eval.data.tables import ArrowTable, ParquetTable
from argus_eval.errors import EnvironmentError_, UsageError, nearest

__all__ = ["open_local"]


def open_local(path: Path, spec: SourceSpec, schema: Schema) -> RowSource:
    """The rows of the task's split at ``path``.

    Understood are a Parquet, JSON Lines or Arrow file; a folder of Parquet files in the hub's layout; what
    ``save_to_disk`` writes; a folder with JSON Lines; and for tasks that declare them the official release's
    own files.

    Raises:
        UsageError: nothing is there, it has no such split, or its form is none of these.
        EnvironmentError_: it may not be read.
    """
    try:
        if not path.exists():
            hint = nearest(str(path), ("hub", "bundled", "fresh:0"))
            more = f"; did you mean {hint[0]!r}?" if hint else ""
            raise UsageError(f"--data {path}: no such file or folder{more}")
        source = _file(path, schema) if path.is_file() else _folder(path, spec, schema)
        return _with_images(path, source, spec)
    except PermissionError as problem:
        raise EnvironmentError_(f"--data {path}: may not be read; check its permissions") from problem
    except OSError as problem:  # a name that is too long, a loop of links
        raise UsageError(
            f"--data {str(path)[:200]}: cannot be opened ({problem.strerror or problem})"
        ) from problem


def _file(path: Path, schema: Schema) -> RowSource:
    if path.suffix == ".parquet":
        return ParquetTable(name=str(path), files=(path,), root=path.parent)
    if path.suffix in (".jsonl", ".ndjson"):
        return JsonLines(name=str(path), file=path, images=schema.images)
    if path.suffix == ".arrow":
        return ArrowTable(name=str(path), files=(path,), root=path.parent)
    raise UsageError(f"--data {path}: give a .parquet, .jsonl or .arrow file, or a folder")


def _folder(path: Path, spec: SourceSpec, schema: Schema) -> RowSource:
    saved = _saved_to_disk(path, spec)
    if saved is not None:
        return saved
    if schema.native is not None and any(find_role(path, spec, role) for role in spec.native):
        return schema.native(path, spec)
    if found := split_files(path, spec):
        return ParquetTable(name=f"{path}{found.note}", files=found.files, root=path)
    if lines := _json_lines(path, spec):
        return JsonLines(name=str(lines), file=lines, images=schema.images)
    if splits := other_splits(path):
        raise UsageError(f"--data {path}: has split {', '.join(splits)}, but the task's is {spec.split!r}")
    if tables := any_tables(path):
        return ParquetTable(name=str(path), files=tuple(tables), root=path)
    raise UsageError(f"--data {path}: {_expected(path, spec)}")


def _saved_to_disk(path: Path, spec: SourceSpec) -> RowSource | None:
    folder = path
    if (path / "dataset_dict.json").is_file():
        folder = path / spec.split
        if not folder.is_dir():
            splits = sorted(item.name for item in path.iterdir() if item.is_dir())
            raise UsageError(f"--data {path}: has split {', '.join(splits)}, but the task's is {spec.split!r}")
    if not (folder / "state.json").is_file():
        return None
    files = sorted(folder.glob("*.arrow"))
    if not files:
        raise UsageError(f"--data {folder}: looks like save_to_disk, but holds no .arrow file")
    return ArrowTable(name=str(folder), files=tuple(files), root=folder)


def _json_lines(path: Path, spec: SourceSpec) -> Path | None:
    named = path / f"{spec.split}.jsonl"
    if named.is_file():
        return named
    files = sorted(path.glob("*.jsonl"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise UsageError(
            f"--data {path}: has {names}; name the one for split {spec.split!r} {named.name}, or give it"
        )
    return files[0] if files else None


def _expected(path: Path, spec: SourceSpec) -> str:
    if not any(path.iterdir()):
        return "the folder is empty"
    forms = [f"{spec.split}-*.parquet (also under data/)", f"{spec.split}.jsonl", "a save_to_disk folder"]
    if spec.native:
        forms.append(
            "the official files (" + ", ".join(f"{role}: {name}" for role, name in spec.native.items()) + ")"
        )
    return f"no data for split {spec.split!r} here; expected {' or '.join(forms)}"


def _with_images(path: Path, source: RowSource, spec: SourceSpec) -> RowSource:
    """``source``, with the images of the second table where the task has one and the rows have none."""
    if spec.images is None or "image" in source.columns():
        return source
    found = split_files(path, replace(spec, config=spec.images.config, files=None))
    if found is None:
        table = f"{spec.images.config}/{spec.split}-*.parquet"
        raise UsageError(f"--data {path}: the rows have no column 'image' and there is no {table}")
    images = ParquetTable(name=str(path), files=found.files, root=path)
    return JoinedImages(name=source.name, questions=source, images=images, table=spec.images)
