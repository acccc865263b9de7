"""Verdicts and exit codes of ``argus-eval check`` on runs whose truth is known, through the command itself."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from argus_eval.cli import main
from argus_eval.core.results import LossClass
from tests.gate.runs import BASELINE, FAST, FakeTask, two_arms, write_run

PASS, FAILED, USAGE, OPEN, INVALID = 0, 1, 2, 3, 4


def check(folder: pathlib.Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command."""
    found = folder.parent / "check.json"
    code = main(["check", str(folder), "--json", str(found), *words])
    return code, json.loads(found.read_text())


def verdicts(found: dict[str, Any]) -> list[str]:
    return [rule["verdict"] for arm in found["arms"] for rule in arm["rules"]]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "run"


def test_enough_pairs_and_few_changes_pass(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(1_200, lost=4, gained=4))])
    code, found = check(folder)
    assert code == PASS
    assert found["verdict"] == "PASS"
    assert verdicts(found) == ["PASS", "PASS"]
    facts = found["arms"][0]["tasks"][0]
    assert (facts["lost"], facts["gained"], facts["n"]) == (4, 4, 1_200)


def test_a_loss_of_six_points_fails(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(700, lost=50, gained=10))])
    code, found = check(folder)
    assert code == FAILED
    assert found["verdict"] == "FAIL"


@pytest.mark.parametrize(
    ("lost", "n", "expected"), [(0, 100, OPEN), (0, 400, PASS), (1, 400, OPEN), (1, 1000, PASS)]
)
def test_few_discordant_pairs_are_bounded_exactly(folder: pathlib.Path, lost: int, n: int, expected: int) -> None:
    # One point of margin: 1 − 0.05^(1/n) is 3.0 points for n = 99 and 0.75 for 400; Clopper–Pearson's upper bound
    # for one loss is 1.18 points for 400 and 0.47 for 999.
    write_run(folder, [FakeTask(scores=two_arms(n, lost=lost))])
    code, found = check(folder)
    assert code == expected
    if expected == OPEN:
        assert "needs" in found["arms"][0]["rules"][0]["reason"]


def test_too_small_benchmarks_say_so(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(900, lost=15, gained=15))])
    code, found = check(folder)
    assert code == OPEN
    assert "cannot be decided on this benchmark" in found["arms"][0]["rules"][0]["reason"]
    assert found["arms"][0]["rules"][0]["preservation"]["needed"] > 900


def test_a_limited_run_may_ask_for_more(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(900, lost=15, gained=15))], limit=900)
    _, found = check(folder)
    assert "cannot be decided" not in found["arms"][0]["rules"][0]["reason"]
    assert "; has 900" in found["arms"][0]["rules"][0]["reason"]


def test_inconclusive_may_warn(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(100, lost=1))])
    assert check(folder)[0] == OPEN
    code, found = check(folder, "--inconclusive", "warn")
    assert (code, found["verdict"]) == (PASS, "INCONCLUSIVE")


def test_images_with_many_questions_count_as_images(folder: pathlib.Path) -> None:
    # 30 questions an image: what is decided question by question is not decided image by image.
    scores = two_arms(900, lost=27)
    alone = write_run(folder.parent / "alone", [FakeTask(scores=scores)])
    images = [f"image {index // 30}" for index in range(900)]
    write_run(folder, [FakeTask(scores=scores, images=images)])
    assert check(alone.path)[0] == FAILED
    code, found = check(folder)
    assert code == OPEN
    assert found["arms"][0]["tasks"][0]["images"] == 30


def test_hash_equal_arms_pass_as_identical_for_any_n(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(40))], loss_class=LossClass.L0)
    code, found = check(folder)
    assert (code, found["verdict"]) == (PASS, "PASS")
    assert set(verdicts(found)) == {"PASS (identical)"}


def test_the_same_scores_by_other_answers_are_not_identical(folder: pathlib.Path) -> None:
    scores = two_arms(40)
    answers = {BASELINE: ["a"] * 40, FAST: ["a"] * 39 + ["b"]}
    write_run(folder, [FakeTask(scores=scores, answers=answers)], loss_class=LossClass.L0)
    assert check(folder)[0] == OPEN


def test_equal_answers_with_other_scores_are_invalid(folder: pathlib.Path) -> None:
    answers = {BASELINE: ["a"] * 400, FAST: ["a"] * 400}
    write_run(folder, [FakeTask(scores=two_arms(400, lost=2), answers=answers)])
    assert check(folder)[0] == INVALID


