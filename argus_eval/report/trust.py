"""May the numbers be trusted: the noise of this run, what was left out, and what was not as it should be."""

from __future__ import annotations

from argus_eval.core.results import Results, SpeedUp
from argus_eval.core.units import format_percent, format_ratio
from argus_eval.engine.verify_ledger import shipped_verifications
from argus_eval.report.check import Check
from argus_eval.report.digest import Digest
from argus_eval.report.figures import interval_text
from argus_eval.report.protocol_checks import protocol_checks
from argus_eval.report.published import shipped_scores
from argus_eval.report.stages import RESIDUAL_LIMIT
from argus_eval.report.text import printable
from argus_eval.report.verified_checks import verified_check
from argus_eval.report.wording import QUANTITY_WORDS, headline, short_labels

__all__ = ["trust_checks"]

#: MEASUREMENT §9 and §18.
_MIN_REPLICATES = 6
_MAX_ERROR_SHARE = 0.01


def trust_checks(results: Results, digest: Digest) -> tuple[Check, ...]:
    """Every check of a run, in the order in which it should worry."""
    return (
        *_twins(results),
        _replicates(results),
        *protocol_checks(results),
        _residual(results),
        _claims(results),
        *_data(results),
        _errors(results, digest),
        *verified_check(results, shipped_scores(), shipped_verifications()),
        *_exclusions(results, digest),
    )


def _twins(results: Results) -> list[Check]:
    first: dict[tuple[str, str], SpeedUp] = {}
    for comparison in results.comparisons:
        for name, speedup in comparison.speedup.items():
            first.setdefault((comparison.baseline, name), speedup)
    if not first:
        return [Check(name="A/A", state="open", words="no latency was compared")]
    models = {arm.id: arm.model for arm in results.arms}
    several = len({baseline for baseline, _ in first}) > 1
    claimed = any(speedup.claim for c in results.comparisons for speedup in c.speedup.values())
    checks = []
    for (baseline, name), speedup in first.items():
        where = f" of {printable(models.get(baseline, baseline))}" if several else ""
        checks.append(_twin(f"A/A {QUANTITY_WORDS.get(name, printable(name))}{where}", speedup, claimed=claimed))
    return checks


_NO_NOISE = "the noise is unknown (too few replicates, or no second baseline): nothing is claimed"


def _twin(name: str, speedup: SpeedUp, *, claimed: bool) -> Check:
    ratio, ends = speedup.aa.ratio, speedup.aa.ci
    if ratio is None or ends is None:
        return Check(name=name, state="open", words=_NO_NOISE)
    low, high = min(ends), max(ends)
    words = f"the baseline against itself reads {ratio:.3f}× {interval_text(ends, lambda end: f'{end:.3f}')}"
    if low <= 1 <= high:
        floor = f"a speed-up below {format_ratio(high)} is inside this noise"
        return Check(name=name, state="good", words=f"{words}; {floor}")
    # results hold the 95 % interval, the claim rule asks for 99 % (MEASUREMENT §11)
    if claimed:
        return Check(name=name, state="open", words=f"{words}; 1 is outside at 95 %, inside at the 99 % of claims")
    return Check(name=name, state="bad", words=f"{words}; 1 is outside, and nothing is claimed in this run")


def _replicates(results: Results) -> Check:
    entries = [entry for arm in results.arms for entry in arm.efficiency]
    if not entries:
        return Check(name="Replicates", state="open", words="no latency was measured")
    fewest: dict[int, int] = {}
    for entry in entries:
        fewest[entry.output_tokens] = min(entry.replicates, fewest.get(entry.output_tokens, entry.replicates))
    words = ", ".join(
        f"{count} at {length} output token{'s' if length != 1 else ''}" for length, count in sorted(fewest.items())
    )
    if min(fewest.values()) >= _MIN_REPLICATES:
        return Check(name="Replicates", state="good", words=words)
    headline_is_short = fewest[min(fewest)] < _MIN_REPLICATES
    need = f"below {_MIN_REPLICATES} there is no interval and no claim"
    return Check(name="Replicates", state="bad" if headline_is_short else "open", words=f"{words}; {need}")


