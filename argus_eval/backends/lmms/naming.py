"""``lmms:NAME[?KEY=VALUE&…]``: a model of lmms-eval and what it is made with."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from argus_eval.backends.protocol import ModelFacts
from argus_eval.errors import EnvironmentError_, UnknownNameError, UsageError
from argus_eval.tasks.lmms.index import PREFIX

__all__ = ["LmmsModel", "lmms_facts", "parse_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LmmsModel:
    """A model's name in lmms-eval and its ``--model_args``."""

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    def argument_text(self) -> str:
        """The arguments as lmms-eval writes them."""
        return ",".join(f"{key}={value}" for key, value in self.arguments.items())


def parse_model(text: str, weights: str | None) -> LmmsModel:
    """The model that ``--model TEXT --weights WEIGHTS`` names; the checkpoint is lmms-eval's ``pretrained``.

    Raises:
        UsageError: not of the form, or a checkpoint is given twice or is "random".
    """
    name, question, query = text.removeprefix(PREFIX).partition("?")
    try:
        arguments = dict(parse_qsl(query, strict_parsing=True)) if question else {}
    except ValueError:
        raise UsageError(f"--model {text}: expected lmms:NAME or lmms:NAME?KEY=VALUE&KEY=VALUE") from None
    if not name:
        raise UsageError(f"--model {text}: expected lmms:NAME, a model of lmms-eval")
    if any("," in value for value in arguments.values()):
        raise UsageError(f"--model {text}: lmms-eval separates arguments by commas, so no value may hold one")
    if weights == "random":
        raise UsageError(f"--weights random: {text} is made by lmms-eval, which loads checkpoints only")
    if weights is not None:
        if "pretrained" in arguments:
            raise UsageError(f"--model {text}: the checkpoint is given twice, by --weights {weights} too")
        arguments["pretrained"] = weights
    return LmmsModel(name=name, arguments=arguments)


def lmms_facts(text: str, weights: str | None, device: str, dialect: str | None) -> ModelFacts:
    """Facts of ``lmms:NAME``; its list of models is read, no model is loaded.

    Raises:
        UsageError: the form is wrong.
        UnknownNameError: no such model or dialect.
        EnvironmentError_: lmms-eval is not installed.
    """
    from argus_eval.parsing.dialects import DIALECTS

    model = parse_model(text, weights)
    if dialect is not None and dialect not in DIALECTS:
        raise UnknownNameError("dialect", dialect, DIALECTS, where="--dialect")
    if importlib.util.find_spec("lmms_eval") is None:
        raise EnvironmentError_("lmms: names need lmms-eval, which is missing: pip install 'argus-eval[lmms]'")
    from lmms_eval.models import list_available_models

    from argus_eval.tasks.lmms.log import quiet_log

    quiet_log()  # the import has just sent lmms-eval's log to standard output
    known = list_available_models(include_aliases=True)
    if model.name not in known:
        raise UnknownNameError("model", text, [PREFIX + name for name in known], where="--model")
    return ModelFacts(
        name=text,
        backend="lmms",
        family="lmms",
        staged=False,
        dialect=dialect,
        capabilities=None,
        weights="trained",
        label=text,
        # Its adapters read, prepare and generate in one call; a time of that is no time of ours.
        measures_speed=False,
        device=device,
    )