def test_a_broken_claim_of_exactness_is_invalid(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(400))], loss_class=LossClass.L0, broken="pixels differ")
    code, found = check(folder)
    assert code == INVALID
    assert "pixels differ" in found["summary"]


@pytest.mark.parametrize("text", ["", "\u0000garbage \ud800", "lorem ipsum"])
def test_an_arm_that_answers_nothing_or_garbage_fails(folder: pathlib.Path, text: str) -> None:
    n = 300
    scores = {BASELINE: two_arms(n)[BASELINE], FAST: [0.0] * n}
    unparsed = {FAST: [not text] * n}
    write_run(folder, [FakeTask(scores=scores, unparsed=unparsed, answers={FAST: [text] * n})])
    code, found = check(folder)
    assert (code, found["verdict"]) == (FAILED, "FAIL")


def test_requests_that_fail_are_infrastructure(folder: pathlib.Path) -> None:
    n = 400
    failed = {FAST: [index < 20 for index in range(n)]}
    write_run(folder, [FakeTask(scores=two_arms(n), failed=failed)])
    code, found = check(folder)
    assert code == INVALID
    assert "requests failed" in found["summary"]
    few = {FAST: [index < 4 for index in range(n)]}
    again = write_run(folder.parent / "few", [FakeTask(scores=two_arms(n), failed=few)])
    code, found = check(again.path)
    assert code == PASS
    assert found["arms"][0]["tasks"][0]["n"] == n - 4


def edit(folder: pathlib.Path, change: Any) -> None:
    """Rewrite the lines of records.jsonl."""
    path = folder / "records.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("".join(line + "\n" for line in change(lines)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:-1], "missing from the arm"),
        (lambda lines: [*lines[:7], *lines[8:]], "missing from the baseline"),
        (lambda lines: lines[1:320] + lines[321:], "have a record"),
        (lambda lines: [*lines, lines[-1]], "duplicated"),
        (lambda lines: [*lines[:-1], lines[-1].replace('"sample":"sha256:', '"sample":"sha256:0')], "fingerprint"),
    ],
)
def test_missing_duplicated_or_exchanged_samples_never_pass(folder: pathlib.Path, change: Any, words: str) -> None:
    write_run(folder, [FakeTask(scores=two_arms(320))], loss_class=LossClass.L0)
    assert check(folder)[0] == PASS
    edit(folder, change)
    code, found = check(folder)
    assert (code, found["verdict"]) == (INVALID, "INVALID")
    assert words in found["summary"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"salt": "another data set"}, "fingerprints"),
        ({"prompt": "sha256:other"}, "fingerprints"),
        ({"name": "textvqa"}, "has the task"),
        ({"metric": "accuracy"}, "scored by"),
        ({"requested": "auto", "resolved": "bundled", "name": "vqav2[synthetic]"}, "has the task"),
        ({"requested": "hub", "resolved": "cache"}, "data requested (hub)"),
    ],
)
def test_runs_on_other_data_or_prompts_are_invalid(folder: pathlib.Path, other: Any, words: str) -> None:
    scores = {BASELINE: two_arms(320)[BASELINE]}
    reference = write_run(folder.parent / "reference", [FakeTask(scores=scores)])
    same = write_run(folder.parent / "same", [FakeTask(scores=scores)])
    write_run(folder, [FakeTask(scores=scores, **other)])
    assert check(same.path, "--baseline", str(reference.path))[0] == PASS
    code, found = check(folder, "--baseline", str(reference.path))
    assert code == INVALID
    assert words in found["summary"]


def test_more_samples_than_the_baseline_has_are_invalid(folder: pathlib.Path) -> None:
    reference = write_run(folder.parent / "reference", [FakeTask(scores={BASELINE: [1.0] * 320})])
    write_run(folder, [FakeTask(scores={BASELINE: [1.0] * 330})])
    assert check(folder, "--baseline", str(reference.path))[0] == INVALID


def test_synthetic_data_need_the_policy_to_allow_them(folder: pathlib.Path) -> None:
    task = FakeTask(scores=two_arms(320), name="vqav2[synthetic]", requested="bundled", resolved="bundled")
    write_run(folder, [task])
    assert check(folder)[0] == INVALID
    policy = folder.parent / "gate.yaml"
    policy.write_text("accuracy: [{task: vqav2, margin: 0.01}]\nvalidity: {allow_synthetic: a demonstration}\n")
    code, found = check(folder, "--policy", str(policy))
    assert code == PASS
    assert "a demonstration" in found["arms"][0]["notes"][0]


