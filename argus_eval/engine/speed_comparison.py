"""Paired speed-ups of a model's arms, and which of them may be claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from argus_eval.core.results import Fidelity, LossClass, SpeedUp, TwinResult
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.speed_summary import SpeedTable, paired_speedup, paired_times, saving
from argus_eval.recipes.compose import ArmPlan, loss_class
from argus_eval.stats.claims import Claim, Contrast, judge_all
from argus_eval.stats.detectable import minimum_detectable_effect
from argus_eval.stats.latency import Speedup
from argus_eval.stats.verdict import AccuracyStatus
from argus_eval.stats.verdict import Verdict as Decision

__all__ = ["compare_speed", "inputs_equal"]

#: (name in results, section prefix, quantity, word in sentences)
_CONTRASTS = (
    ("host", "host", "to_model_ready", "host work"),
    ("to_uint8_tiles", "host", "to_uint8_tiles", "bytes to tiles"),
    ("ttft", "short", "ttft", "TTFT"),
    ("e2e", "long", "e2e", "end-to-end"),
    ("tpot", "long", "tpot", "time per output token"),
)


def inputs_equal(found: Fidelity | None) -> bool:
    """Whether an arm's model was fed what the baseline's was, on every image that was looked at.

    Ids and pixels bit-equal; of a server, whose pixels nobody sees, the ids of prompts and of greedy answers.
    """
    if found is None or not found.n or not found.ids_equal or found.broken is not None:
        return False
    if found.pixels_hash_equal is None:
        return found.tokens_equal_share == 1.0
    return found.pixels_hash_equal


def compare_speed(
    model: ModelPlan,
    table: SpeedTable,
    fidelity: Mapping[str, Fidelity],
    verdicts: Mapping[str, Decision],
    *,
    quick: bool,
) -> dict[str, dict[str, SpeedUp]]:
    """Paired speed-ups of all variants of a model over its baseline, judged together.

    Args:
        model: the model and its arms.
        table: its timed records.
        fidelity: arm id → what was checked of its claim.
        verdicts: arm name → the verdict on its accuracy.
        quick: a smoke test: its numbers are shown, nothing is claimed.

    Returns:
        Arm name → name of the quantity → speed-up; a quantity that was not measured is absent.
    """
    variants = [arm for arm in model.arms if not arm.is_baseline]
    both = [model.arm_id(model.arms[0]), model.twin_id]
    sections = _sections(table)
    drafts: list[tuple[str, str, Contrast, SpeedUp]] = []
    for name, section, quantity, word in _CONTRASTS:
        place = sections.get(section, "")
        noise = paired_times(table, place, both, quantity)
        twin = None if noise is None else paired_speedup(noise, 1)
        for arm in variants:
            times = paired_times(table, place, [both[0], model.arm_id(arm)], quantity)
            if times is None:
                continue
            found = paired_speedup(times, 1)
            status = _accuracy_status(fidelity.get(model.arm_id(arm)), verdicts[arm.name], arm)
            contrast = Contrast(metric=word, arm=arm.name, speedup=found, twin=twin, accuracy=status)
            saved = saving(times[0], times[1])
            draft = _draft(found, saved.mean_s, saved.ci_s)
            drafts.append((arm.name, name, contrast, draft))
    claims = judge_all([contrast for _, _, contrast, _ in drafts])
    judged = sum(contrast.speedup.p_value is not None for _, _, contrast, _ in drafts)
    result: dict[str, dict[str, SpeedUp]] = {arm.name: {} for arm in variants}
    for (arm_name, name, contrast, draft), claim in zip(drafts, claims, strict=True):
        sharp = replace(draft, detectable=_detectable(contrast, judged))
        result[arm_name][name] = _quick(draft) if quick else _judged(sharp, claim)
    return result


def _detectable(contrast: Contrast, contrasts: int) -> float | None:
    """The ratio that replicates as noisy as these would have shown with a power of 80 %."""
    found = contrast.speedup
    if contrast.twin is None or found.p_value is None or found.replicate_sd is None:
        return None
    effect = minimum_detectable_effect(
        found.replicate_sd, most=found.replicates, sd_replicates=found.replicates, contrasts=contrasts
    )
    return None if effect is None else 1 + effect


def _sections(table: SpeedTable) -> dict[str, str]:
    """Which latency section is the short one (TTFT) and which the long one (time per token)."""
    lengths = sorted(
        (int(name.partition("/")[2]), name) for name in table.sections() if name != "host" and "/" in name
    )
    found = {"host": "host"}
    if lengths:
        found["short"] = lengths[0][1]
    if len(lengths) > 1:
        found["long"] = lengths[-1][1]
    return found


def _accuracy_status(found: Fidelity | None, verdict: Decision, arm: ArmPlan) -> AccuracyStatus:
    """What stands behind an arm's accuracy when its speed is judged.

    Inputs that are bit-equal on every image prove more than any sample of answers could, whatever class the
    recipes claim; without them an L0 arm is broken and the others need the verdict.
    """
    if verdict in (Decision.FAIL, Decision.INVALID):
        return AccuracyStatus.of(verdict)
    if inputs_equal(found):
        return AccuracyStatus.HASH_EQUAL
    if loss_class(arm.recipes) is LossClass.L0:
        return AccuracyStatus.HASH_DIFFERS
    return AccuracyStatus.of(verdict)


def _draft(found: Speedup, saved_s: float, saved_ci_s: tuple[float, float] | None) -> SpeedUp:
    return SpeedUp(
        median=found.median,
        geomean=found.geomean,
        p90=found.p90,
        ci=(found.interval.low, found.interval.high) if found.interval else None,
        slower_share=found.slower_share,
        aa=TwinResult(ratio=None, ci=None),
        claim=False,
        sentence="",
        saved_s=saved_s,
        saved_ci_s=saved_ci_s,
    )


def _judged(draft: SpeedUp, claim: Claim) -> SpeedUp:
    twin = TwinResult(ratio=None, ci=None)
    if claim.aa is not None:
        twin = TwinResult(ratio=claim.aa.ratio, ci=(claim.aa.interval.low, claim.aa.interval.high))
    sentence = claim.sentence if claim.claim else f"{claim.sentence} ({claim.reason})"
    return replace(draft, aa=twin, claim=claim.claim, sentence=sentence)


def _quick(draft: SpeedUp) -> SpeedUp:
    return replace(draft, sentence="quick run: nothing is claimed")
