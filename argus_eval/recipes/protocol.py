"""What a recipe declares and does.

A recipe is data (:class:`RecipeInfo`) and one function ``apply(pipeline) -> pipeline``. The data is readable
without torch, so that listings, help and impossible sets cost nothing; the function returns a *new* pipeline and
leaves the one it was given as it was.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from argus_eval.core.loss_class import LossClass

if TYPE_CHECKING:
    from argus_eval.pipeline.pipeline import Pipeline

__all__ = ["COLD_IMAGE", "Recipe", "RecipeInfo", "Scope", "Target"]

#: "pipeline": arms with and without it can live side by side; "process": whole processes must alternate.
Scope = Literal["pipeline", "process"]

#: The regime that everything but a cache is measured in.
COLD_IMAGE = "cold-image"
#: Backends that start a server for each arm.
_STARTED_SERVERS = ("vllm",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a set of recipes is asked to work on, known before any weight is loaded.

    Attributes:
        model: registry name, for messages.
        family: the model card's family.
        staged: the family has a staged pipeline.
        backend: "transformers", "oracle" …
        device: "cpu", "cuda" …
        regime: cache state that latency is measured in.
    """

    model: str
    family: str
    staged: bool
    backend: str
    device: str
    regime: str = COLD_IMAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeInfo:
    """What one recipe is.

    Attributes:
        name: as written in ``--recipes``.
        summary: one line: the bottleneck it removes.
        parts: pipeline parts it replaces or wraps.
        scope: whether arms with and without it can share a process.
        loss_class: what it may change.
        order: recipes are applied by ascending order; those that replace the source of data come first.
        families: families it is written for; empty means every family (every staged one where ``staged``).
        devices: device kinds it works on; empty means all.
        libraries: importable modules of which it needs one; empty means none beyond torch and torchvision.
        conflicts: recipes it cannot be combined with; naming the other in one of the two is enough.
        staged: it replaces parts that only a staged pipeline has.
        alone: it stands for a whole arm and is combined with nothing (``baseline@pil``).
        regime: what its effect is named after; any warm regime will do, in a cold one a cache would measure
            nothing but repeated images.
        condition: why it cannot work on a target, where the fields above do not say it.
        serving: server → arguments that do the same there; ``None`` where it is not applicable or the server
            does it anyway; a server that is not named has no such argument.
    """

    name: str
    summary: str
    parts: frozenset[str]
    scope: Scope
    loss_class: LossClass
    order: int
    families: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()
    conflicts: frozenset[str] = frozenset()
    staged: bool = True
    alone: bool = False
    regime: str = COLD_IMAGE
    condition: Callable[[Target], str | None] | None = None
    serving: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def needs(self) -> str:
        """What has to be there, in words; empty for nothing."""
        wanted = [f"device {' or '.join(sorted(self.devices))}"] if self.devices else []
        if self.libraries:
            wanted.append(" or ".join(sorted(self.libraries)))
        return ", ".join(wanted)

    def obstacle(self, target: Target) -> str | None:
        """Why it cannot work on ``target``; ``None`` if it can."""
        if target.backend in _STARTED_SERVERS:
            return self._obstacle_on_server(target)
        if target.backend != "transformers":
            return f"recipe {self.name!r} changes a local pipeline; the {target.backend} backend has none"
        if self.staged and not target.staged:
            return f"recipe {self.name!r} needs a staged pipeline; {target.model} runs through the generic one"
        if self.families and target.family not in self.families:
            written_for = ", ".join(sorted(self.families))
            return f"recipe {self.name!r} is written for {written_for}; {target.model} is {target.family}"
        if self.devices and target.device not in self.devices:
            return f"recipe {self.name!r} works on {', '.join(sorted(self.devices))}, not on {target.device}"
        if self.libraries and not any(importlib.util.find_spec(name) for name in self.libraries):
            return f"recipe {self.name!r} needs {' or '.join(sorted(self.libraries))}; install one"
        if self._needs_warmth(target):
            return f"recipe {self.name!r} is measured in the {self.regime} regime; add --regime {self.regime}"
        return self.condition(target) if self.condition is not None else None

    def _needs_warmth(self, target: Target) -> bool:
        return self.regime != COLD_IMAGE and not target.regime.startswith("warm-")

    def _obstacle_on_server(self, target: Target) -> str | None:
        """The same for servers that we start: what counts is whether there is an argument that does it there."""
        if self.serving.get(target.backend) is None:
            why = "does it anyway or has no such part" if target.backend in self.serving else "has no form of it"
            return f"recipe {self.name!r} is not applicable here: {target.backend} {why}"
        if self.families and target.family not in self.families:
            return f"recipe {self.name!r} is written for {', '.join(sorted(self.families))}, not {target.family}"
        if self.devices and target.device not in self.devices:
            return f"recipe {self.name!r} works on {', '.join(sorted(self.devices))}, not on {target.device}"
        if self._needs_warmth(target):
            return f"recipe {self.name!r} is measured in the {self.regime} regime; add --regime {self.regime}"
        return None


class Recipe(Protocol):
    """A module of this package: ``INFO`` and ``apply``."""

    INFO: RecipeInfo

    def apply(self, pipeline: Pipeline) -> Pipeline:
        """A new pipeline with the recipe's parts in place."""
        ...
