"""JUnit XML: one suite an arm, one case a rule, as CI systems read it.

Attributes and the order of elements follow the common schema (Jenkins, and the stricter one of Windy Road's
``JUnit.xsd``): a suite has name, timestamp, hostname, counts and time; a case has at most one of failure, error
and skipped.
"""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ET

from argus_eval.gate.outcome import ArmCheck, CheckOutcome, RuleResult
from argus_eval.gate.wording import rule_line, verdict_words
from argus_eval.stats.verdict import Verdict

__all__ = ["junit_xml"]

# XML 1.0 has no way to say these characters, escaped or not.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(outcome: CheckOutcome, now: datetime.datetime) -> str:
    """The outcome as JUnit XML.

    FAIL is a failure; INVALID and NOT_MEASURED are errors; INCONCLUSIVE is a failure where it fails the gate, and
    skipped where it only warns or belongs to a guard.
    """
    root = ET.Element("testsuites")
    for index, arm in enumerate(outcome.arms):
        root.append(_suite(outcome, arm, index, now))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(outcome: CheckOutcome, arm: ArmCheck, index: int, now: datetime.datetime) -> ET.Element:
    cases = [_case(arm, rule, outcome.inconclusive == "warn") for rule in arm.rules]
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    suite = ET.Element(
        "testsuite",
        {
            "name": _clean(f"accuracy gate: {arm.arm}"),
            "package": "argus-eval",
            "id": str(index),
            "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S"),
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "time": "0",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("run", outcome.run_id),
        ("baseline", arm.baseline),
        ("policy", outcome.policy),
        ("verdict", arm.verdict.value),
    ):
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = _clean(
        "\n".join(f"{verdict_words(rule.verdict)}: {rule.rule}: {rule_line(rule)}" for rule in arm.rules)
    )
    ET.SubElement(suite, "system-err").text = _clean("\n".join(arm.notes))
    return suite


def _case(arm: ArmCheck, rule: RuleResult, warns: bool) -> ET.Element:
    name = rule.rule if rule.subject in rule.rule else f"{rule.rule}: {rule.subject}"
    case = ET.Element(
        "testcase",
        {"name": _clean(name), "classname": _clean(f"argus-eval.{rule.kind}.{arm.arm}"), "time": "0"},
    )
    message = {"message": _clean(rule.reason), "type": rule.verdict.value}
    match rule.verdict:
        case Verdict.FAIL:
            ET.SubElement(case, "failure", message).text = _clean(rule_line(rule))
        case Verdict.INCONCLUSIVE if warns or rule.guard:
            ET.SubElement(case, "skipped", {"message": _clean(rule.reason)})
        case Verdict.INCONCLUSIVE:
            ET.SubElement(case, "failure", message).text = _clean(rule_line(rule))
        case Verdict.INVALID | Verdict.NOT_MEASURED:
            ET.SubElement(case, "error", message).text = _clean(rule_line(rule))
        case _:
            pass
    return case


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
