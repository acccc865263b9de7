"""From samples to questions: the prompt in the model's own words and the limits of the answer."""

from __future__ import annotations

from dataclasses import replace

from argus_eval.backends.protocol import ModelFacts, Question
from argus_eval.core.request import Decoding, Request
from argus_eval.core.sample import Sample
from argus_eval.engine.plan import TaskPlan

__all__ = ["ask", "prompt_style"]


def prompt_style(model: ModelFacts) -> str:
    """Whose wording a model is asked in."""
    return model.dialect or "plain"


def ask(plan: TaskPlan, sample: Sample, model: ModelFacts, decoding: Decoding | None = None) -> Question:
    """The question that ``sample`` puts to ``model``; the task's own limits unless others are given."""
    prompt = plan.task.prompt_for(sample, prompt_style(model))
    own = plan.task.spec.decoding
    if plan.token_scores:
        own = replace(own, token_logprobs=True)
    request = Request(
        key=sample.key,
        images=sample.images,
        prompt=prompt.user,
        system=prompt.system,
        prefix=prompt.prefix,
        decoding=decoding or own,
    )
    return Question(task=plan.task, sample=sample, request=request)
