"""The board: what is refused, what shares a table, and a page that equals its entries."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re

import pytest

from argus_eval.core.codec import to_json
from argus_eval.core.results import Results
from argus_eval.errors import IncompleteError, UsageError
from argus_eval.leaderboard import add, build
from argus_eval.leaderboard.entries import Entry, read_entries
from argus_eval.leaderboard.groups import accuracy_tables, hardware, speed_tables
from argus_eval.report.published import PublishedScore, read_published
from tests.report.fixtures import HOSTILE, make_results
from tests.report.test_page import Reader

PUBLISHED = pathlib.Path(__file__).resolve().parents[2] / "leaderboards" / "published.yaml"


def run_folder(folder: pathlib.Path, results: Results, report: str | None = "<!doctype html>") -> pathlib.Path:
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(to_json(results)))
    if report is not None:
        (folder / "report.html").write_text(report)
    return folder


def entry(results: Results) -> Entry:
    return Entry(results=results, report=None)


def score(**changes) -> PublishedScore:
    base = PublishedScore(
        model="smolvlm-2.2b", benchmark="TextVQA val", task="textvqa", metric="vqa_accuracy", value=0.727,
        source="https://example.org/paper", read="source",
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def test_a_run_is_kept_as_it_is_with_its_report(tmp_path: pathlib.Path) -> None:
    results = make_results()
    board = tmp_path / "board"
    path = add(run_folder(tmp_path / "run", results), board)
    assert path == board / "entries" / "argus-2b-7f3a1c.json"
    (kept,) = read_entries(board)
    assert to_json(kept.results) == to_json(results)
    assert kept.report == "reports/argus-2b-7f3a1c.html"
    add(tmp_path / "run", board)
    assert len(read_entries(board)) == 1


def test_a_run_without_a_report_is_not_linked(tmp_path: pathlib.Path) -> None:
    add(run_folder(tmp_path / "run", make_results(), report=None), tmp_path / "board")
    assert read_entries(tmp_path / "board")[0].report is None


@pytest.mark.parametrize(
    ("results", "words"),
    [
        (dataclasses.replace(make_results(), complete=False), "not finished"),
        (dataclasses.replace(make_results(), quick=True), "quick run"),
        (make_results(arms=4), "breaks its L1 claim"),
    ],
)
def test_what_proves_nothing_is_refused(tmp_path: pathlib.Path, results: Results, words: str) -> None:
    with pytest.raises(IncompleteError, match=words):
        add(run_folder(tmp_path / "run", results), tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_no_results_and_broken_results_name_the_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match=r"results\.json: there are no results"):
        add(tmp_path, tmp_path / "board")
    (tmp_path / "results.json").write_text('{"schema": 1}')
    with pytest.raises(UsageError, match=r"results\.json: cannot be read as results: results"):
        add(tmp_path, tmp_path / "board")


def test_a_run_id_cannot_leave_the_folder(tmp_path: pathlib.Path) -> None:
    results = dataclasses.replace(make_results(), run_id="../../etc/passwd")
    path = add(run_folder(tmp_path / "run", results), tmp_path / "board")
    assert path.parent == tmp_path / "board" / "entries"


def with_fingerprint(results: Results, fingerprint: str) -> Results:
    arms = tuple(
        dataclasses.replace(
            arm,
            tasks=tuple(
                dataclasses.replace(task, data=dataclasses.replace(task.data, fingerprint=fingerprint))
                for task in arm.tasks
            ),
        )
        for arm in results.arms
    )
    return dataclasses.replace(results, arms=arms)


def test_other_samples_mean_another_table() -> None:
    first, other = make_results(), with_fingerprint(make_results(), "sha256:other")
    assert len(accuracy_tables([entry(first), entry(first)], ())) == 2
    assert len(accuracy_tables([entry(first), entry(other)], ())) == 4


def test_another_machine_means_another_table() -> None:
    first = make_results()
    other = dataclasses.replace(first, environment={"host": {"cpu": "Apple M4", "cores": 10}})
    assert len(speed_tables([entry(first), entry(first)])) == 1
    tables = speed_tables([entry(first), entry(other)])
    assert {table.hardware for table in tables} == {
        "cpu · AMD EPYC 9654 · 2 cores · bfloat16",
        "cpu · Apple M4 · 10 cores · bfloat16",
    }


def test_an_accelerator_is_named_before_the_processor() -> None:
    results = dataclasses.replace(
        make_results(), environment={"host": {"cpu": "Xeon", "cores_used": 8}, "device": {"name": "NVIDIA H200"}}
    )
    arm = dataclasses.replace(results.arms[0], device="cuda")
    assert hardware(results, arm) == "NVIDIA H200 · Xeon · 8 cores · bfloat16"


def test_rows_are_ordered_by_merit_and_the_twin_is_out() -> None:
    (table, _) = accuracy_tables([entry(make_results())], ())
    values = [row.metric.value for row in table.rows]
    assert values == sorted(values, reverse=True)
    (speeds,) = speed_tables([entry(make_results())])
    assert len(speeds.rows) == 3
    times = [row.efficiency.ttft_s.p50 for row in speeds.rows]
    assert times == sorted(times)


def test_random_weights_have_speed_and_no_accuracy() -> None:
    results = make_results(trained=False)
    assert accuracy_tables([entry(results)], ()) == ()
    assert len(speed_tables([entry(results)])) == 1


def test_published_numbers_never_stand_beside_a_synthetic_sample() -> None:
    (_, table) = accuracy_tables([entry(make_results())], [score(), score(task="textvqa[synthetic]")])
    assert [row.task for row in table.published] == ["textvqa[synthetic]"]
    assert accuracy_tables([entry(make_results())], [score()])[1].published == ()


def test_the_page_shows_every_number_of_its_entries(tmp_path: pathlib.Path) -> None:
    board = tmp_path / "board"
    results = make_results()
    add(run_folder(tmp_path / "run", results), board)
    (board / "published.yaml").write_text(PUBLISHED.read_text())
    page = build(board).read_text()
    reader = Reader(page)
    shown = {float(attributes["value"] or "nan") for tag, attributes in reader.elements if tag == "data"}
    for arm in results.arms:
        if arm.role != "aa":
            assert arm.efficiency[0].ttft_s.p50 in shown
            assert {m.value for task in arm.tasks for m in task.metrics.values() if m.primary} <= shown
    assert {row.value for row in read_published(PUBLISHED)} <= shown
    assert "reports/argus-2b-7f3a1c.html" in page
    assert page.count('class="marks"') == 2


def test_the_page_loads_nothing_and_obeys_nobody(tmp_path: pathlib.Path) -> None:
    results = make_results()
    arms = tuple(dataclasses.replace(arm, label=HOSTILE, device=HOSTILE) for arm in results.arms)
    add(run_folder(tmp_path / "run", dataclasses.replace(results, arms=arms)), tmp_path / "board")
    page = build(tmp_path / "board").read_text()
    reader = Reader(page)
    assert [tag for tag, _ in reader.elements].count("script") == 1
    assert "\u202e" not in page
    assert "<img" not in page
    for tag, attributes in reader.elements:
        assert "style" not in attributes
        if attributes.get("src") or (tag == "link" and not (attributes["href"] or "").startswith("data:")):
            pytest.fail(f"{tag} loads something")
    policy = next(attributes["content"] or "" for tag, attributes in reader.elements if "http-equiv" in attributes)
    assert re.match(r"default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'", policy)


def test_an_empty_board_says_how_to_fill_it(tmp_path: pathlib.Path) -> None:
    assert "No run has been added yet" in Reader(build(tmp_path / "board").read_text()).text


def test_the_published_list_is_sound() -> None:
    rows = read_published(PUBLISHED)
    assert len(rows) > 10
    tasks = {path.stem for path in (PUBLISHED.parents[1] / "tasks").glob("*.yaml")}
    for row in rows:
        assert row.task is None or row.task in tasks
        assert row.metric == "CIDEr" or 0 < row.value < 1
        assert row.read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scores: []", "schema: expected"),
        ("schema: argus-eval/published/1", "scores: expected a list"),
        ("schema: argus-eval/published/1\nscores: [{model: a}]", "'benchmark' is missing"),
        ("schema: argus-eval/published/1\nscores: [{modle: a}]", "unknown key 'modle'"),
        ("{", "not readable as YAML"),
    ],
)
def test_a_wrong_list_is_refused_with_its_place(tmp_path: pathlib.Path, text: str, words: str) -> None:
    path = tmp_path / "published.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=re.escape(words)):
        read_published(path)


def test_only_addresses_can_be_sources(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "published.yaml"
    path.write_text(
        "schema: argus-eval/published/1\nscores: [{model: a, benchmark: b, task: null, metric: m, value: 0.5,"
        ' source: "javascript:alert(1)", read: source}]'
    )
    with pytest.raises(UsageError, match="https address"):
        read_published(path)
