"""``argus-eval verify``: every status, every refusal, and the file it leaves."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from argus_eval.cli import main
from argus_eval.data.rows import BadRow
from argus_eval.engine.verify_ledger import read_ledger
from argus_eval.report.published import shipped_scores
from tests.data.make_reference_folders import TEXTVQA

from .conftest import textvqa_rows, write


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Six questions in TextVQA's published schema; everybody answered "stop"."""
    return write(tmp_path_factory.mktemp("data") / "textvqa", "validation", TEXTVQA, textvqa_rows(6))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, data: pathlib.Path) -> pathlib.Path:
    """All six answered right, recorded as if a real checkpoint of smolvlm-2.2b had."""
    runs = tmp_path_factory.mktemp("runs")
    words = ["--model", "oracle", "--tasks", "textvqa", "--data", str(data), "--accuracy-only"]
    assert main([*words, "--recipes", "baseline", "--runs-dir", str(runs)]) == 0
    run = next(path for path in runs.iterdir() if path.is_dir())
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["arms"][0] |= {"model": "smolvlm-2.2b", "backend": "transformers", "weights": "trained"}
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return run


def score_list(path: pathlib.Path, **changes: Any) -> pathlib.Path:
    row = {
        "model": "smolvlm-2.2b", "benchmark": "TextVQA val", "task": "textvqa", "metric": "vqa_accuracy",
        "value": 0.995, "source": "https://example.org/card", "read": "source", "dated": "2026-01", "n": 6,
        "tolerance": 0.01, "prompt_difference": "theirs shows the OCR tokens",
    }  # fmt: skip
    path.write_text(json.dumps({"schema": "argus-eval/published/1", "scores": [row | changes]}), encoding="utf-8")
    return path


