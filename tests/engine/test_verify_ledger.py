"""The file of verifications, and the matrix made of it."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys

import pytest

from argus_eval.engine.verify_cells import Status
from argus_eval.engine.verify_ledger import Verification, read_ledger, record, shipped_verifications
from argus_eval.engine.verify_matrix import matrix
from argus_eval.errors import UsageError

from .test_verify_cells import published

ENTRY = Verification(
    model="m", task="textvqa", metric="vqa_accuracy", status=Status.VERIFIED, date="2026-11-22", n=5000,
    published=0.727, tolerance=0.01, source="https://example.org", value=0.7239, ci=(0.71, 0.74),
    difference=-0.0031, weights="owner/name", backend="transformers", device="cuda", dtype="bfloat16",
    data="sha256:1", prompt="sha256:2", version="0.1.0",
)  # fmt: skip


def test_lines_come_back_sorted_and_a_later_one_replaces_the_earlier(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "new" / "verified.jsonl"
    record(path, [ENTRY, dataclasses.replace(ENTRY, task="gqa")])
    record(path, [dataclasses.replace(ENTRY, status=Status.DEVIATES, ci=None)])
    found = read_ledger(path)
    assert [entry.task for entry in found.values()] == ["gqa", "textvqa"]
    assert found[ENTRY.key] == dataclasses.replace(ENTRY, status=Status.DEVIATES, ci=None)
    assert path.read_text(encoding="utf-8").count("\n") == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2"),
        ("[]", "line 2"),
        ('{"model": "m"}', "line 2: verification"),
        ("[" * 100_000, "line 2"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: pathlib.Path, line: str, words: str) -> None:
    path = tmp_path / "v.jsonl"
    record(path, [ENTRY])
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        read_ledger(path)


def test_only_decisions_belong_into_the_file(tmp_path: pathlib.Path) -> None:
    record(path := tmp_path / "v.jsonl", [dataclasses.replace(ENTRY, status=Status.UNVERIFIED)])
    with pytest.raises(UsageError, match="only what was decided"):
        read_ledger(path)


def test_no_file_is_an_empty_one_and_what_is_shipped_can_be_read(tmp_path: pathlib.Path) -> None:
    assert read_ledger(tmp_path / "none.jsonl") == {}
    shipped_verifications()


def test_every_pair_has_a_cell_and_a_changed_score_undoes_its_verification() -> None:
    known = {ENTRY.key: ENTRY}
    cells = matrix(("m", "other"), ("gqa", "textvqa"), [published()], known)
    assert [(cell.model, cell.task, cell.status) for cell in cells] == [
        ("m", "gqa", Status.UNVERIFIED),
        ("m", "textvqa", Status.VERIFIED),
        ("other", "gqa", Status.UNVERIFIED),
        ("other", "textvqa", Status.UNVERIFIED),
    ]
    changed = matrix(("m",), ("textvqa",), [published(value=0.73)], known)
    assert changed[0].status is Status.UNVERIFIED
    assert "2026-11-22" in changed[0].reason


def test_reading_the_file_imports_nothing_heavy() -> None:
    code = (
        "import sys, argus_eval.engine.verify_ledger, argus_eval.engine.verify_matrix\n"
        "print([m for m in ('torch', 'numpy', 'scipy', 'pydantic', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
