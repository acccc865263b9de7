"""What CI systems read: JUnit, Markdown, annotations and the step summary of GitHub, the workflow."""

from __future__ import annotations

import pathlib
import re
import xml.etree.ElementTree as ET

import pytest
import yaml

from argus_eval.cli import main
from argus_eval.gate.markdown import escaped
from tests.gate.runs import BASELINE, FAST, FakeTask, two_arms, write_run

junitparser = pytest.importorskip("junitparser")

HOSTILE = "t<b>|`x`\n::error::\x1b[31m\u0000]]>"
ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A run with an arm that passes, one that fails on a task with a hostile name, and one that is undecided."""
    good, bad = two_arms(400), two_arms(400, lost=60)
    third = two_arms(400, lost=4)
    scores = {BASELINE: good[BASELINE], FAST: good[FAST], "m:bad": bad[FAST], "m:open": third[FAST]}
    write_run(tmp_path / "run", [FakeTask(scores=scores), FakeTask(scores=scores, name=HOSTILE)])
    return tmp_path


def test_junit_is_read_by_others_and_keeps_the_schema(folder: pathlib.Path) -> None:
    path = folder / "out" / "gate.xml"
    policy = folder / "gate.yaml"
    policy.write_text("validity: {unparsed_at_most: 0.5}\n")
    assert main(["check", str(folder / "run"), "--policy", str(policy), "--junit", str(path)]) == 1
    suites = list(junitparser.JUnitXml.fromfile(str(path)))
    assert [suite.name for suite in suites] == [f"accuracy gate: {arm}" for arm in (FAST, "m:bad", "m:open")]
    passed, failed, undecided = suites
    assert (passed.tests, passed.failures, passed.errors) == (5, 0, 0)
    assert failed.failures == 3
    kinds = [type(case.result[0]).__name__ if case.result else "passed" for case in undecided]
    assert kinds == ["Failure", "passed", "passed", "passed", "passed"]
    for suite in ET.parse(path).getroot():
        assert suite[0].tag == "properties"
        assert [child.tag for child in suite][-2:] == ["system-out", "system-err"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for kind in ("failure", "error"):
            assert int(suite.attrib[f"{kind}s"]) == sum(case.find(kind) is not None for case in cases)
        for case in cases:
            assert {"name", "classname", "time"} <= set(case.attrib)
            assert len(case) <= 1
        names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
        assert len(set(names)) == len(names)


def test_what_only_warns_is_skipped_in_junit(folder: pathlib.Path) -> None:
    path = folder / "gate.xml"
    words = ["--arm", "open", "--inconclusive", "warn", "--junit", str(path)]
    assert main(["check", str(folder / "run"), *words]) == 0
    (suite,) = junitparser.JUnitXml.fromfile(str(path))
    assert (suite.skipped, suite.failures) == (1, 0)


def test_markdown_shows_names_as_they_are(folder: pathlib.Path) -> None:
    path = folder / "gate.md"
    main(["check", str(folder / "run"), "--markdown", str(path)])
    text = path.read_text()
    assert "<b>" not in text.replace("\\<b\\>", "")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {6, 12}
    assert escaped("a|b\n*c*") == r"a\|b \*c\*"


def test_github_gets_annotations_and_a_summary(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = folder / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    main(["check", str(folder / "run")])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::error"]
    assert all(re.match(r"::(error|warning) title=[^:,]*::", line) for line in lines)
    assert summary.read_text().startswith("before\n## Accuracy gate: FAIL")
    monkeypatch.delenv("GITHUB_ACTIONS")
    main(["check", str(folder / "run")])
    assert not [line for line in capsys.readouterr().err.splitlines() if line.startswith("::")]


def test_the_workflow_is_pinned_and_takes_no_input_as_text() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/accuracy-gate.yml").read_text())
    inputs = workflow[True]["workflow_call"]["inputs"]  # YAML reads the key "on" as true
    assert {"model", "tasks", "policy", "baseline"} <= set(inputs)
    steps = workflow["jobs"]["gate"]["steps"]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        assert "${{" not in step.get("run", "")
    used = {
        name
        for step in steps
        for value in step.get("env", {}).values()
        for name in re.findall(r"inputs\.([\w-]+)", value)
    }
    assert {"model", "tasks", "recipes", "weights", "data", "limit", "budget", "policy", "baseline"} <= used
    assert workflow["permissions"] == {"contents": "read"}


def test_our_own_policies_are_valid() -> None:
    from argus_eval.gate.policy_file import read_policy

    for path in sorted((ROOT / ".ci/gate").glob("*.yaml")):
        assert len(read_policy(path).validity.allow_synthetic) > 40