def verify(tmp_path: pathlib.Path, *words: str, **changes: Any) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON document."""
    published = score_list(tmp_path / "published.yaml", **changes)
    places = ["--published", str(published), "--record", str(tmp_path / "verified.jsonl")]
    places += ["--runs-dir", str(tmp_path / "runs"), "--json", str(tmp_path / "out.json")]
    code = main(["verify", *words, *places])
    out = tmp_path / "out.json"
    return code, json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}


def test_verified_is_recorded_and_listed(
    tmp_path: pathlib.Path, data: pathlib.Path, recording: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = verify(tmp_path, f"replay:{recording}", "--data", str(data))
    table = capsys.readouterr().out
    assert code == 0
    cell = document["cells"][0]
    assert (cell["status"], cell["n"], cell["value"]) == ("verified", 6, 1.0)
    assert cell["difference"] == pytest.approx(0.005)
    for words in ("99.50", "100.00", "+0.50", "±1.00", "https://example.org/card", "2026-01", "the OCR tokens"):
        assert words in table
    entry = read_ledger(tmp_path / "verified.jsonl")["smolvlm-2.2b", "textvqa", "vqa_accuracy"]
    assert entry.data.startswith("sha256:")
    assert str(recording.parent) not in (tmp_path / "verified.jsonl").read_text(encoding="utf-8")
    verify(tmp_path, "smolvlm-2.2b", "--list")
    listed = capsys.readouterr().out
    assert f"verified ({entry.date}, n = 6, Δ = +0.50)" in listed
    assert "none on file" in listed


def test_deviates_is_exit_1_and_recorded(
    tmp_path: pathlib.Path, data: pathlib.Path, recording: pathlib.Path
) -> None:
    code, document = verify(tmp_path, f"replay:{recording}", "--data", str(data), value=0.727)
    assert code == 1
    assert document["cells"][0]["status"] == "deviates"
    assert read_ledger(tmp_path / "verified.jsonl")


def test_a_part_of_the_split_is_undecided_exit_3_and_not_recorded(
    tmp_path: pathlib.Path, data: pathlib.Path, recording: pathlib.Path
) -> None:
    code, document = verify(tmp_path, f"replay:{recording}", "--data", str(data), n=5000)
    assert code == 3
    assert document["cells"][0]["status"] == "unverified"
    assert "the published split has 5,000" in document["cells"][0]["reason"]
    assert not (tmp_path / "verified.jsonl").exists()
    code, document = verify(tmp_path, f"replay:{recording}", "--data", str(data), "--limit", "3")
    assert (code, document["cells"][0]["n"]) == (3, 3)


def test_a_checkpoint_of_ones_own(
    tmp_path: pathlib.Path, data: pathlib.Path, checkpoint: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It answers nonsense: a published 0 is verified by it and a published 0.7 is not."""
    words = ("argus-256m", "--weights", str(checkpoint), "--data", str(data))
    code, document = verify(tmp_path, *words, "--tasks", "textvqa,gqa", model="argus-256m", value=0.7)
    assert code == 1
    assert document["without_published_score"] == ["gqa"]
    assert "so unverified: gqa" in capsys.readouterr().out
    code, document = verify(tmp_path, *words, model="argus-256m", value=0.001)
    assert (code, document["cells"][0]["status"]) == (0, "verified")
    entry = read_ledger(tmp_path / "verified.jsonl")["argus-256m", "textvqa", "vqa_accuracy"]
    assert entry.weights == checkpoint.name


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("smolvlm-2.2b", "--data", "bundled"), 2, "synthetic"),
        (("smolvlm-2.2b", "--data", "textvqa=bundled"), 2, "synthetic"),
        (("smolvlm-2.2b", "--weights", "random"), 2, "random weights"),
        (("argus-2b",), 4, "--weights PATH"),
        (("smolvlm-2.2b",), 5, "SmolVLM-Instruct"),
        (("oracle",), 2, "oracle"),
        (("argus-nano",), 2, "no published score of argus-nano"),
        (("smolvlm-2.2b", "--tasks", "pope"), 2, "no published score of smolvlm-2.2b on pope"),
        (("smolvlm-2.3b",), 2, "smolvlm-2.2b"),
        (("hf:somewhere",), 2, "--as"),
        (("smolvlm-2.2b", "--limit", "0"), 2, "--limit"),
        (("smolvlm-2.2b", "--published", "nowhere.yaml"), 2, "nowhere.yaml"),
        ((), 2, "which model"),
    ],
    ids=str,
)
def test_what_can_verify_nothing_is_refused_with_the_reason(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *words]) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_synthetic_sample_never_stands_in(
    tmp_path: pathlib.Path, checkpoint: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = verify(tmp_path, "argus-256m", "--weights", str(checkpoint), model="argus-256m")
    assert code == 5
    assert "synthetic sample is refused" in capsys.readouterr().err


def test_a_copy_of_the_synthetic_sample_is_recognised(
    tmp_path: pathlib.Path, recording: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from argus_eval.config import RunConfig
    from argus_eval.engine.plan import make_plan

    plan = make_plan(RunConfig(models=("oracle",), tasks=("textvqa",), data={"": "bundled"})).tasks[0]
    rows = [dict(row) for row in plan.data.rows() if not isinstance(row, BadRow)]
    copy = tmp_path / "validation.parquet"
    pq.write_table(pa.Table.from_pylist(rows), copy)
    code, _ = verify(tmp_path, f"replay:{recording}", "--data", str(copy))
    assert "synthetic sample can verify nothing" in capsys.readouterr().err
    assert code == 2


@pytest.mark.parametrize(
    ("arm", "message"), [({"backend": "oracle"}, "is no model"), ({"weights": "random"}, "random weights")]
)
def test_recordings_of_no_model_are_refused(
    tmp_path: pathlib.Path,
    data: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    arm: dict[str, str],
    message: str,
) -> None:
    run = tmp_path / "recorded"
    run.mkdir()
    whole = {"id": "m:baseline", "role": "baseline", "model": "smolvlm-2.2b", "backend": "transformers"}
    (run / "manifest.json").write_text(json.dumps({"arms": [whole | {"weights": "trained"} | arm]}))
    assert verify(tmp_path, f"replay:{run}", "--data", str(data))[0] == 2
    assert message in capsys.readouterr().err


def test_the_whole_matrix_has_one_cell_a_model_and_task(tmp_path: pathlib.Path) -> None:
    from argus_eval.models.catalog import model_names
    from argus_eval.tasks.catalog import expand

    assert main(["verify", "--list", "--json", str(tmp_path / "m.json")]) == 0
    cells = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))["cells"]
    assert {(cell["model"], cell["task"]) for cell in cells} == {
        (model, task) for model in model_names() for task in expand(("all",))
    }


def test_every_published_score_can_be_verified() -> None:
    comparable = [score for score in shipped_scores() if score.task is not None]
    assert len(comparable) > 10
    for score in comparable:
        assert score.tolerance is not None
        assert score.n is not None
        assert score.dated
        assert score.split
        assert score.prompt_difference
