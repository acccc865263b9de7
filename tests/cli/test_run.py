"""The main job end to end, on small data and a small checkpoint."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

import argus_eval
from tests.cli.conftest import Cli, refcoco_rows, write
from tests.data.make_reference_folders import REFCOCO

SMALL = ("--set", "workload.images=8", "--set", "host.images=12", "--set", "latency.tokens=16")


def results(folder: pathlib.Path) -> dict[str, Any]:
    return json.loads(next(folder.rglob("results.json")).read_text())


def records(folder: pathlib.Path) -> list[dict[str, Any]]:
    path = next(folder.rglob("records.jsonl"), None)
    # What stands behind the last newline is being written.
    return [] if path is None else [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def accuracy(folder: pathlib.Path) -> dict[str, Any]:
    """What must be equal after a resume: everything an accuracy record says of an answer."""
    return {
        row["key"]: (row["arm"], row["sample"], row["status"], row["text"], row["scores"], row["prediction"])
        for row in records(folder)
        if row["pass"] == "accuracy" and row["status"] != "discarded"
    }


@pytest.fixture(scope="module")
def words(checkpoint: pathlib.Path, refcoco_folder: pathlib.Path, textvqa_folder: pathlib.Path) -> tuple[str, ...]:
    return (
        *(
            "--model",
            "argus-nano",
            "--weights",
            str(checkpoint),
            "--tasks",
            "refcoco,textvqa",
            "--batch-size",
            "4",
        ),
        *("--data", f"refcoco={refcoco_folder}", "--data", f"textvqa={textvqa_folder}", "--budget", "12s", *SMALL),
    )


@pytest.fixture(scope="module")
def finished(words: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """One run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("finished")
    done = subprocess.run([sys.executable, "-m", "argus_eval", *words], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_results_follow_the_contract(finished: pathlib.Path) -> None:
    found = results(finished)
    assert found["schema"] == "argus-eval/results/1"
    assert found["complete"] is True
    roles = Counter(arm["role"] for arm in found["arms"])
    assert roles == {"baseline": 1, "variant": 1, "aa": 1}
    baseline = found["arms"][0]
    assert baseline["weights"] == "trained"
    assert [task["task"] for task in baseline["tasks"]] == ["refcoco", "textvqa"]
    primary = [name for name, metric in baseline["tasks"][0]["metrics"].items() if metric["primary"]]
    assert primary == ["acc@0.5"]
    assert baseline["efficiency"][0]["output_tokens"] == 1
    assert baseline["efficiency"][0]["ttft_s"]["p50"] > 0
    assert found["comparisons"][0]["fidelity"]["ids_equal"] is True
    assert found["comparisons"][0]["fidelity"]["class"] == "L1"
    text = next(finished.rglob("results.json")).read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


def test_a_broken_image_is_one_error_among_good_ones(finished: pathlib.Path) -> None:
    task = results(finished)["arms"][0]["tasks"][0]
    assert task["errors"] == 1
    assert task["metrics"]["acc@0.5"]["n"] == 11
    broken = [row for row in records(finished) if row["status"] == "error" and row["pass"] == "accuracy"]
    assert {row["sample"] for row in broken} == {next(iter({row["sample"] for row in broken}))}
    assert all("cannot be decoded" in row["error"] for row in broken)


def test_identical_inputs_give_identical_answers(finished: pathlib.Path) -> None:
    comparison = results(finished)["comparisons"][0]
    assert comparison["fidelity"]["tokens_equal_share"] == 1.0
    assert all(task["identical"] for task in comparison["tasks"])
    assert all(task["difference"] == 0 for task in comparison["tasks"] if task["difference"] is not None)


def test_host_work_is_paired_and_keys_are_unique(finished: pathlib.Path) -> None:
    rows = records(finished)
    keys = [row["key"] for row in rows if row["status"] != "discarded"]
    assert len(keys) == len(set(keys))
    host = [row for row in rows if row["pass"] == "host"]
    assert host
    assert all(
        row["times_ns"]["to_model_ready"] > row["times_ns"]["to_uint8_tiles"] > 0
        for row in host
        if row["status"] == "ok"
    )


def test_every_number_can_be_made_again(finished: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = next(finished.rglob("results.json")).parent
    command = [sys.executable, "-m", "argus_eval", "recompute", str(run), "--json", str(tmp_path / "again.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=finished)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "again.json").read_text()) == results(finished)
    # A record that was tampered with shows, and nothing else does: the copy keeps the run's name.
    copy = tmp_path / "copy" / run.name
    shutil.copytree(run, copy)
    command[4] = str(copy)
    done = subprocess.run(command[:5], capture_output=True, text=True, cwd=finished)
    assert done.returncode == 0, done.stderr
    text = (copy / "records.jsonl").read_text()
    first = next(row for row in records(finished) if row["pass"] == "host" and row["role"] == "measured")
    ready = first["times_ns"]["to_model_ready"]
    (copy / "records.jsonl").write_text(text.replace(f'"to_model_ready":{ready}', f'"to_model_ready":{9 * ready}'))
    done = subprocess.run(command[:5], capture_output=True, text=True, cwd=finished)
    assert done.returncode == 4
    # A mean moves with every value; a median would not with one that was above it before.
    assert "speedup.host" in done.stderr


def test_the_same_command_prints_the_finished_run(finished: pathlib.Path, words: tuple[str, ...]) -> None:
    before = len(records(finished))
    done = subprocess.run(
        [sys.executable, "-m", "argus_eval", *words], capture_output=True, text=True, cwd=finished
    )
    assert done.returncode == 0
    assert "is finished" in done.stderr
    assert len(records(finished)) == before


def test_the_report_loads_nothing(finished: pathlib.Path) -> None:
    page = next(finished.rglob("report.html")).read_text()
    assert 'src="http' not in page
    assert 'href="http' not in page or 'rel="noreferrer' in page


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_finished_by_the_same_command(
    finished: pathlib.Path, words: tuple[str, ...], tmp_path: pathlib.Path, kind: signal.Signals
) -> None:
    command = [sys.executable, "-m", "argus_eval", *words]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "said").open("w"),
        start_new_session=True,
        # A CI system may have started the suite with Ctrl-C ignored, which children inherit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and len(accuracy(tmp_path)) < 8:
        time.sleep(0.05)
    assert process.poll() is None
    os.killpg(process.pid, kind)
    code = process.wait(timeout=60)
    if kind is not signal.SIGKILL:
        assert code == 128 + kind
        assert "ed; the same command goes on where it stopped" in (tmp_path / "said").read_text()
    before = accuracy(tmp_path)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    after = accuracy(tmp_path)
    assert before.items() <= after.items()
    assert after == accuracy(finished)
    assert results(tmp_path)["complete"] is True


def test_data_that_changed_under_an_unfinished_run_is_refused(
    cli: Cli, checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = write(tmp_path / "data", "val", REFCOCO, refcoco_rows(6))
    command = ("--model", "argus-nano", "--weights", str(checkpoint), "--tasks", "refcoco", "--data", str(folder))
    assert cli(*command, "--accuracy-only").returncode == 0
    next(tmp_path.rglob("results.json")).unlink()
    rows = refcoco_rows(6)
    rows[2]["bbox"] = [0.0, 0.0, 5.0, 5.0]
    write(folder, "val", REFCOCO, rows)
    done = cli(*command, "--accuracy-only")
    assert done.returncode == 4
    assert "--fresh" in done.stderr
    assert cli(*command, "--accuracy-only", "--fresh").returncode == 0


def test_an_empty_data_set_is_said(cli: Cli, tmp_path: pathlib.Path) -> None:
    folder = write(tmp_path / "data", "val", REFCOCO, [])
    done = cli("--model", "oracle", "--tasks", "refcoco", "--data", str(folder))
    assert done.returncode == 2
    assert "empty" in done.stderr


@pytest.mark.parametrize("dialect", ["argus", "qwen2.5-vl", "qwen3-vl", "internvl", "paligemma", "florence-2"])
def test_the_oracle_reads_the_maximum(
    cli: Cli, dialect: str, refcoco_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = cli("--model", f"oracle:{dialect}", "--tasks", "refcoco", "--data", str(refcoco_folder))
    assert done.returncode == 0, done.stderr
    assert results(tmp_path)["arms"][0]["tasks"][0]["metrics"]["acc@0.5"]["value"] == 1.0


def test_a_recording_is_scored_again(
    finished: pathlib.Path, words: tuple[str, ...], tmp_path: pathlib.Path
) -> None:
    run = next(finished.rglob("manifest.json")).parent
    data = [word for word in words if word.startswith(("refcoco=", "textvqa="))]
    replayed = argus_eval.evaluate(
        f"replay:{run}",
        "refcoco,textvqa",
        data=dict(word.split("=", 1) for word in data),
        dialect="argus",
        runs_dir=tmp_path,
    )
    recorded = argus_eval.load_run(run)
    for task in ("refcoco", "textvqa"):
        arm = replayed.results.arms[0].id
        assert replayed.metric(arm, task).value == recorded.metric("argus-nano:baseline", task).value


def test_random_weights_are_never_scored(cli: Cli, refcoco_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    done = cli(
        *("--model", "argus-nano", "--weights", "random", "--tasks", "refcoco", "--data", str(refcoco_folder)),
        *("--budget", "6s", *SMALL),
    )
    assert done.returncode == 0, done.stderr
    found = results(tmp_path)
    # Whether this machine is busy nobody knows; the screen and the results agree about it.
    said = [line.removeprefix("! ") for line in done.stderr.splitlines() if line.startswith("! busy machine")]
    for entry in found["arms"][0]["efficiency"]:
        assert [item for item in entry["shortfalls"] if item.startswith("busy machine")] == said
    use = found["environment"]["before_timing"]["argus-nano"]
    assert use["cores"] >= use["others_cores"] >= 0
    assert {metric["status"] for metric in found["arms"][0]["tasks"][0]["metrics"].values()} == {"not_measured"}
    assert found["comparisons"][0]["verdict"] == "NOT_MEASURED"
    assert not [row for row in records(tmp_path) if row["pass"] == "accuracy"]
    assert "NOT MEASURED" in done.stderr
    assert "random weights" in found["arms"][0]["label"]


def test_a_broken_claim_of_exactness_ends_with_4(
    cli: Cli, refcoco_folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    # A recipe from another package that claims L0 and shifts every pixel.
    (tmp_path / "liar.py").write_text(
        "import dataclasses\n"
        "from argus_eval.core.results import LossClass\n"
        "from argus_eval.recipes.protocol import RecipeInfo\n"
        "INFO = RecipeInfo(name='liar', summary='', parts=frozenset({'transfer'}), scope='pipeline',\n"
        "                  loss_class=LossClass.L0, order=1)\n"
        "def apply(pipeline):\n"
        "    def transfer(inputs):\n"
        "        moved = pipeline.transfer(inputs)\n"
        "        shifted = {**moved.tensors, 'pixel_values': moved.tensors['pixel_values'] + 0.01}\n"
        "        return dataclasses.replace(moved, tensors=shifted)\n"
        "    return dataclasses.replace(pipeline, transfer=transfer)\n"
    )
    start = "from argus_eval.recipes.catalog import RECIPES; RECIPES.add('liar', 'liar')\n"
    (tmp_path / "go.py").write_text(f"import sys\n{start}from argus_eval.cli import main\nsys.exit(main())\n")
    done = subprocess.run(
        [
            *(sys.executable, "go.py", "--model", "argus-nano", "--weights", "random", "--tasks", "refcoco"),
            *("--data", str(refcoco_folder), "--recipes", "liar", "--budget", "5s", *SMALL),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 4, done.stderr
    assert "claims L0" in done.stderr
    assert results(tmp_path)["comparisons"][0]["fidelity"]["broken"]


def test_every_measured_request_has_the_hashes_of_its_inputs(finished: pathlib.Path) -> None:
    rows = [row for row in records(finished) if row["pass"] == "latency" and row["status"] == "ok"]
    by_image: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        by_image.setdefault(row["image"], set()).add((row["hashes"]["ids"], row["hashes"]["pixels"]))
    assert by_image
    # `lossless` is token-splice here or fused-tiles too: pixels may differ, ids may not.
    assert all(len({ids for ids, _ in hashes}) == 1 for hashes in by_image.values())


def test_a_run_of_nothing_but_errors_is_no_success(
    cli: Cli, checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    folder = write(tmp_path / "refcoco", "val", REFCOCO, refcoco_rows(4, truncated=[0, 1, 2, 3]))
    done = cli(
        *("--model", "argus-nano", "--weights", str(checkpoint), "--tasks", "refcoco", "--accuracy-only"),
        *("--data", f"refcoco={folder}", "--recipes", "baseline"),
        cwd=tmp_path,
    )
    assert done.returncode == 4, done.stderr
    assert "every request on refcoco failed (4 of 4)" in done.stderr


def test_one_sample_can_be_run_again(cli: Cli, refcoco_folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    words = ("--model", "oracle", "--tasks", "refcoco", "--data", f"refcoco={refcoco_folder}", "--accuracy-only")
    assert cli(*words, cwd=tmp_path).returncode == 0
    key = records(tmp_path)[2]["sample"]
    again = cli(*words, "--sample", key, "--runs-dir", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [row["sample"] for row in records(tmp_path / "again")] == [key]
    wrong = cli(*words, "--sample", "nobody", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no sample nobody" in wrong.stderr
