"""What is known of a model on a server before it is asked anything: ``openai:NAME@URL`` and ``vllm:DIR_OR_ID``."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence

from argus_eval.backends.protocol import Backend, ModelFacts
from argus_eval.errors import EnvironmentError_, IncompatibleError, UnknownNameError, UsageError
from argus_eval.models.cards import ModelCard

__all__ = ["load_openai", "load_vllm", "openai_facts", "server_arguments", "vllm_facts"]

#: What a process that measures one arm for a run is started as.
_MEASURING_PROCESS = "argus_eval.engine.worker"


def openai_facts(name: str, weights: str | None, dialect: str | None) -> ModelFacts:
    """Facts of ``openai:NAME@URL``: those of the catalog where the server's name for it is known there.

    Raises:
        UsageError: no ``NAME@URL``, or ``--weights`` with anything but "random", which only declares them.
        UnknownNameError: no such dialect.
    """
    from argus_eval.backends.openai.address import parse_address

    address = parse_address(name.partition(":")[2])
    if weights not in (None, "random"):
        raise UsageError(f"--weights {weights}: {name} is served already; only 'random' can be declared about it")
    _check_dialect(dialect)
    card = _card_of_served(address.model)
    return ModelFacts(
        name=name,
        backend="openai",
        family=card.family if card is not None else "served",
        staged=False,
        dialect=dialect or (card.dialect if card is not None else None),
        capabilities=frozenset(card.capabilities) if card is not None else None,
        weights="random" if weights == "random" else "trained",
        label=f"{name} (random weights)" if weights == "random" else name,
        measures_speed=True,
        device="",
    )


def vllm_facts(name: str, weights: str | None, device: str, dialect: str | None) -> ModelFacts:
    """Facts of ``vllm:DIR_OR_ID``, where the id may be a registry name.

    Raises:
        UsageError: no checkpoint there.
        UnknownNameError: no such dialect.
        IncompatibleError: vLLM cannot serve the family.
        EnvironmentError_: a hub id that cannot be reached.
    """
    _check_dialect(dialect)
    card = _vllm_card(name)
    if weights != "random" or not _is_registered(name):
        _checkpoint_folder(name, weights)
    if card.family == "argus":
        raise IncompatibleError(f"--model {name}: vLLM has no implementation of the argus family")
    return ModelFacts(
        name=name,
        backend="vllm",
        family=card.family,
        staged=False,
        dialect=dialect or card.dialect,
        capabilities=frozenset(card.capabilities),
        weights="random" if weights == "random" else "trained",
        label=f"{name} (random weights)" if weights == "random" else name,
        measures_speed=True,
        device=device,
        parameters=card.parameters,
    )


def load_openai(facts: ModelFacts) -> Backend:
    """A connection to the server.

    Raises:
        ServerGone: nobody answers there.
        UnknownNameError: the server has no such model.
    """
    from argus_eval.backends.openai.backend import OpenAIBackend

    _refuse_measuring_process()
    return OpenAIBackend(
        facts.name.partition(":")[2], keep_special_tokens=facts.dialect is not None, weights=facts.weights
    )


def load_vllm(
    facts: ModelFacts, *, weights: str | None, dtype: str | None, folder: pathlib.Path, seed: int, timed: bool
) -> Backend:
    """The servers of a model; those of the baseline and, where speed will be measured, of its twin are started.

    Raises:
        UsageError: the checkpoint is not there, or no Python with vLLM.
        EnvironmentError_: a hub id that cannot be reached, or the baseline's server does not start.
    """
    from argus_eval.backends.serve.backend import ServerSettings, VllmBackend
    from argus_eval.backends.serve.command import server_python

    _refuse_measuring_process()
    python = server_python(None)
    if facts.weights == "random" and _is_registered(facts.name):
        checkpoint = _random_checkpoint(facts.name, dtype, folder, seed)
    else:
        checkpoint = _checkpoint_folder(facts.name, weights)
    settings = ServerSettings(
        checkpoint=str(checkpoint),
        python=python,
        device=facts.device,
        dtype=dtype,
        weights=facts.weights,
        keep_special_tokens=facts.dialect is not None,
        folder=folder,
        timed=timed,
    )
    return VllmBackend(settings, server_arguments)


def server_arguments(recipes: Sequence[str], server: str = "vllm") -> tuple[str, ...]:
    """Arguments of a server with these recipes, in their order.

    Raises:
        IncompatibleError: one of them has no form for that server.
    """
    from argus_eval.recipes.catalog import RECIPES

    found: list[str] = []
    for name in recipes:
        arguments = RECIPES.get(name).INFO.serving.get(server)
        if not arguments:
            raise IncompatibleError(f"recipe {name!r} is not applicable to {server}")
        found.extend(arguments)
    return tuple(found)


def _refuse_measuring_process() -> None:
    """Memory and replicates of a measuring process of ours would be the client's and say nothing of the server.

    Raises:
        EnvironmentError_: this is one; what was to be measured in it is left out and named.
    """
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and spec.name == _MEASURING_PROCESS:
        raise EnvironmentError_("a server is a process of its own; one more client process shows nothing of it")


def _check_dialect(dialect: str | None) -> None:
    if dialect is None:
        return
    from argus_eval.parsing.dialects import DIALECTS

    if dialect not in DIALECTS:
        raise UnknownNameError("dialect", dialect, DIALECTS, where="--dialect")


def _card_of_served(model: str) -> ModelCard | None:
    """The card whose hub id, name or alias the server uses for its model, whatever the case and the owner."""
    from argus_eval.models.catalog import CARDS

    wanted = model.lower().rpartition("/")[2]
    for card in CARDS:
        names = {card.name, *card.aliases}
        if card.hub_id is not None:
            names.add(card.hub_id.rpartition("/")[2])
        if wanted in {known.lower() for known in names}:
            return card
    return None


def _rest(name: str) -> str:
    rest = name.partition(":")[2]
    if not rest:
        raise UsageError("--model vllm: expected vllm:DIR_OR_ID, a folder, a hub id or a registry name")
    return rest


def _is_registered(name: str) -> bool:
    from argus_eval.models.catalog import model_names

    return _rest(name) in model_names()


def _vllm_card(name: str) -> ModelCard:
    if _is_registered(name):
        from argus_eval.models.catalog import model_card

        return model_card(_rest(name))
    from argus_eval.models.load import card_for

    return card_for(f"hf:{_rest(name)}")


def _checkpoint_folder(name: str, weights: str | None) -> pathlib.Path:
    """The folder that is served; a hub id is fetched here, so that the server needs no network."""
    from argus_eval.models.checkpoints import find_checkpoint

    if weights not in (None, "random"):
        return find_checkpoint(weights).folder
    if not _is_registered(name):
        return find_checkpoint(_rest(name)).folder
    card = _vllm_card(name)
    if card.hub_id is None:
        raise UsageError(f"--model {name}: no published checkpoint is known; give --weights PATH or random")
    return find_checkpoint(card.hub_id, card.revision).folder


def _random_checkpoint(name: str, dtype: str | None, folder: pathlib.Path, seed: int) -> pathlib.Path:
    """A registered architecture at its true size with random weights, saved once a run."""
    import torch

    from argus_eval.models.random_weights import build_random

    card = _vllm_card(name)
    kind = dtype or card.dtype
    target = folder / f"checkpoint-{card.name}-{kind}-{seed}"
    if not (target / "config.json").is_file():
        built = build_random(card, seed=seed, dtype=getattr(torch, kind))
        built.processor.save_pretrained(target)
        built.model.save_pretrained(target)
    return target
