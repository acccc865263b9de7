"""Which samples a page shows first."""

from __future__ import annotations

from collections import Counter

from argus_eval.report.digest import digest_records
from argus_eval.report.selection import KINDS, find_samples
from tests.report.fixtures import make_input, make_records, make_results


def found(arms=3, tasks=2, trained=True, samples=64, limit=2000):
    results = make_results(arms=arms, tasks=tasks, trained=trained)
    digest = digest_records(results, make_records(results, samples))
    return (*find_samples(results, digest, limit), digest)


def brute_kinds(samples: int) -> Counter:
    """The fixture's answers compared one by one, without the digest."""
    results = make_results()
    answers = {}
    for record in make_records(results, samples):
        if record.pass_name == "accuracy":
            score = next(iter(record.scores.values()))
            answers[record.arm, record.task, record.sample] = (score, "unparsed" in (record.prediction or {}))
    counts: Counter = Counter()
    for (arm, task, sample), (score, unparsed) in answers.items():
        if arm.endswith(":baseline"):
            continue
        before = answers["argus-2b:baseline", task, sample][0]
        if score != before:
            counts["lost" if score < before else "gained"] += 1
        elif unparsed:
            counts["unparsed"] += 1
        elif score == 0:
            counts["both-wrong"] += 1
    return counts


def test_flips_are_all_there_and_come_first() -> None:
    findings, total, _ = found()
    counts = Counter(finding.kind for finding in findings)
    expected = brute_kinds(64)
    assert {kind: counts[kind] for kind in expected} == dict(expected)
    assert total >= sum(expected.values())
    order = [KINDS.index(finding.kind) for finding in findings]
    assert order == sorted(order)


def test_at_most_so_many_samples_and_arms_take_turns() -> None:
    findings, _, _ = found(arms=6, samples=256, limit=10)
    samples = {finding.sample for finding in findings}
    assert len(samples) <= 10
    assert len({finding.arm for finding in findings[:10]}) >= 4


def test_a_baseline_is_never_compared_with_itself() -> None:
    findings, _, _ = found()
    assert all(not f.arm.endswith(":baseline") for f in findings if f.kind in ("lost", "gained", "both-wrong"))


def test_a_run_without_answers_shows_examples() -> None:
    findings, total, _ = found(trained=False)
    assert findings
    assert {finding.kind for finding in findings} <= {"example", "slow"}
    assert total == sum(finding.kind == "slow" for finding in findings)


def test_the_digest_counts_every_record() -> None:
    run = make_input()
    digest = digest_records(run.results, run.records())
    assert digest.total == sum(1 for _ in run.records())
    assert len(digest.latency["argus-2b:baseline"]) == 6 * 16
