"""From what follows ``--model`` to facts about it, and from the facts to a backend."""

from __future__ import annotations

import pathlib
from typing import Literal

from argus_eval.backends.forms import FORMS
from argus_eval.backends.protocol import Backend, ModelFacts
from argus_eval.errors import UnknownNameError, UsageError
from argus_eval.models.cards import ModelCard

__all__ = ["load_backend", "model_facts", "resolve_device"]


# Larger random models keep their card's dtype: four bytes a weight would not leave room to run them.
_MOST_FLOAT32_BYTES = 12e9


def model_facts(name: str, *, weights: str | None, device: str, dialect: str | None) -> ModelFacts:
    """What is known of a model without loading it.

    Args:
        name: what was typed.
        weights: checkpoint for it: a path, a hub id, "random", or ``None`` for its default.
        device: "auto", "cpu" or "cuda".
        dialect: overrides the card's.

    Raises:
        UnknownNameError: no such model or dialect.
        UsageError: the checkpoint's path does not exist, or the form is wrong.
    """
    kind, colon, rest = name.partition(":")
    if kind == "oracle":
        return _oracle_facts(name, rest or None, dialect)
    if kind == "replay":
        if not rest:
            raise UsageError("--model replay: expected replay:RUN, the path or id of a run")
        return _plain_facts(name, "replay", dialect)
    if kind == "openai":
        from argus_eval.backends.served_models import openai_facts

        return openai_facts(name, weights, dialect)
    if kind == "vllm":
        from argus_eval.backends.served_models import vllm_facts

        return vllm_facts(name, weights, resolve_device(device), dialect)
    if kind == "lmms":
        from argus_eval.backends.lmms.naming import lmms_facts

        return lmms_facts(name, weights, resolve_device(device), dialect)
    if colon and kind != "hf":
        raise UnknownNameError("model form", f"{kind}:", [form.partition(":")[0] + ":" for form in FORMS])
    return _local_facts(name, weights, device, dialect)


def _oracle_facts(name: str, typed: str | None, dialect: str | None) -> ModelFacts:
    from argus_eval.backends.oracle import DEFAULT_DIALECT
    from argus_eval.parsing.dialects import DIALECTS

    chosen = dialect or typed or DEFAULT_DIALECT
    if chosen not in DIALECTS:
        raise UnknownNameError("dialect", chosen, DIALECTS, where="--model oracle")
    return _plain_facts(name, "oracle", chosen)


def _plain_facts(name: str, backend: str, dialect: str | None) -> ModelFacts:
    return ModelFacts(
        name=name,
        backend=backend,
        family=backend,
        staged=False,
        dialect=dialect,
        capabilities=None,
        weights="none",
        label=name,
        measures_speed=False,
        device="",
    )


def _local_facts(name: str, weights: str | None, device: str, dialect: str | None) -> ModelFacts:
    card = _card(name)
    if dialect is not None:
        from argus_eval.parsing.dialects import DIALECTS

        if dialect not in DIALECTS:
            raise UnknownNameError("dialect", dialect, DIALECTS, where="--dialect")
    kind = _weights_kind(card, weights)
    return ModelFacts(
        name=name,
        backend="transformers",
        family=card.family,
        staged=card.pipeline == "staged",
        dialect=dialect or card.dialect,
        capabilities=frozenset(card.capabilities),
        weights=kind,
        label=_label(name, kind, card.assumed),
        measures_speed=True,
        device=resolve_device(device),
        parameters=card.parameters,
    )


def _card(name: str) -> ModelCard:
    """The model's card; registry names are looked up without importing torch."""
    if name.startswith("hf:"):
        from argus_eval.models.checkpoints import find_checkpoint

        # What is not there is refused before the seconds that torch takes to import.
        find_checkpoint(name.removeprefix("hf:"))
        from argus_eval.models.load import card_for

        return card_for(name)
    from argus_eval.models.catalog import model_card

    return model_card(name)


def _weights_kind(card: ModelCard, weights: str | None) -> Literal["trained", "random"]:
    """What would be loaded; a checkpoint that cannot be had is found out here, before anything else is done."""
    if weights == "random":
        return "random"
    if weights is None and card.weights == "random":
        return "random"
    from argus_eval.models.checkpoints import find_checkpoint, shipped_checkpoint

    if weights is not None:
        find_checkpoint(weights)
    elif card.weights == "shipped":
        return "trained" if shipped_checkpoint(card.name) is not None else "random"
    elif card.hub_id is not None:
        find_checkpoint(card.hub_id, card.revision)
    return "trained"


def _label(name: str, weights: str, assumed: bool) -> str:
    if weights != "random":
        return name
    return f"{name} (random weights{', assumed architecture' if assumed else ''})"


def resolve_device(device: str) -> str:
    """The device kind "auto" stands for on this machine, found without importing torch.

    Raises:
        UsageError: not a device kind.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {device!r}: expected auto, cpu or cuda")
    if device != "auto":
        return device
    return "cuda" if pathlib.Path("/dev/nvidiactl").exists() else "cpu"


def load_backend(
    facts: ModelFacts,
    *,
    weights: str | None,
    dtype: str | None,
    runs_dir: pathlib.Path,
    seed: int,
    folder: pathlib.Path | None = None,
    timed: bool = False,
) -> Backend:
    """The model itself.

    Args:
        facts: of :func:`model_facts`.
        weights: checkpoint, as there.
        dtype: of the weights; ``None`` for the checkpoint's.
        runs_dir: where runs are kept.
        seed: of random weights.
        timed: speed will be measured: what the A/A twin needs is made ready as well.
        folder: of the run, for logs of servers and the like; ``runs_dir`` where there is no run.

    Raises:
        UsageError: a checkpoint or run does not exist or cannot be read.
        EnvironmentError_: a published checkpoint cannot be reached.
    """
    if facts.backend == "oracle":
        from argus_eval.backends.oracle import OracleBackend

        assert facts.dialect is not None
        return OracleBackend(facts.dialect)
    if facts.backend == "lmms":
        from argus_eval.backends.lmms.calling import LmmsBackend
        from argus_eval.backends.lmms.naming import parse_model

        return LmmsBackend(facts, parse_model(facts.name, weights))
    if facts.backend == "replay":
        from argus_eval.backends.replay import ReplayBackend

        return ReplayBackend(facts.name.partition(":")[2], runs_dir)
    if facts.backend == "openai":
        from argus_eval.backends.served_models import load_openai

        return load_openai(facts)
    if facts.backend == "vllm":
        from argus_eval.backends.served_models import load_vllm

        servers = (folder or runs_dir) / "servers"
        return load_vllm(facts, weights=weights, dtype=dtype, folder=servers, seed=seed, timed=timed)
    from argus_eval.backends.transformers_local import LocalBackend
    from argus_eval.models.load import LoadedModel, load_model

    card = _card(facts.name)
    if facts.weights == "random":
        weights = "random"
        # Random weights have no checkpoint to take a dtype from. Most CPUs multiply bfloat16 several times slower
        # than float32, which would measure the emulation, not the model.
        fits = (facts.parameters or 0) * 4 <= _MOST_FLOAT32_BYTES
        dtype = dtype or ("float32" if facts.device == "cpu" and fits else None)

    def load() -> LoadedModel:
        return load_model(card, weights, dtype=dtype, device=facts.device, seed=seed)

    return LocalBackend(load(), card.family, load)
