"""The store survives a kill at any byte, and says clearly what is wrong with a file."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argus_eval.core.record import Record, Times, record_from_line, record_to_line
from argus_eval.errors import EnvironmentError_, UsageError
from argus_eval.store import RunDirectory, RunWriter


def record(index: int, text: str = "yes") -> Record:
    return Record(
        key=f"k{index}",
        pass_name="latency",
        arm="argus-nano:baseline",
        task="refcoco[synthetic]",
        sample=str(index),
        replicate=0,
        block=index // 2,
        order=index % 2,
        status="ok",
        text=text,
        times_ns=Times(ttft=5, stages={"image_decode": 2}),
    )


@given(st.text())
def test_a_record_survives_its_line(text: str) -> None:
    line = record_to_line(record(1, text))
    assert "\n" not in line
    assert record_from_line(line) == record(1, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=2000))
def test_a_log_cut_at_any_byte_keeps_every_complete_line(tmp_path: pathlib.Path, cut: int) -> None:
    folder = tmp_path / f"run-{cut}"
    run = RunWriter.create(folder, {"run_id": "x"})
    log = folder / "records.jsonl"
    log.unlink(missing_ok=True)
    with RunWriter(run) as writer:
        writer.append([record(i, "line\u2028separator") for i in range(6)])
    whole = log.read_bytes()
    kept = whole[: min(cut, len(whole))]
    log.write_bytes(kept)
    expected = [f"k{i}" for i in range(kept.count(b"\n"))]
    assert [item.key for item in run.records()] == expected
    with RunWriter(run) as writer:
        writer.append([record(9)])
    assert [item.key for item in run.records()] == [*expected, "k9"]


def test_an_interrupted_block_is_marked_and_its_keys_can_be_used_again(tmp_path: pathlib.Path) -> None:
    run = RunWriter.create(tmp_path / "run", {"run_id": "x"})
    with RunWriter(run) as writer:
        writer.append([record(0), record(1), record(2)])
        assert writer.discard_tail(frozenset({"k2", "k3"})) == 1
        writer.append([record(2), record(3)])
    assert [item.key for item in run.records()] == ["k0", "k1", "k2", "k3"]
    everything = list(run.records(include_discarded=True))
    assert [item.status for item in everything] == ["ok", "ok", "discarded", "ok", "ok"]


def test_two_writers_are_refused(tmp_path: pathlib.Path) -> None:
    run = RunWriter.create(tmp_path / "run", {"run_id": "x"})
    with RunWriter(run), pytest.raises(UsageError, match="another process"), RunWriter(run):
        pass


def test_a_spoilt_line_is_named(tmp_path: pathlib.Path) -> None:
    run = RunWriter.create(tmp_path / "run", {"run_id": "x"})
    (run.path / "records.jsonl").write_text(record_to_line(record(0)) + "\n{}\n")
    with pytest.raises(UsageError, match="line 2"):
        list(run.records())


def test_a_folder_that_cannot_be_made_is_an_environment_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentError_, match="--runs-dir"):
        RunWriter.create(tmp_path / "file" / "run", {})


def test_find_names_both_places(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match="nothing-here"):
        RunDirectory.find("nothing-here", tmp_path)
    run = RunWriter.create(tmp_path / "a", {"run_id": "a"})
    assert RunDirectory.find("a", tmp_path).path == run.path


def test_find_names_the_run_that_was_meant(tmp_path: pathlib.Path) -> None:
    RunWriter.create(tmp_path / "argus-nano--refcoco--1234abcd", {})
    (tmp_path / "argus-nano--refcoco--9999").mkdir()  # no run
    with pytest.raises(UsageError, match=r"did you mean 'argus-nano--refcoco--1234abcd'\?$"):
        RunDirectory.find("argus-nano--refcoc--1234abcd", tmp_path)


def test_records_are_equal_after_a_round_trip_of_every_field() -> None:
    full = dataclasses.replace(
        record(1),
        scores={"acc@0.5": None},
        lengths={"tiles": 5},
        hashes={"ids": "ab"},
        error="x",
    )
    assert record_from_line(record_to_line(full)) == full