def test_random_weights_are_not_measured(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(320))], weights="random")
    code, found = check(folder)
    assert (code, found["verdict"]) == (INVALID, "NOT_MEASURED")
    assert check(folder, "--inconclusive", "warn")[0] == INVALID


def test_an_unfinished_run_is_invalid(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(320))], complete=False)
    assert check(folder)[0] == INVALID
    (folder / "results.json").unlink()
    assert main(["check", str(folder)]) == INVALID


def test_a_guard_blocks_only_where_it_fails(folder: pathlib.Path) -> None:
    steady = FakeTask(scores=two_arms(800, lost=1, gained=1))
    policy = folder.parent / "gate.yaml"
    policy.write_text("accuracy: [{task: vqav2, margin: 0.01}, {guards: all, margin: 0.03}]\n")
    write_run(folder, [steady, FakeTask(scores=two_arms(60), name="gqa")])
    code, found = check(folder, "--policy", str(policy))
    rules = {rule["subject"]: rule for rule in found["arms"][0]["rules"]}
    assert (code, rules["gqa"]["verdict"], rules["gqa"]["guard"]) == (PASS, "INCONCLUSIVE", True)
    failing = [steady, FakeTask(scores=two_arms(200, lost=40), name="gqa")]
    code, found = check(write_run(folder.parent / "failing", failing).path, "--policy", str(policy))
    assert (code, found["verdict"]) == (FAILED, "FAIL")


def test_a_rule_may_keep_a_fraction_and_ask_for_pairs(folder: pathlib.Path) -> None:
    write_run(folder, [FakeTask(scores=two_arms(1_500, lost=18, gained=3))])
    policy = folder.parent / "gate.yaml"
    for rule, expected in (
        ("{task: vqav2, keep: 0.97}", PASS),
        ("{task: vqav2, keep: 0.999}", FAILED),
        ("{task: vqav2, keep: 0.97, minimum_pairs: 2000}", OPEN),
        ("{group: [vqav2], margin: 0.025, confidence: 0.99}", PASS),
        ("{group: all-vqa, margin: 0.025}", PASS),
        ("{group: all-ocr, margin: 0.02}", INVALID),
    ):
        policy.write_text(f"accuracy: [{rule}]\n")
        assert check(folder, "--policy", str(policy))[0] == expected, rule


def test_unreadable_answers_above_the_limit_fail(folder: pathlib.Path) -> None:
    unparsed = {FAST: [index < 50 for index in range(320)]}
    write_run(folder, [FakeTask(scores=two_arms(320), unparsed=unparsed)])
    policy = folder.parent / "gate.yaml"
    policy.write_text("validity: {unparsed_at_most: 0.05}\n")
    assert check(folder, "--policy", str(policy))[0] == FAILED
    policy.write_text("validity: {unparsed_at_most: 0.2}\n")
    assert check(folder, "--policy", str(policy))[0] == PASS


def test_a_pinned_fingerprint_must_be_that_of_the_data(folder: pathlib.Path) -> None:
    run = write_run(folder, [FakeTask(scores=two_arms(320))])
    policy = folder.parent / "gate.yaml"
    policy.write_text("validity: {fingerprints: {vqav2: 'sha256:another'}}\n")
    assert check(folder, "--policy", str(policy))[0] == INVALID
    right = run.results().arms[0].tasks[0].data.fingerprint
    policy.write_text(f"validity: {{fingerprints: {{vqav2: '{right}'}}}}\n")
    assert check(folder, "--policy", str(policy))[0] == PASS


def test_a_run_with_one_arm_needs_something_to_compare_it_with(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(folder, [FakeTask(scores={BASELINE: [1.0] * 10})])
    assert main(["check", str(folder)]) == USAGE
    assert "stored baseline" in capsys.readouterr().err
    assert main(["check", str(folder), "--baseline", "nowhere"]) == USAGE


def test_unknown_arms_are_named(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(folder, [FakeTask(scores=two_arms(10))])
    assert main(["check", str(folder), "--arm", "fsat"]) == USAGE
    assert "fast" in capsys.readouterr().err
