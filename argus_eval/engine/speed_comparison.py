"""Paired speed-ups of a run's arms, and which of them may be claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from argus_eval.core.results import Fidelity, LossClass, SpeedUp, TwinResult
from argus_eval.engine.plan import ModelPlan
from argus_eval.engine.speed_summary import SpeedTable, paired_requests, paired_speedup, saving
from argus_eval.recipes.compose import ArmPlan, loss_class, parts
from argus_eval.stats.claims import Claim, Contrast, judge_all
from argus_eval.stats.detectable import minimum_detectable_effect
from argus_eval.stats.latency import Speedup
from argus_eval.stats.verdict import AccuracyStatus
from argus_eval.stats.verdict import Verdict as Decision

__all__ = ["CONTRASTS", "AccuracySeen", "compare_speed", "inputs_equal"]

#: What is compared of every arm: (name in results, section prefix, quantity, word in sentences)
CONTRASTS = (
    ("host", "host", "to_model_ready", "host work"),
    ("to_uint8_tiles", "host", "to_uint8_tiles", "bytes to tiles"),
    ("ttft", "short", "ttft", "TTFT"),
    ("e2e", "long", "e2e", "end-to-end"),
    ("tpot", "long", "tpot", "time per output token"),
)
#: Parts that read the inputs which hashes are made of: an L1 or L2 recipe there computes differently with them.
_READERS = frozenset({"vision", "language", "server"})


def inputs_equal(found: Fidelity | None) -> bool:
    """Whether an arm's model was fed what the baseline's was, on every image that was looked at.

    Ids and pixels bit-equal; of a server, whose pixels nobody sees, the ids of prompts and of greedy answers.
    """
    if found is None or not found.n or not found.ids_equal or found.broken is not None:
        return False
    if found.pixels_hash_equal is None:
        return found.tokens_equal_share == 1.0
    return found.pixels_hash_equal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySeen:
    """What the accuracy pass says of one arm: its verdict, and the pairs that this rests on."""

    verdict: Decision
    pairs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A contrast before it is judged: whose, of what, and its numbers."""

    model: str
    arm: str
    name: str
    contrast: Contrast
    numbers: SpeedUp


def compare_speed(
    models: Mapping[str, tuple[ModelPlan, Mapping[str, AccuracySeen]]],
    table: SpeedTable,
    fidelity: Mapping[str, Fidelity],
    *,
    quick: bool,
) -> dict[str, dict[str, dict[str, SpeedUp]]]:
    """Paired speed-ups of all variants of all models over their baselines, judged together.

    Args:
        models: name → the model with its arms, and for each variant's name what its accuracy is.
        table: the timed records of the run.
        fidelity: arm id → what was checked of its claim.
        quick: a smoke test: its numbers are shown, nothing is claimed.

    Returns:
        Model → arm name → name of the quantity → speed-up; a quantity that was not measured is absent.
    """
    drafts = [draft for model, accuracy in models.values() for draft in _drafts(model, accuracy, table, fidelity)]
    claims = judge_all([draft.contrast for draft in drafts])
    judged = sum(draft.contrast.speedup.p_value is not None for draft in drafts)
    result: dict[str, dict[str, dict[str, SpeedUp]]] = {
        name: {arm.name: {} for arm in model.arms if not arm.is_baseline} for name, (model, _) in models.items()
    }
    for draft, claim in zip(drafts, claims, strict=True):
        sharp = replace(draft.numbers, detectable=_detectable(draft.contrast, judged))
        found = _quick(draft.numbers) if quick else _judged(sharp, claim)
        result[draft.model][draft.arm][draft.name] = found
    return result


def _drafts(
    model: ModelPlan, accuracy: Mapping[str, AccuracySeen], table: SpeedTable, fidelity: Mapping[str, Fidelity]
) -> Iterator[_Draft]:
    baseline = model.arm_id(model.arms[0])
    sections = _sections(table)
    variants = [arm for arm in model.arms if not arm.is_baseline]
    status = {
        arm.name: _accuracy_status(
            fidelity.get(model.arm_id(arm)),
            accuracy[arm.name].verdict,
            arm,
            same_inputs=_hashes_agree(table, baseline, model.arm_id(arm)),
        )
        for arm in variants
    }
    for name, section, quantity, word in CONTRASTS:
        place = sections.get(section, "")
        noise = paired_requests(table, place, [baseline, model.twin_id], quantity)
        twin = None if noise is None else paired_speedup(noise, 1)
        for arm in variants:
            requests = paired_requests(table, place, [baseline, model.arm_id(arm)], quantity)
            if requests is None:
                continue
            found = paired_speedup(requests, 1)
            contrast = Contrast(
                metric=word,
                arm=arm.name,
                speedup=found,
                twin=twin,
                accuracy=status[arm.name],
                accuracy_n=accuracy[arm.name].pairs,
            )
            saved = saving(requests.seconds[0], found)
            numbers = _draft(found, saved.usual_s, saved.ci_s)
            yield _Draft(model=model.facts.name, arm=arm.name, name=name, contrast=contrast, numbers=numbers)


def _hashes_agree(table: SpeedTable, baseline: str, arm: str) -> bool:
    """Whether no measured request shows that the arm's model was fed something else than the baseline's.

    Hashes are of each request's own ids and pixels; one that either side does not tell says nothing.
    """
    stock: dict[str, Mapping[str, str]] = {}
    for section in table.sections():
        stock.update({record.image: record.hashes for record in table.of_arm(section, baseline) if record.hashes})
    return all(
        record.hashes[what] == told
        for section in table.sections()
        for record in table.of_arm(section, arm)
        for what, told in stock.get(record.image, {}).items()
        if what in record.hashes
    )


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


def _accuracy_status(
    found: Fidelity | None, verdict: Decision, arm: ArmPlan, *, same_inputs: bool
) -> AccuracyStatus:
    """What stands behind an arm's accuracy when its speed is judged.

    Inputs that are bit-equal on every image prove more than any sample of answers could, whatever class the
    recipes claim, as long as the same model reads them. Without them an L0 arm is broken and the others need the
    verdict; so do L1 and L2 arms that compute differently with the same inputs, and those of servers, whose inputs
    nobody sees.
    """
    if verdict in (Decision.FAIL, Decision.INVALID):
        return AccuracyStatus.of(verdict)
    exact = loss_class(arm.recipes) is LossClass.L0
    pixels_seen = found is not None and found.pixels_hash_equal is not None
    inexact = [name for name in arm.recipes if loss_class((name,)) is not LossClass.L0]
    if same_inputs and inputs_equal(found) and (exact or (pixels_seen and not parts(inexact) & _READERS)):
        return AccuracyStatus.HASH_EQUAL
    return AccuracyStatus.HASH_DIFFERS if exact else AccuracyStatus.of(verdict)


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
    return replace(draft, aa=twin, claim=claim.claim, sentence=sentence, shown=claim.shown)


def _quick(draft: SpeedUp) -> SpeedUp:
    return replace(draft, sentence="quick run: nothing is claimed")
