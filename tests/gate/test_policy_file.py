"""Policy files: what is read, and what is said where something in them is wrong."""

from __future__ import annotations

import pathlib

import pytest

from argus_eval.cli import main
from argus_eval.errors import UsageError
from argus_eval.gate.policy import DEFAULT_POLICY, Over
from argus_eval.gate.policy_file import read_policy
from tests.gate.runs import FakeTask, two_arms, write_run


def write(folder: pathlib.Path, text: str) -> pathlib.Path:
    path = folder / "gate.yaml"
    path.write_text(text)
    return path


def test_everything_a_policy_can_say(tmp_path: pathlib.Path) -> None:
    policy = read_policy(
        write(
            tmp_path,
            """
version: 1
accuracy:
  - {group: [vqav2, gqa], margin: 0.01, minimum_pairs: 500}
  - {task: refcoco, keep: 0.99, confidence: 0.99}
  - {guards: all, margin: 0.03}
latency:
  - {metric: ttft, quantile: 0.9, at_most_s: 0.2}
  - {metric: host, speedup_at_least: 1.0}
memory:
  - {kind: host, at_most_bytes: 2000000000}
  - {kind: device, at_most_ratio: 1.05}
validity:
  allow_synthetic: because
  errors_at_most: 0.0
  unparsed_at_most: 0.1
  complete: false
  interleaving: optional
  noise_at_most: 0.02
  fingerprints: {vqav2: "sha256:1"}
extension: {first: 0.4, seed: 3}
inconclusive: warn
""",
        )
    )
    assert [rule.over for rule in policy.accuracy] == [Over.GROUP, Over.TASK, Over.GUARDS]
    assert policy.accuracy[1].margin.keep == 0.99
    assert policy.accuracy[1].confidence == 0.99
    assert policy.latency[0].name == "ttft p90 at most 0.2 s"
    assert policy.memory[1].at_most_ratio == 1.05
    assert policy.validity.allow_synthetic == "because"
    assert policy.extension is not None
    assert (policy.extension.first, policy.extension.seed, policy.inconclusive) == (0.4, 3, "warn")


def test_rules_that_are_not_given_are_the_defaults(tmp_path: pathlib.Path) -> None:
    policy = read_policy(write(tmp_path, "validity: {allow_synthetic: true}\n"))
    assert policy.accuracy == DEFAULT_POLICY.accuracy
    assert policy.validity.allow_synthetic
    assert read_policy(write(tmp_path, "validity: {allow_synthetic: false}\n")).validity.allow_synthetic == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acuracy: []\n", "acuracy: unknown key; did you mean 'accuracy'?"),
        ("accuracy: [{task: pope, margni: 0.01}]\n", "accuracy[0].margni: unknown key; did you mean 'margin'?"),
        (
            "validity: {allow_syntetic: true}\n",
            "validity.allow_syntetic: unknown key; did you mean 'allow_synthetic'?",
        ),
        (
            "latency: [{metric: tfft, quantile: 0.5, at_most_s: 1.0}]\n",
            "latency[0].metric: 'tfft' is unknown; did you",
        ),
        ("extension: {frist: 0.5}\n", "extension.frist: unknown key; did you mean 'first'?"),
        ("latency: [{quantile: 0.5, at_most_s: 1.0}]\n", "latency[0].metric: this key is missing"),
        ("accuracy: [{task: pope, margin: '0.01'}]\n", "accuracy[0].margin: "),
        ("accuracy: [{task: pope, margin: 1.5}]\n", "accuracy[0].margin: "),
        ("accuracy: [{task: pope, margin: .nan}]\n", "accuracy[0].margin: "),
        ("accuracy: [{task: pope}]\n", "accuracy[0]: give margin"),
        ("accuracy: [{margin: 0.01}]\n", "accuracy[0]: give exactly one of task, group and guards"),
        ("accuracy: [{task: all, margin: 0.01}]\n", "accuracy[0].task: 'all' is a group"),
        ("latency: [{metric: ttft}]\n", "latency[0]: give exactly one of"),
        ("latency: [{metric: ttft, at_most_s: 1.0}]\n", "latency[0]: at_most_s needs a quantile"),
        ("memory: [{kind: host}]\n", "memory[0]: give exactly one of"),
        ("accuracy: []\n", "no rule at all"),
        ("inconclusive: ignore\n", "inconclusive: 'ignore' is unknown"),
        ("version: 2\n", "version: 2 is unknown"),
        ("- 1\n", "expected keys"),
        ("accuracy: [\n", "not YAML"),
        ("!!python/object/apply:os.system [ls]\n", "not YAML"),
    ],
)
def test_mistakes_are_named_with_file_place_and_nearest_name(
    tmp_path: pathlib.Path, text: str, message: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as problem:
        read_policy(path)
    assert str(problem.value).startswith(f"{path}: ")
    assert message in str(problem.value)


def test_a_typo_is_exit_2_before_anything_is_judged(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "run", [FakeTask(scores=two_arms(10))])
    policy = write(tmp_path, "accuracy: [{task: vqav2, margin: 0.01, confidense: 0.9}]\n")
    assert main(["check", str(tmp_path / "run"), "--policy", str(policy)]) == 2
    assert "did you mean 'confidence'?" in capsys.readouterr().err
    policy = write(tmp_path, "accuracy: [{task: vqa2, margin: 0.01}]\n")
    assert main(["check", str(tmp_path / "run"), "--policy", str(policy)]) == 2
    assert "did you mean 'vqav2'" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "run"), "--policy", str(tmp_path / "absent.yaml")]) == 2


def test_the_policy_of_the_documentation_is_one(tmp_path: pathlib.Path) -> None:
    text = (pathlib.Path(__file__).parents[2] / "docs/ci.md").read_text()
    block = next(part for part in text.split("```yaml\n")[1:] if part.startswith("version: 1"))
    policy = read_policy(write(tmp_path, block.split("```")[0]))
    assert policy.accuracy
    assert policy.flips
    assert policy.latency
    assert policy.memory
    assert policy.extension
