"""Rules on accuracy: the policy's margins on the paired answers of two arms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from argus_eval.engine.accuracy_comparison import corpus_outcome
from argus_eval.errors import UsageError
from argus_eval.gate.answers import Corpus, without_mark
from argus_eval.gate.join import JoinedTask
from argus_eval.gate.looks import first_images, restricted
from argus_eval.gate.outcome import RuleResult
from argus_eval.gate.pairing import Pair
from argus_eval.gate.policy import EVERYTHING, AccuracyRule, Extension, Over, Policy
from argus_eval.stats.corpus import nothing_differed
from argus_eval.stats.pairs import pool
from argus_eval.stats.policy import GUARD_MARGIN, TaskScores, default_policy
from argus_eval.stats.preservation import Margin, Preservation, preservation
from argus_eval.stats.verdict import Verdict, worst
from argus_eval.tasks.catalog import expand, group_names

__all__ = ["corpus_difference", "incomparable", "judge_accuracy", "named_tasks"]

_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The samples that may be looked at, and the error each verdict may spend on them."""

    tasks: Mapping[str, JoinedTask]
    share_of_alpha: float


def judge_accuracy(pair: Pair, policy: Policy, *, extend: bool = False) -> tuple[RuleResult, ...]:
    """Every accuracy rule of the policy on one pair of arms.

    Args:
        pair: the arms, joined.
        policy: the rules.
        extend: a second look is allowed where the first one does not decide.

    Raises:
        UsageError: an extension over a metric that no single sample has.
    """
    extension = policy.extension or (Extension() if extend else None)
    if extension is None:
        whole = _Look(tasks=pair.tasks, share_of_alpha=1.0)
        return tuple(result for rule in policy.accuracy for result in _judge(pair, rule, policy, whole))
    _refuse_corpus(pair, policy)
    chosen = first_images((str(image) for task in pair.tasks.values() for image in task.clusters), extension)
    first = _Look(tasks={name: restricted(task, chosen) for name, task in pair.tasks.items()}, share_of_alpha=0.5)
    second = _Look(tasks=pair.tasks, share_of_alpha=0.5)
    results: list[RuleResult] = []
    for rule in policy.accuracy:
        found = _judge(pair, rule, policy, first)
        if not extend:
            results += [_at_look(result, "first look", more=True) for result in found]
            continue
        again = {result.subject: result for result in _judge(pair, rule, policy, second)} if _open(found) else {}
        results += [
            _at_look(again[result.subject], "second look")
            if result.verdict is Verdict.INCONCLUSIVE
            else _at_look(result, "first look")
            for result in found
        ]
    return tuple(results)


