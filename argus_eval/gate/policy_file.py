"""Policy files: YAML to :class:`Policy`, checked once, here.

A wrong key or value is a :class:`UsageError` that names the file, the path in it and the nearest valid name.
"""

from __future__ import annotations

import pathlib
import typing
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from argus_eval.errors import UsageError, nearest
from argus_eval.gate.policy import (
    DEFAULT_POLICY,
    EVERYTHING,
    AccuracyRule,
    Extension,
    FlipRule,
    LatencyMetric,
    LatencyRule,
    MemoryBudget,
    Over,
    Policy,
    Validity,
)
from argus_eval.stats.preservation import Margin
from argus_eval.tasks.catalog import group_names, task_names

__all__ = ["check_task_names", "read_policy"]

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Names = Text | Annotated[list[Text], Field(min_length=1)]


class _Checked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Accuracy(_Checked):
    task: Text | None = None
    group: Names | None = None
    guards: Names | None = None
    margin: Annotated[float, Field(ge=0, lt=1)] | None = None
    keep: Annotated[float, Field(gt=0, le=1)] | None = None
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    minimum_pairs: Annotated[int, Field(ge=0)] = 0


class _Flips(_Checked):
    tasks: Names = "all"
    at_most: Share
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95


class _Latency(_Checked):
    metric: LatencyMetric
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    speedup_at_least: Annotated[float, Field(gt=0)] | None = None
    at_most_s: Annotated[float, Field(gt=0)] | None = None


class _Memory(_Checked):
    kind: Literal["host", "device", "device_reserved"]
    at_most_bytes: Annotated[int, Field(gt=0)] | None = None
    at_most_ratio: Annotated[float, Field(gt=0)] | None = None


class _Validity(_Checked):
    allow_synthetic: bool | Text = False
    errors_at_most: Share = Validity().errors_at_most
    unparsed_at_most: Share | None = None
    complete: bool = True
    interleaving: Literal["required", "optional"] = "required"
    noise_at_most: Annotated[float, Field(gt=0)] = Validity().noise_at_most
    fingerprints: dict[str, Text] = Field(default_factory=dict)


class _Extension(_Checked):
    first: Annotated[float, Field(gt=0, lt=1)] = Extension().first
    seed: int = 0


class _PolicyFile(_Checked):
    version: Literal[1] = 1
    accuracy: list[_Accuracy] | None = None
    flips: list[_Flips] = Field(default_factory=list)
    latency: list[_Latency] = Field(default_factory=list)
    memory: list[_Memory] = Field(default_factory=list)
    validity: _Validity = Field(default_factory=_Validity)
    extension: _Extension | None = None
    inconclusive: Literal["fail", "warn"] = "fail"


