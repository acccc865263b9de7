"""Task files: YAML to :class:`TaskSpec`, checked once, here.

A wrong key or value is a :class:`UsageError` that names the file, the path in it and the nearest valid name.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from argus_eval.core.request import Decoding
from argus_eval.data.schemas.registry import SCHEMAS
from argus_eval.data.source import ImageTable, SourceSpec
from argus_eval.errors import EnvironmentError_, UsageError, nearest
from argus_eval.metrics.registry import METRICS
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.prompts import PROMPTS
from argus_eval.tasks.spec import BOX_PARSER, GROUPS, Kind, OracleValue, TaskSpec

__all__ = ["read_task"]


Text = Annotated[str, Field(min_length=1)]


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Images(_Checked):
    config: Text
    key: Text
    column: Text


class _Source(_Checked):
    table_schema: Text = Field(alias="schema")
    split: Text
    checked: datetime.date
    hub: Text | None = None
    config: Text | None = None
    where: dict[str, str] = Field(default_factory=dict)
    files: Text | None = None
    images: _Images | None = None
    native: dict[str, Text] = Field(default_factory=dict)


class _Prompt(_Checked):
    name: Text
    version: int = Field(ge=1)


class _Decoding(_Checked):
    max_new_tokens: int = Field(ge=1, le=8192)


class _Oracle(_Checked):
    value: float
    tolerance: float = Field(ge=0)


def _exact(value: object) -> object:
    """A bare number means that number, up to rounding."""
    return {"value": value, "tolerance": 1e-9} if isinstance(value, int | float) else value


class _TaskFile(_Checked):
    name: Text
    title: Text
    kind: Kind
    version: int = Field(ge=1)
    groups: list[str] = Field(default_factory=list)
    source: _Source
    prompt: _Prompt
    decoding: _Decoding
    parser: Text
    metrics: list[Text] = Field(min_length=1)
    primary: Text
    oracle: dict[str, Annotated[_Oracle, BeforeValidator(_exact)]] = Field(default_factory=dict)
    ceilings: dict[str, dict[str, Annotated[_Oracle, BeforeValidator(_exact)]]] = Field(default_factory=dict)
    needs: Text | None = None
    bundled: Text | None = None
    notes: list[Text] = Field(default_factory=list)


def read_task(path: Path, shown: str | None = None) -> TaskSpec:
    """The task in the YAML file at ``path``.

    Args:
        path: the file.
        shown: how messages call it; its path by default.

    Raises:
        UsageError: it is no YAML, or says something that cannot be.
        EnvironmentError_: it cannot be read.
    """
    shown = shown or str(path)
    try:
        content = yaml.safe_load(path.read_bytes())
    except OSError as problem:
        raise EnvironmentError_(f"{shown}: cannot be read ({problem.strerror or problem})") from problem
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise UsageError(f"{shown}: not valid YAML ({' '.join(str(problem).split())[:160]})") from problem
    if not isinstance(content, dict):
        raise UsageError(f"{shown}: a task file is a mapping with name, title, kind …")
    try:
        file = _TaskFile.model_validate(content)
    except ValidationError as problem:
        raise UsageError(f"{shown}: {_first_problem(problem)}") from None
    _check_names(file, shown)
    return _spec(file)


def _spec(file: _TaskFile) -> TaskSpec:
    source = file.source
    return TaskSpec(
        name=file.name,
        title=file.title,
        kind=file.kind,
        version=file.version,
        groups=tuple(file.groups),
        source=SourceSpec(
            schema=source.table_schema,
            split=source.split,
            checked=source.checked.isoformat(),
            hub=source.hub,
            config=source.config,
            where=source.where,
            files=source.files,
            images=ImageTable(**source.images.model_dump()) if source.images else None,
            native=source.native,
        ),
        prompt=file.prompt.name,
        prompt_version=file.prompt.version,
        decoding=Decoding(max_new_tokens=file.decoding.max_new_tokens),
        parser=file.parser,
        metrics=tuple(file.metrics),
        primary=file.primary,
        oracle=_oracle(file.oracle),
        ceilings={dialect: _oracle(values) for dialect, values in file.ceilings.items()},
        needs=file.needs,
        bundled=file.bundled,
        notes=tuple(file.notes),
    )


def _oracle(values: Mapping[str, _Oracle]) -> dict[str, OracleValue]:
    return {name: OracleValue(**value.model_dump()) for name, value in values.items()}


def _check_names(file: _TaskFile, shown: str) -> None:
    """Every name of a registered part exists."""
    _known("schema", file.source.table_schema, SCHEMAS.names(), f"{shown}: source.schema")
    for index, group in enumerate(file.groups):
        _known("group", group, GROUPS, f"{shown}: groups[{index}]")
    _known("prompt", file.prompt.name, PROMPTS, f"{shown}: prompt.name")
    current = PROMPTS[file.prompt.name].version
    if file.prompt.version != current:
        raise UsageError(
            f"{shown}: prompt.version: {file.prompt.name!r} has version {current}, not {file.prompt.version}"
        )
    _known("parser", file.parser, (BOX_PARSER, *ANSWER_PARSERS.names()), f"{shown}: parser")
    for index, metric in enumerate(file.metrics):
        _known("metric", metric, METRICS.names(), f"{shown}: metrics[{index}]")
    values = [info.name for metric in file.metrics for info in METRICS.get(metric).infos]
    _known("value", file.primary, values, f"{shown}: primary")
    for name in file.oracle:
        _known("value", name, values, f"{shown}: oracle")
    for dialect, ceilings in file.ceilings.items():
        _known("dialect", dialect, DIALECTS.names(), f"{shown}: ceilings")
        for name in ceilings:
            _known("value", name, values, f"{shown}: ceilings.{dialect}")
    if (problem := _source_problem(file.source)) is not None:
        raise UsageError(f"{shown}: source: {problem}")


def _source_problem(source: _Source) -> str | None:
    if source.hub is None and not source.native:
        return "give hub, or native where no script-free copy exists"
    if source.native and SCHEMAS.get(source.table_schema).native is None:
        return f"schema {source.table_schema!r} has no reader of native files"
    return None


def _known(kind: str, name: str, known: Iterable[str], where: str) -> None:
    names = tuple(known)
    if name in names:
        return
    close = nearest(name, names)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(names)}"
    raise UsageError(f"{where}: {name!r} is unknown; {hint}")


def _first_problem(problem: ValidationError) -> str:
    """Path, what is wrong and the nearest valid name. A misspelt key comes before the one it leaves missing."""
    errors = problem.errors(include_url=False)
    error = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    where, kind = _dotted(error["loc"]), error["type"]
    if kind == "extra_forbidden":
        valid = _keys_beside(error["loc"])
        close = nearest(str(error["loc"][-1]), valid)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"valid here: {', '.join(valid)}"
        return f"{where}: unknown key; {hint}"
    if kind == "missing":
        return f"{where}: this key is missing"
    if kind == "literal_error":
        close = nearest(str(error["input"]), _quoted(error["ctx"]["expected"]))
        hint = f"; did you mean {close[0]!r}?" if close else f"; expected {error['ctx']['expected']}"
        return f"{where}: {error['input']!r} is unknown{hint}"
    return f"{where}: {error['msg']}, got {_short(error['input'])}"


_MODELS: dict[tuple[str, ...], type[_Checked]] = {
    (): _TaskFile,
    ("source",): _Source,
    ("source", "images"): _Images,
    ("prompt",): _Prompt,
    ("decoding",): _Decoding,
}


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    parent = tuple(str(part) for part in location[:-1])
    model = _MODELS.get(parent, _Oracle)
    return [field.alias or name for name, field in model.model_fields.items()]


def _dotted(location: tuple[int | str, ...]) -> str:
    """``("metrics", 0)`` → ``metrics[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _quoted(expected: str) -> list[str]:
    """The names in pydantic's ``'a', 'b' or 'c'``."""
    return expected.split("'")[1::2]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
