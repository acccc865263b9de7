"""What one command asks for, resolved and checked before anything heavy happens."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.units import parse_duration
from argus_eval.errors import UnknownNameError, UsageError

__all__ = [
    "DEFAULT_BUDGET_S",
    "REGIMES",
    "SETTINGS",
    "RunConfig",
    "config_from_manifest",
    "parse_assignments",
    "parse_budget",
    "parse_regime",
    "parse_settings",
    "split_names",
]

DEFAULT_BUDGET_S = 600.0

#: Cache states under which latency is measured (MEASUREMENT §6); the first is the headline.
REGIMES = ("cold-image", "warm-image", "warm-prefix", "cold-process")

#: ``--set`` keys → (type, what it means). They are part of the run's identity.
SETTINGS: dict[str, tuple[type, str]] = {
    "seed": (int, "seed of schedules, bootstraps and random weights (0)"),
    "workload.images": (int, "images the latency workload is drawn from (96)"),
    "latency.tokens": (int, "output tokens of the long latency pass (64)"),
    "detection.token_scores": (int, "1: AP ranks boxes by the probability of the tokens of their numbers (0)"),
    "host.images": (int, "images of the host pass (66)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """One run as it was asked for.

    Attributes:
        models: what followed ``--model``, in order.
        tasks: task names, groups already expanded.
        recipes: text of ``--recipes``; ``None`` for the default arms.
        weights: model → checkpoint ("" stands for every model).
        data: task → source ("" stands for every task).
        strict_data: never fall back to the bundled sample.
        limit: samples a task; ``None`` for all. samples: keys of the only ones to take; empty for all.
        budget_s: wall time of all efficiency measurement.
        accuracy: run the accuracy pass. efficiency: run the efficiency passes. quick: smoke test, no claims.
        device: "auto", "cpu", "cuda". dtype: ``None`` for the checkpoint's.
        batch_size: of the accuracy pass. dialect: overrides the model card's.
        runs_dir: where runs are kept. fresh: start another run even if this one exists.
        settings: ``--set`` values.
        regime: cache state under which latency is measured.
        workload: folder of images to measure speed on; ``None`` for the tasks' own.
    """

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    recipes: str | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    strict_data: bool = False
    limit: int | None = None
    samples: tuple[str, ...] = ()
    budget_s: float = DEFAULT_BUDGET_S
    accuracy: bool = True
    efficiency: bool = True
    quick: bool = False
    device: str = "auto"
    dtype: str | None = None
    batch_size: int = 8
    dialect: str | None = None
    runs_dir: pathlib.Path = pathlib.Path("runs")
    fresh: bool = False
    settings: Mapping[str, int] = field(default_factory=dict)
    regime: str = REGIMES[0]
    workload: str | None = None

    @property
    def in_ci(self) -> bool:
        """A CI system runs us: nothing may silently fall back to synthetic data."""
        return bool(os.environ.get("CI"))

    def setting(self, name: str, default: int) -> int:
        """A ``--set`` value or its default."""
        return self.settings.get(name, default)

    def identity(self) -> dict[str, object]:
        """What makes two commands the same run; where results are kept and ``--fresh`` do not."""
        return {
            "models": list(self.models),
            "tasks": list(self.tasks),
            "recipes": self.recipes,
            "weights": {name: _content_of(value) for name, value in self.weights.items()},
            "data": {name: _content_of(value) for name, value in self.data.items()},
            "strict_data": self.strict_data,
            "limit": self.limit,
            # Absent where it says nothing, so that runs from before it existed keep their name.
            **({"samples": list(self.samples)} if self.samples else {}),
            "budget_s": self.budget_s,
            "accuracy": self.accuracy,
            "efficiency": self.efficiency,
            "quick": self.quick,
            "device": self.device,
            "dtype": self.dtype,
            "batch_size": self.batch_size,
            "dialect": self.dialect,
            "settings": dict(self.settings),
            "regime": self.regime,
            "workload": None if self.workload is None else _content_of(self.workload),
        }

    def run_name(self) -> str:
        """Folder name: readable, and the same for the same command."""
        models = "+".join(_in_a_path(name) for name in self.models)[:60]
        tasks = "+".join(_in_a_path(pathlib.Path(name).stem) for name in self.tasks)
        digest = fingerprint(self.identity()).removeprefix("sha256:")[:8]
        return f"{models}--{tasks[:60]}--{digest}"


def _in_a_path(name: str) -> str:
    return re.sub(r"[^\w.+\[\]-]", "-", name)


def _content_of(value: str) -> str:
    """A local path as an absolute one, so that the same name elsewhere is another run."""
    path = pathlib.Path(value)
    return str(path.resolve()) if path.exists() else value


def split_names(text: str, flag: str) -> tuple[str, ...]:
    """Names of a comma-separated list.

    Raises:
        UsageError: the list is empty or has an empty place.
    """
    names = [part.strip() for part in text.split(",")]
    if not text.strip() or not all(names):
        raise UsageError(f"{flag} {text!r}: expected names separated by single commas")
    return tuple(dict.fromkeys(names))


def parse_assignments(values: Sequence[str], flag: str, known: Sequence[str]) -> dict[str, str]:
    """``[NAME=]VALUE`` items to a mapping; a bare value is filed under "".

    A ``=`` counts only after a known name, so that paths may contain it.

    Raises:
        UsageError: a name is given twice, or looks like one and is not known.
    """
    found: dict[str, str] = {}
    for item in values:
        name, equals, value = item.partition("=")
        if not equals:
            name, value = "", item
        elif name not in known:
            if "/" in name or pathlib.Path(item).exists():
                name, value = "", item
            else:
                raise UnknownNameError(flag.removeprefix("--") + " target", name, known, where=f"{flag} {item}")
        if not value:
            raise UsageError(f"{flag} {item!r}: the value is empty")
        if name in found:
            raise UsageError(f"{flag}: {name or 'the default'} is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found


def parse_settings(values: Sequence[str]) -> dict[str, int]:
    """``--set key=value`` items, checked against :data:`SETTINGS`.

    Raises:
        UnknownNameError: no such key.
        UsageError: the value has the wrong type.
    """
    found: dict[str, int] = {}
    for item in values:
        name, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"--set {item!r}: expected KEY=VALUE")
        if name not in SETTINGS:
            raise UnknownNameError("setting", name, SETTINGS, where="--set")
        try:
            number = int(value)
        except ValueError:
            raise UsageError(f"--set {item}: expected a whole number, got {value!r}") from None
        if number < 0 or (number == 0 and name != "seed"):
            raise UsageError(f"--set {item}: expected a positive number, got {number}")
        found[name] = number
    return found


def parse_budget(text: str) -> float:
    """Seconds of ``--budget``.

    Raises:
        UsageError: not a positive duration.
    """
    try:
        return parse_duration(text)
    except ValueError:
        raise UsageError(f"--budget {text!r}: expected a duration such as 90s, 10m or 1h") from None


def parse_regime(text: str) -> str:
    """A cache regime by its name.

    Raises:
        UnknownNameError: no such regime.
    """
    if text not in REGIMES:
        raise UnknownNameError("regime", text, REGIMES, where="--regime")
    return text


def config_from_manifest(manifest: Mapping[str, object]) -> RunConfig:
    """The configuration a run was made with, for making its plan again.

    Raises:
        UsageError: the manifest holds none.
    """
    from argus_eval.core.codec import from_json

    config = manifest.get("config")
    if not isinstance(config, dict):
        raise UsageError("manifest: config is missing")
    try:
        return from_json(RunConfig, {**config, "fresh": False}, "manifest.config")
    except ValueError as problem:
        raise UsageError(str(problem)) from problem
