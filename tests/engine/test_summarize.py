"""What an arm of the results has to say about itself."""

from __future__ import annotations

from argus_eval.backends.resolve import model_facts
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.summarize import notes_of_arm
from argus_eval.recipes.compose import ArmPlan


def test_what_one_arm_found_out_is_not_said_of_another() -> None:
    sets: list[tuple[str, ...]] = [(), ("attention-sdpa",), ("attention-sdpa", "token-splice")]
    plan = ModelPlan(
        facts=model_facts("oracle", weights=None, device="cpu", dialect=None),
        arms=tuple(ArmPlan(name="+".join(recipes) or "baseline", recipes=recipes) for recipes in sets),
        weights=None,
        dropped=(),
    )
    of_all = "the twin shares the weights: in all arms"
    alone, together = "attention-sdpa: it changes nothing", "attention-sdpa+token-splice: it changes nothing"
    found = [notes_of_arm((of_all, alone, together), plan, recipes) for recipes in sets]
    assert found == [(of_all,), (of_all, alone), (of_all, together)]
