"""Results of VLMEvalKit: the per-question tables it leaves beside its scores (xlsx, tsv or json).

Read against VLMEvalKit of November 2026 (``vlmeval/dataset/image_{mcq,vqa,yorn}.py``). A run's folder is
``MODEL/`` or ``MODEL/EVAL_ID/`` with ``MODEL_DATASET_….xlsx`` in it; the table with a score for each question is
``…_JUDGE_result`` for multiple choice, ``…_auxmatch`` for yes and no, ``…_results`` for open answers.
"""

from __future__ import annotations

import csv
import json
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argus_eval.errors import UsageError
from argus_eval.importers.imported import Imported, ImportedSample, ImportedTask
from argus_eval.importers.reading import content_hash, number

__all__ = ["read_vlmevalkit"]

_TABLES = (".xlsx", ".tsv", ".json")
_SUFFIX = re.compile(r"_(?:exact_matching_result|[^_]+_result|results|detailed_results|auxmatch)$")
#: What identifies a question; its image's path is of the machine that ran it.
_ASKED = ("index", "question", "hint", "A", "B", "C", "D", "E", "answer", "category", "split")
_ANLS_THRESHOLD = 0.5

Row = Mapping[str, str]


def read_vlmevalkit(path: pathlib.Path, model: str | None = None) -> Imported:
    """Read one per-question table, or every one in a model's folder.

    Args:
        path: a table or a folder.
        model: its name; told from the folders where ``None``.

    Raises:
        UsageError: no such table, or one without a score for each question.
    """
    files = [path] if path.is_file() else _tables(path)
    if not files:
        raise UsageError(
            f"{path}: no table with a score for each question (…_result, …_results or …_auxmatch); "
            "VLMEvalKit writes them when it evaluates"
        )
    known = model or _model_of(files[0])
    tasks = {}
    for file in files:
        task = _task(file, known)
        if task.name in tasks:
            raise UsageError(f"{path}: two tables of {task.name}; name the folder of one evaluation")
        tasks[task.name] = task
    return Imported(
        tool="vlmevalkit",
        version="",
        model=known,
        source=tuple(map(str, files)),
        tasks=tuple(tasks.values()),
        notes=("images are not identified in these tables: every question counts as one image",),
    )


def _tables(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(
        file
        for file in folder.glob("*")
        if file.is_file() and file.suffix in _TABLES and _SUFFIX.search(file.stem) is not None
    )


def _model_of(file: pathlib.Path) -> str:
    for folder in (file.resolve().parent, file.resolve().parent.parent):
        if file.name.startswith(f"{folder.name}_"):
            return folder.name
    raise UsageError(f"{file}: which part of the name is the model? give it with --name")


def _task(file: pathlib.Path, model: str) -> ImportedTask:
    dataset = _SUFFIX.sub("", file.stem).removeprefix(f"{model}_")
    rows = _rows(file)
    metric, score = _scoring(file, rows, dataset)
    samples, seen = [], set()
    for place, row in enumerate(rows, start=2):
        value = score(row)
        if value is None:
            raise UsageError(f"{file}: row {place}: no score that can be read")
        key = row["index"]
        if key in seen:
            raise UsageError(f"{file}: row {place}: index {key!r} occurs twice")
        seen.add(key)
        asked = {name: row[name] for name in _ASKED if row.get(name)}
        text = row.get("prediction", "")
        samples.append(ImportedSample(key=key, content=content_hash(asked), text=text, scores={metric: value}))
    return ImportedTask(
        name=f"vlmevalkit:{dataset}",
        primary=metric,
        higher_is_better={metric: True},
        reported={},
        samples=tuple(samples),
    )


def _scoring(file: pathlib.Path, rows: Sequence[Row], dataset: str) -> tuple[str, Callable[[Row], float | None]]:
    """The metric a table holds, and how a row's score is read."""
    columns = set(rows[0]) if rows else set()
    if "index" not in columns:
        raise UsageError(f"{file}: no column 'index'; this is no table of VLMEvalKit")
    named = next((column for column in ("hit", "verifier_match", "score") if column in columns), None)
    if named is not None:
        return "accuracy", lambda row: _number(row[named])
    if "eval_match" in columns:
        if re.search("DocVQA|InfoVQA", dataset):
            return "anls", lambda row: _anls(_numbers(row["eval_match"]))
        if re.search("ChartQA|OCRVQA", dataset):
            return "relaxed_accuracy" if "ChartQA" in dataset else "accuracy", _best
        return "vqa_score" if "TextVQA" in dataset else "accuracy", _mean
    raise UsageError(f"{file}: no column 'hit', 'score' or 'eval_match'")


def _best(row: Row) -> float | None:
    return max(_numbers(row["eval_match"]), default=None)


def _mean(row: Row) -> float | None:
    values = _numbers(row["eval_match"])
    return sum(values) / len(values) if values else None


def _anls(distances: Sequence[float]) -> float | None:
    """The table holds distances, the smallest of which counts unless it is too large."""
    if not distances:
        return None
    similarity = 1 - min(distances)
    return similarity if similarity >= _ANLS_THRESHOLD else 0.0


def _number(text: str) -> float | None:
    truth = {"true": 1.0, "false": 0.0}.get(text.strip().lower())
    if truth is not None:
        return truth
    try:
        return number(float(text))
    except ValueError:
        return None


def _numbers(text: str) -> list[float]:
    """The values of a printed list: ``[0.0, 1.0]``, ``[True]``, ``[np.float64(0.3)]``."""
    plain = re.sub(r"np\.float\d+\(([^)]*)\)", r"\1", text).strip("[] \n")
    values = [_number(part) for part in plain.split(",")] if plain else []
    return [value for value in values if value is not None]


def _rows(file: pathlib.Path) -> list[Row]:
    """Every row as text.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        if file.suffix == ".xlsx":
            return _workbook(file)
        if file.suffix == ".tsv":
            # Questions hold whole documents; csv's own limit is for fields of 128 kB.
            csv.field_size_limit(2**24)
            with file.open(encoding="utf-8", newline="") as lines:
                return [_texts(row) for row in csv.DictReader(lines, delimiter="\t")]
        return [_texts(row) for row in _json_rows(json.loads(file.read_bytes()))]
    except (OSError, ValueError, RecursionError, csv.Error) as problem:
        raise UsageError(f"{file}: cannot be read: {problem}") from problem


def _json_rows(data: object) -> list[Mapping[str, Any]]:
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        return data
    if isinstance(data, dict) and data and all(isinstance(column, dict) for column in data.values()):
        keys = next(iter(data.values()))
        return [{name: column.get(key) for name, column in data.items()} for key in keys]
    raise ValueError("expected a list of objects")


def _workbook(file: pathlib.Path) -> list[Row]:
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError) as problem:
        raise ValueError(f"no workbook: {problem}") from problem
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = [str(name) for name in next(rows, ())]
        return [_texts(dict(zip(names, row, strict=False))) for row in rows]
    finally:
        book.close()


def _texts(row: Mapping[Any, Any]) -> Row:
    return {str(name): "" if value is None else str(value) for name, value in row.items() if name is not None}
