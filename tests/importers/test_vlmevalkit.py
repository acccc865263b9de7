"""Tables of VLMEvalKit."""

from __future__ import annotations

import json
import pathlib

import pytest

from argus_eval.errors import UsageError
from argus_eval.importers.vlmevalkit import read_vlmevalkit
from tests.importers.logs import multiple_choice, workbook


def open_answers(matches: list[str]) -> list[dict[str, object]]:
    return [
        {"index": index, "question": "?", "answer": "['a']", "prediction": "a", "eval_match": match}
        for index, match in enumerate(matches)
    ]


def test_every_table_of_a_folder_is_a_task(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "SmolVLM-256M"
    workbook(folder / "SmolVLM-256M_AI2D_TEST_exact_matching_result.xlsx", multiple_choice([1, 0, 1]))
    workbook(
        folder / "SmolVLM-256M_POPE_auxmatch.xlsx",
        [{"index": 7, "question": "?", "answer": "Yes", "prediction": "yes", "extracted": "Yes", "score": True}],
    )
    workbook(folder / "SmolVLM-256M_POPE.xlsx", [{"index": 7, "question": "?", "prediction": "yes"}])
    found = read_vlmevalkit(folder)
    assert found.model == "SmolVLM-256M"
    assert {task.name: [sample.scores["accuracy"] for sample in task.samples] for task in found.tasks} == {
        "vlmevalkit:AI2D_TEST": [1.0, 0.0, 1.0],
        "vlmevalkit:POPE": [1.0],
    }


@pytest.mark.parametrize(
    ("dataset", "match", "metric", "value"),
    [
        # distances: the best reference counts, and one too far away scores nothing
        ("DocVQA_VAL", "[0.9, 0.25]", "anls", 0.75),
        ("InfoVQA_VAL", "[0.51]", "anls", 0.0),
        ("ChartQA_TEST", "[False, True]", "relaxed_accuracy", 1.0),
        ("TextVQA_VAL", "[np.float64(1.0), np.float64(0.5)]", "vqa_score", 0.75),
        ("GQA_TestDev_Balanced", "[0.0]", "accuracy", 0.0),
    ],
)
def test_open_answers_are_scored_as_the_tool_scores_them(
    tmp_path: pathlib.Path, dataset: str, match: str, metric: str, value: float
) -> None:
    (task,) = read_vlmevalkit(workbook(tmp_path / "m" / f"m_{dataset}_results.xlsx", open_answers([match]))).tasks
    assert task.name == f"vlmevalkit:{dataset}"
    assert task.samples[0].scores == {metric: pytest.approx(value)}


@pytest.mark.parametrize("suffix", [".tsv", ".json"])
def test_other_formats_hold_the_same(tmp_path: pathlib.Path, suffix: str) -> None:
    rows = multiple_choice([1, 0])
    reference = read_vlmevalkit(workbook(tmp_path / "m" / "m_MMBench_gpt-4o_result.xlsx", rows))
    path = tmp_path / "m" / f"m_MMBench_gpt-4o_result{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(rows))
    else:
        lines = [
            "\t".join(rows[0]),
            *("\t".join("" if v is None else str(v) for v in row.values()) for row in rows),
        ]
        path.write_text("\n".join(lines) + "\n")
    found = read_vlmevalkit(path)
    assert found.tasks == reference.tasks
    assert found.tasks[0].name == "vlmevalkit:MMBench"


def test_the_same_question_has_the_same_content_whatever_was_answered(tmp_path: pathlib.Path) -> None:
    rows = multiple_choice([1, 0])
    one = read_vlmevalkit(workbook(tmp_path / "a" / "a_AI2D_gpt_result.xlsx", rows)).tasks[0].samples
    for row in rows:
        row["prediction"] = "B"
    other = read_vlmevalkit(workbook(tmp_path / "b" / "b_AI2D_gpt_result.xlsx", rows)).tasks[0].samples
    assert [sample.content for sample in one] == [sample.content for sample in other]
    rows[0]["question"] = "which one?"
    changed = read_vlmevalkit(workbook(tmp_path / "c" / "c_AI2D_gpt_result.xlsx", rows)).tasks[0].samples
    assert changed[0].content != one[0].content


def test_a_folder_without_scored_tables_says_so(tmp_path: pathlib.Path) -> None:
    workbook(tmp_path / "m" / "m_POPE.xlsx", [{"index": 1, "prediction": "yes"}])
    with pytest.raises(UsageError, match="no table with a score"):
        read_vlmevalkit(tmp_path / "m")


def test_unreadable_scores_and_repeated_questions_are_named(tmp_path: pathlib.Path) -> None:
    rows = multiple_choice([1, 0])
    rows[1]["hit"] = "maybe"
    with pytest.raises(UsageError, match="row 3: no score"):
        read_vlmevalkit(workbook(tmp_path / "m" / "m_X_gpt_result.xlsx", rows))
    rows = multiple_choice([1, 0])
    rows[1]["index"] = 0
    with pytest.raises(UsageError, match="occurs twice"):
        read_vlmevalkit(workbook(tmp_path / "m" / "m_Y_gpt_result.xlsx", rows))


def test_what_is_no_workbook_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m" / "m_X_gpt_result.xlsx"
    path.parent.mkdir()
    path.write_bytes(b"not a zip")
    with pytest.raises(UsageError, match="cannot be read"):
        read_vlmevalkit(path)