def named_tasks(names: Sequence[str], present: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the tasks at hand a rule names, and which of its tasks are not at hand.

    A group of the catalogue stands for those of its tasks that are present.

    Args:
        names: tasks and groups, without the mark of synthetic data.
        present: display names.

    Returns:
        Display names, and missing names.
    """
    shown = {without_mark(name): name for name in present}
    if tuple(names) == EVERYTHING:
        return tuple(shown.values()), ()
    found: dict[str, None] = {}
    missing = []
    for name in names:
        if name in shown:
            found[shown[name]] = None
        elif name in group_names():
            members = [shown[task] for task in expand([name]) if task in shown]
            found.update(dict.fromkeys(members))
            missing += [] if members else [name]
        else:
            missing.append(name)
    return tuple(found), tuple(missing)


def _refuse_corpus(pair: Pair, policy: Policy) -> None:
    for rule in policy.accuracy:
        names, _ = named_tasks(rule.tasks, pair.tasks)
        corpus = [pair.tasks[name] for name in names if _corpus(pair.tasks[name]) is not None]
        if corpus:
            raise UsageError(
                f"{policy.name}: an extension needs scores of single samples; {corpus[0].metric} of "
                f"{corpus[0].task} is computed over all of them: leave the task out of the rules, or the extension"
            )


def _open(found: Sequence[RuleResult]) -> bool:
    return any(result.verdict is Verdict.INCONCLUSIVE for result in found)


def _at_look(result: RuleResult, look: str, *, more: bool = False) -> RuleResult:
    advice = "; --extend allows the second one" if more and result.verdict is Verdict.INCONCLUSIVE else ""
    return replace(result, reason=f"{result.reason} ({look} of two, each with half of the error{advice})")


def _judge(pair: Pair, rule: AccuracyRule, policy: Policy, look: _Look) -> list[RuleResult]:
    """One rule; several results where it guards several tasks."""
    names, missing = named_tasks(rule.tasks, (*pair.tasks, *pair.one_sided))
    base = RuleResult(
        rule=rule.name,
        kind="accuracy",
        subject=", ".join(map(without_mark, names)) or rule.name,
        verdict=Verdict.NOT_MEASURED,
        reason="",
        guard=rule.over is Over.GUARDS,
        bound=-rule.margin.absolute,
    )
    results = [replace(base, subject=name, reason=f"the run has no task {name}", guard=False) for name in missing]
    # A guard speaks of each task alone; a broken task must not silence the others.
    subjects = [(name,) for name in names] if rule.over is Over.GUARDS else [names]
    sound: list[str] = []
    for subject in subjects:
        shown = subject[0] if len(subject) == 1 else base.subject
        wrong = incomparable(pair, subject, policy)
        absent = (
            [f"{name}: {pair.tasks[name].absence}" for name in subject if pair.tasks[name].absence]
            if (not wrong)
            else []
        )
        if wrong:
            results.append(replace(base, subject=shown, verdict=Verdict.INVALID, reason="; ".join(wrong)))
        elif absent:
            results.append(replace(base, subject=shown, reason="; ".join(absent)))
        else:
            sound += subject
    if not names and not missing:
        results.append(replace(base, reason="no task of the run can be compared"))
    if not sound:
        return results
    if rule.over is Over.GUARDS:
        return results + _guards(pair, rule, base, [look.tasks[name] for name in sound], look)
    return [*results, _together(pair, rule, base, [look.tasks[name] for name in sound], look)]


def incomparable(pair: Pair, names: Sequence[str], policy: Policy) -> list[str]:
    """What makes the tasks incomparable: each reason once, with the tasks it concerns where there are several."""
    rules = policy.validity
    concerned: dict[str, list[str]] = {}
    for name in names:
        if name in pair.one_sided:
            concerned.setdefault(pair.one_sided[name], []).append(name)
            continue
        task = pair.tasks[name]
        if task.absence:
            continue
        found = task.invalid(most_errors=rules.errors_at_most, allow_synthetic=bool(rules.allow_synthetic))
        expected = rules.fingerprints.get(without_mark(name), "")
        if expected and task.arm.fingerprint != expected:
            found = (*found, f"data fingerprint {task.arm.fingerprint or 'unknown'}; the policy names {expected}")
        for reason in found:
            concerned.setdefault(reason, []).append(name)
    if len(names) == 1:
        return list(concerned)
    return [f"{', '.join(tasks)}: {reason}" for reason, tasks in concerned.items()]


def _guards(
    pair: Pair, rule: AccuracyRule, base: RuleResult, tasks: Sequence[JoinedTask], look: _Look
) -> list[RuleResult]:
    """Each task for itself; FAIL holds after Holm over those that have scores of single samples."""
    alpha = (1 - rule.confidence) * look.share_of_alpha
    scored = [task for task in tasks if _corpus(task) is None]
    outcome = default_policy(
        [
            TaskScores(
                task=task.task,
                scores=task.scores,
                identical=_same(pair, task),
                available=pair.available(task.task),
            )
            for task in scored
        ],
        guard_margin=rule.margin,
        alpha=alpha,
    )
    found = dict(outcome.guards)
    results = []
    for task in tasks:
        if task.task in found:
            results.append(_result(replace(base, subject=task.task), found[task.task], rule))
        elif _corpus(task) is not None:
            results += _corpus_guards(pair, rule, replace(base, subject=task.task), task, alpha)
        else:
            results.append(replace(base, subject=task.task, reason="no pair in this look"))
    return results


def _together(
    pair: Pair, rule: AccuracyRule, base: RuleResult, tasks: Sequence[JoinedTask], look: _Look
) -> RuleResult:
    """The mean over tasks, each weighing the same. Metrics no single sample has stay out of it."""
    alpha = (1 - rule.confidence) * look.share_of_alpha
    scored = [task for task in tasks if _corpus(task) is None]
    if not scored:
        outcomes = [_corpus_test(pair, rule.margin, task, alpha, rule.over) for task in tasks]
        weakest = worst(outcome.verdict for outcome in outcomes)
        first = next(outcome for outcome in outcomes if outcome.verdict is weakest)
        reason = "; ".join(f"{t.task}: {o.reason}" for t, o in zip(tasks, outcomes, strict=True))
        return replace(_result(base, first, rule), reason=reason)
    paired = [scores for task in scored if (scores := task.scores) is not None and scores.n]
    if len(paired) < len(scored):
        return replace(base, reason="no pair in this look")
    sizes = [pair.available(task.task) for task in scored]
    known = [size for size in sizes if size is not None]
    tested = preservation(
        pool(paired),
        rule.margin,
        identical=all(_same(pair, task) for task in scored),
        available=sum(known) if len(known) == len(sizes) else None,
        alpha=alpha,
    )
    left_out = [without_mark(task.task) for task in tasks if _corpus(task) is not None]
    note = f" (not in the mean: {', '.join(left_out)})" if left_out else ""
    result = _result(base, tested, rule)
    return replace(result, reason=result.reason + note)


def _result(base: RuleResult, tested: Preservation, rule: AccuracyRule) -> RuleResult:
    verdict, reason = tested.verdict, tested.reason
    if verdict.preserved and tested.n < rule.minimum_pairs:
        verdict = Verdict.INCONCLUSIVE
        reason = f"{tested.n:,} pairs; the policy asks for at least {rule.minimum_pairs:,}"
    interval = tested.interval
    return replace(
        base,
        verdict=verdict,
        reason=f"n = {tested.n:,}: {reason}" if tested.n else reason,
        value=tested.difference,
        interval=None if interval is None else (interval.low, interval.high),
        preservation=tested,
    )


def _same(pair: Pair, task: JoinedTask) -> bool:
    """The arm is L0 by hash, and every answer and score is the baseline's."""
    scores = task.scores
    return pair.exact and task.identical and (scores is None or bool((scores.arm == scores.baseline).all()))


def _corpus(task: JoinedTask) -> Corpus | None:
    """The arm's statistics where the metric is computed over all samples together."""
    return task.arm.corpus or task.baseline.corpus


def _corpus_guards(
    pair: Pair, rule: AccuracyRule, base: RuleResult, task: JoinedTask, alpha: float
) -> list[RuleResult]:
    """The metric itself, and the share of answers that can be read at all, which few images can already show."""
    metric = _result(base, _corpus_test(pair, rule.margin, task, alpha, rule.over), rule)
    readable = preservation(task.readable, GUARD_MARGIN, alpha=alpha)
    if readable.verdict is not Verdict.FAIL:
        return [metric]
    reason = "the share of answers that can be read fell: " + readable.reason
    return [metric, replace(_result(base, readable, rule), rule=f"{rule.name}: readable answers", reason=reason)]


def _corpus_test(pair: Pair, margin: Margin, task: JoinedTask, alpha: float, over: Over) -> Preservation:
    corpus = _corpus(task)
    assert corpus is not None  # asked before
    if not corpus.metric.infos[0].bounded and over is not Over.TASK and margin.absolute:
        # Points mean nothing on an open scale such as CIDEr's: the same number as a share of the baseline's value.
        margin = Margin(keep=margin.keep * (1 - margin.absolute))
    return corpus_difference(task, margin, identical=pair.exact and task.identical, alpha=alpha)


def corpus_difference(
    task: JoinedTask, margin: Margin | None = None, *, identical: bool = False, alpha: float
) -> Preservation:
    """The difference of a metric that is computed over all samples, by a paired bootstrap over images.

    Args:
        task: the joined task.
        margin: how much may be lost; nothing where ``None``.
        identical: the arm is L0 by hash and all answers are equal.
        alpha: one-sided error.
    """
    margin = margin or Margin()
    before, after = task.baseline.corpus, task.arm.corpus
    if before is None or after is None:
        reason = (
            f"{task.metric} is computed over all samples together; a stored baseline keeps single scores only: "
            "compare with the run it was saved from"
        )
        return Preservation(verdict=Verdict.NOT_MEASURED, reason=reason, margin=margin)
    moved = [
        str(image)
        for i, j, image in zip(task.before, task.after, task.clusters, strict=True)
        if task.baseline.outputs[i] != task.arm.outputs[j]
    ]
    outcome, difference = corpus_outcome(
        after.metric,
        (_taken(before, task.baseline.answered, task.before), _taken(after, task.arm.answered, task.after)),
        [str(image) for image in task.clusters],
        margin,
        moved=len(set(moved)),
        identical=identical,
        seed=_SEED,
        alpha=alpha,
    )
    if not identical and task.identical:
        return nothing_differed(replace(outcome, difference=difference), task.baseline.value, alpha=alpha)
    return replace(outcome, difference=difference)


def _taken(corpus: Corpus, answered: npt.NDArray[np.bool_], places: npt.NDArray[np.intp]) -> list[object]:
    """Statistics of the pairs; they are kept for answered samples only."""
    position = np.cumsum(answered) - 1
    return [corpus.statistics[position[place]] for place in places]