def read_policy(path: pathlib.Path) -> Policy:
    """The policy in a YAML file; without ``accuracy`` it has the default policy's accuracy rules.

    Raises:
        UsageError: the file cannot be read, or something in it is wrong.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: policy cannot be read: {problem}") from problem
    except yaml.YAMLError as problem:
        raise UsageError(f"{path}: not YAML: {' '.join(str(problem).split())}") from problem
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected keys such as accuracy and validity, got {type(data).__name__}")
    try:
        file = _PolicyFile.model_validate(data)
    except ValidationError as problem:
        raise UsageError(f"{path}: {_first_problem(problem)}") from problem
    return _policy(file, str(path))


def check_task_names(policy: Policy, present: Iterable[str]) -> None:
    """Refuse a name that neither the catalogue nor the run knows: most likely a typo.

    Args:
        policy: the policy.
        present: task names of the run, without the mark of synthetic data.

    Raises:
        UsageError: with the nearest known names.
    """
    known = {*present, *task_names(), *group_names()}
    places = [(f"accuracy[{index}]", name) for index, rule in enumerate(policy.accuracy) for name in rule.tasks]
    places += [(f"flips[{index}]", name) for index, rule in enumerate(policy.flips) for name in rule.tasks]
    places += [("validity.fingerprints", name) for name in policy.validity.fingerprints]
    for where, name in places:
        if name not in known:
            close = nearest(name, known)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else "; see `argus-eval list tasks`"
            raise UsageError(f"{policy.name}: {where}: task {name!r} is unknown{hint}")


def _policy(file: _PolicyFile, name: str) -> Policy:
    rules = DEFAULT_POLICY.accuracy
    if file.accuracy is not None:
        rules = tuple(_accuracy(rule, f"{name}: accuracy[{i}]") for i, rule in enumerate(file.accuracy))
    allowed = file.validity.allow_synthetic
    values = file.validity.model_dump() | {
        "allow_synthetic": "allowed by the policy" if allowed is True else (allowed or "")
    }
    if file.accuracy == [] and not (file.flips or file.latency or file.memory):
        raise UsageError(f"{name}: no rule at all: such a gate could only pass")
    return Policy(
        name=name,
        accuracy=rules,
        flips=tuple(
            FlipRule(tasks=_names(rule.tasks), at_most=rule.at_most, confidence=rule.confidence)
            for rule in file.flips
        ),
        latency=tuple(_latency(rule, f"{name}: latency[{i}]") for i, rule in enumerate(file.latency)),
        memory=tuple(_memory(rule, f"{name}: memory[{i}]") for i, rule in enumerate(file.memory)),
        validity=Validity(**values),
        extension=None if file.extension is None else Extension(**file.extension.model_dump()),
        inconclusive=file.inconclusive,
    )


def _accuracy(rule: _Accuracy, where: str) -> AccuracyRule:
    given = {Over.TASK: rule.task, Over.GROUP: rule.group, Over.GUARDS: rule.guards}
    named = [(over, value) for over, value in given.items() if value is not None]
    if len(named) != 1:
        raise UsageError(f"{where}: give exactly one of task, group and guards")
    over, value = named[0]
    if rule.margin is None and rule.keep is None:
        raise UsageError(f"{where}: give margin (0.01 is one point) or keep (0.99 keeps 99 %)")
    tasks = _names(value)
    if over is Over.TASK and tasks == EVERYTHING:
        raise UsageError(f"{where}.task: 'all' is a group; write group: all or guards: all")
    return AccuracyRule(
        over=over,
        tasks=tasks,
        margin=Margin(absolute=rule.margin or 0.0, keep=1.0 if rule.keep is None else rule.keep),
        confidence=rule.confidence,
        minimum_pairs=rule.minimum_pairs,
    )


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def _latency(rule: _Latency, where: str) -> LatencyRule:
    if (rule.speedup_at_least is None) == (rule.at_most_s is None):
        raise UsageError(f"{where}: give exactly one of speedup_at_least and at_most_s")
    if rule.at_most_s is not None and rule.quantile is None:
        raise UsageError(f"{where}: at_most_s needs a quantile, such as 0.5 or 0.9")
    return LatencyRule(**rule.model_dump())


def _memory(rule: _Memory, where: str) -> MemoryBudget:
    if (rule.at_most_bytes is None) == (rule.at_most_ratio is None):
        raise UsageError(f"{where}: give exactly one of at_most_bytes and at_most_ratio")
    return MemoryBudget(**rule.model_dump())


def _first_problem(problem: ValidationError) -> str:
    """Path, what is wrong and the nearest valid name. A misspelt key comes before the one it leaves missing."""
    errors = problem.errors(include_url=False)
    error = next((error for error in errors if error["type"] == "extra_forbidden"), errors[0])
    # Where a value may have several types pydantic adds the type to the path, which is nobody's key.
    location = tuple(step for step in error["loc"] if isinstance(step, int) or _is_key(step))
    where, kind = _dotted(location), error["type"]
    if kind == "extra_forbidden":
        valid = _keys_beside(error["loc"])
        close = nearest(str(error["loc"][-1]), valid)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"valid here: {', '.join(valid)}"
        return f"{_dotted(error['loc'])}: unknown key; {hint}"
    if kind == "missing":
        return f"{where}: this key is missing"
    if kind == "literal_error":
        expected = str(error["ctx"]["expected"])
        close = nearest(str(error["input"]), expected.split("'")[1::2])
        hint = f"; did you mean {close[0]!r}?" if close else f"; expected {expected}"
        return f"{where}: {error['input']!r} is unknown{hint}"
    return f"{where}: {error['msg']}, got {error['input']!r:.60}"


def _is_key(step: str) -> bool:
    return not (step.startswith(("constrained", "list[", "function")) or step in ("str", "bool", "float", "int"))


def _keys_beside(location: tuple[int | str, ...]) -> list[str]:
    """Valid keys of the mapping that a location lies in."""
    model: Any = _PolicyFile
    for step in location[:-1]:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation)
    return list(model.model_fields)


def _model_in(annotation: Any) -> Any:
    """The model inside ``list[Model]`` or ``Model | None``."""
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    return _model_in(parts[0]) if parts else annotation


def _dotted(location: tuple[int | str, ...]) -> str:
    """``("accuracy", 0, "task")`` → ``accuracy[0].task``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")