def _residual(results: Results) -> Check:
    name = "Stages add up"
    found = [
        (arm.id, entry.residual) for arm in results.arms for entry in arm.efficiency if entry.residual is not None
    ]
    if not found:
        return Check(name=name, state="open", words="stages were not measured")
    labels = short_labels(results)
    arm, worst = max(found, key=lambda item: abs(item[1]))
    words = f"at most {format_percent(abs(worst))} of TTFT is in no stage ({labels[arm]})"
    return Check(name=name, state="bad" if abs(worst) > RESIDUAL_LIMIT else "good", words=words)


def _claims(results: Results) -> Check:
    name = "Recipes keep their own claim"
    checked = [(c.arm, c.fidelity) for c in results.comparisons if c.fidelity is not None]
    if not checked:
        return Check(name=name, state="open", words="fidelity was not measured")
    labels = short_labels(results)
    broken = [f"{labels.get(arm, printable(arm))}: {printable(f.broken)}" for arm, f in checked if f.broken]
    if broken:
        return Check(name=name, state="bad", words="; ".join(broken))
    return Check(
        name=name, state="good", words=f"{len(checked)} arm{'s' if len(checked) != 1 else ''} checked on samples"
    )


def _data(results: Results) -> list[Check]:
    tasks = [task for arm in results.arms for task in arm.tasks]
    if not tasks:
        return [Check(name="Data", state="open", words="no task was run")]
    other = sorted({printable(t.task) for t in tasks if t.data.resolved == "bundled" != t.data.requested})
    prints: dict[str, set[str]] = {}
    for task in tasks:
        prints.setdefault(printable(task.task), set()).add(task.data.fingerprint)
    mixed = sorted(task for task, found in prints.items() if len(found) > 1)
    return [
        Check(
            name="Data as asked for",
            state="bad" if other else "good",
            words=f"the synthetic sample stands in for: {', '.join(other)}"
            if other
            else "every task used the data it was asked to use",
        ),
        Check(
            name="Same samples for every arm",
            state="bad" if mixed else "good",
            words=f"fingerprints differ: {', '.join(mixed)}" if mixed else "fingerprints agree",
        ),
    ]


def _errors(results: Results, digest: Digest) -> Check:
    errors = sum(task.errors for arm in results.arms for task in arm.tasks)
    failed = sum(count for slot, count in digest.counts.items() if slot.endswith(" error"))
    total = digest.total
    worst = max(errors, failed)
    if not total:
        return Check(
            name="Failed requests", state="bad" if errors else "open", words=f"{errors} counted in results"
        )
    share = worst / total
    words = f"{worst} of {total} requests ({format_percent(share)})"
    return Check(name="Failed requests", state="bad" if share > _MAX_ERROR_SHARE else "good", words=words)


def _exclusions(results: Results, digest: Digest) -> list[Check]:
    dropped = sum(count for slot, count in digest.counts.items() if slot.endswith(" discarded"))
    checks = []
    if dropped:
        words = f"{dropped} requests of interrupted or throttled blocks were run again and are not counted"
        checks.append(Check(name="Discarded", state="open", words=words))
    tasks = [task for arm in results.arms for task in arm.tasks]
    excluded = list(
        dict.fromkeys(
            f"{printable(task.task)}: {count} ({printable(reason)})"
            for task in tasks
            for reason, count in task.data.excluded.items()
        )
    )
    if excluded:
        checks.append(Check(name="Rows left out of the data", state="open", words="; ".join(excluded)))
    notes = list(
        dict.fromkeys(f"{printable(task.task)}: {printable(note)}" for task in tasks for note in task.notes)
    )
    if notes:
        checks.append(Check(name="What the scores rest on", state="open", words="; ".join(notes)))
    shortfalls = list(dict.fromkeys(item for arm in results.arms for e in arm.efficiency for item in e.shortfalls))
    if shortfalls:
        words = "; ".join(map(printable, shortfalls))
        checks.append(Check(name="Not given, and why", state="open", words=words))
    regimes = sorted({entry.regime for arm in results.arms if (entry := headline(arm)) is not None})
    if regimes:
        words = f"{', '.join(map(printable, regimes))}; caches are never mixed in one number"
        checks.append(Check(name="Cache regime", state="good" if len(regimes) == 1 else "bad", words=words))
    return checks
