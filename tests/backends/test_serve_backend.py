"""Servers that are started for a run, with a stand-in for vLLM that has its command line and pages."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shlex
import sys
import time

import psutil
import pytest

from argus_eval.backends.resolve import load_backend, model_facts
from argus_eval.backends.serve.command import plan_launch, server_python
from argus_eval.backends.serve.effective import disagreements, effective_configuration
from argus_eval.backends.served_models import server_arguments
from argus_eval.cli import main
from argus_eval.engine import throughput_pass
from argus_eval.engine.budget import Stopwatch
from argus_eval.engine.workload import WorkItem
from argus_eval.errors import EnvironmentError_, IncompatibleError, UsageError
from argus_eval.recipes.compose import plan_arms
from argus_eval.recipes.protocol import Target
from tests.backends.test_openai_backend import ask, picture

KEY = "sk-must-not-be-written-anywhere-42"
FAKE = pathlib.Path(__file__).parent / "fake_vllm"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="servers are watched over with Linux facilities")


@pytest.fixture
def python_with_vllm(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A program that is called like Python and has the stand-in."""
    program = tmp_path / "python-with-vllm"
    inner = f"PYTHONPATH={shlex.quote(str(FAKE))} exec {shlex.quote(sys.executable)} -S"
    program.write_text(f'#!/bin/sh\n{inner} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("ARGUS_EVAL_SERVER_PYTHON", str(program))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ARGUS_EVAL_API_KEY", KEY)
    monkeypatch.delenv("ARGUS_EVAL_SERVER_ARGS", raising=False)
    return program


@pytest.fixture
def checkpoint(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "tiny-smolvlm"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "idefics3", "dtype": "float32"}))
    return folder


def servers() -> list[psutil.Process]:
    """Every process below this one."""
    return psutil.Process().children(recursive=True)


def test_each_arm_has_a_server_and_none_is_left(
    python_with_vllm: pathlib.Path, checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    assert (facts.backend, facts.family, facts.weights) == ("vllm", "smolvlm", "trained")
    backend = load_backend(facts, weights=None, dtype=None, runs_dir=tmp_path, seed=0, folder=tmp_path / "run")
    try:
        baseline = backend.runner(())
        variant = backend.runner(("server-no-prefix-cache", "server-no-processor-cache"))
        for runner in (baseline, variant, backend.twin(), backend.runner(())):
            response = runner.time(ask(tokens=4, fixed=True))
            assert response.lengths.output_tokens == 4
        folder = tmp_path / "run" / "servers"
        told = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
        assert set(told) == {"baseline", "baseline-twin", "server-no-prefix-cache+server-no-processor-cache"}
        assert told["baseline"]["effective"]["dtype"] == "float32"
        assert told["baseline"]["disagreements"] == []
        changed = told["server-no-prefix-cache+server-no-processor-cache"]
        assert changed["effective"]["enable_prefix_caching"] is False
        # The stand-in ignores this flag: it is found out and said.
        ignored = "--mm-processor-cache-gb 0 was given, but mm_processor_cache_gb is 4.0"
        assert changed["disagreements"] == [ignored]
        assert any(ignored in note for note in backend.loaded.notes)
        log = (folder / "baseline.log").read_text()
        assert "'--enforce-eager'" in log
        assert "keys seen: []" in log
        assert backend.loaded.dtype == "float32"
        ports = {entry["command"][entry["command"].index("--port") + 1] for entry in told.values()}
        assert len(ports) == 3
    finally:
        backend.close()
    assert not servers()
    for path in (tmp_path / "run").rglob("*"):
        if path.is_file():
            assert KEY not in path.read_text()
            assert "hf_do_not_keep_me" not in path.read_text()


def test_a_configuration_that_cannot_be_read_back_is_said(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_VLLM_NO_INFO", "1")
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    backend = load_backend(facts, weights=None, dtype=None, runs_dir=tmp_path, seed=0, folder=tmp_path / "run")
    try:
        assert any("baseline: what it runs with could not be read back" in note for note in backend.loaded.notes)
    finally:
        backend.close()


def test_a_server_that_dies_is_named_with_its_last_words(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_VLLM_DIE_AFTER", "1")
    monkeypatch.setenv("FAKE_VLLM_MARKER", str(tmp_path / "died"))
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    backend = load_backend(facts, weights=None, dtype=None, runs_dir=tmp_path, seed=0)
    try:
        runner = backend.runner(())
        runner.time(ask("1", tokens=2, fixed=True))
        with pytest.raises(EnvironmentError_, match=r"ended with code 3: RuntimeError: the engine died \(log: "):
            runner.time(ask("1", tokens=2, fixed=True))
    finally:
        backend.close()
    assert not servers()


def run(*arguments: str) -> int:
    return main(["run", *arguments])


def accuracy_records(folder: pathlib.Path) -> dict[str, str]:
    (path,) = folder.rglob("records.jsonl")
    lines = [json.loads(line) for line in path.read_text().split("\n") if line]
    return {line["key"]: line["text"] for line in lines if line["pass"] == "accuracy" and line["status"] == "ok"}


def test_a_run_whose_server_dies_is_finished_by_the_same_command(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_VLLM_DIE_AFTER", "4")
    monkeypatch.setenv("FAKE_VLLM_MARKER", str(tmp_path / "died"))
    monkeypatch.delenv("CI", raising=False)
    runs = tmp_path / "runs"
    command = ["--model", f"vllm:{checkpoint}", "--tasks", "textvqa", "--data", "bundled", "--limit", "6"]
    command += ["--accuracy-only", "--batch-size", "2", "--recipes", "baseline", "--runs-dir", str(runs)]
    assert run(*command) == 5
    kept = accuracy_records(runs)
    assert len(kept) == 4
    assert not servers()
    assert run(*command) == 0
    finished = accuracy_records(runs)
    assert len(finished) == 6
    assert kept.items() <= finished.items()
    assert not servers()


def test_sigterm_stops_the_servers_and_loses_no_answer(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    runs = tmp_path / "runs"
    command = ["--model", f"vllm:{checkpoint}", "--tasks", "textvqa", "--data", "bundled", "--limit", "40"]
    command += ["--accuracy-only", "--batch-size", "1", "--recipes", "baseline", "--runs-dir", str(runs)]
    said = tmp_path / "said"
    process = psutil.Popen([sys.executable, "-m", "argus_eval", *command], stderr=said.open("w"))
    deadline = time.monotonic() + 120
    while not (found := list(runs.rglob("records.jsonl"))) or found[0].read_text().count("\n") < 4:
        assert time.monotonic() < deadline, said.read_text()
        assert process.poll() is None, said.read_text()
        time.sleep(0.02)
    below = process.children(recursive=True)
    assert below
    process.terminate()
    assert process.wait(60) == 143
    assert said.read_text().endswith("argus-eval: terminated; the same command goes on where it stopped\n")
    assert not [child for child in below if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    kept = accuracy_records(runs)
    assert 4 <= len(kept) < 40
    assert run(*command) == 0
    finished = accuracy_records(runs)
    assert len(finished) == 40
    assert kept.items() <= finished.items()


def test_the_protocol_of_the_paper(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CI", raising=False)
    runs = tmp_path / "runs"
    command = ["--model", f"vllm:{checkpoint}", "--tasks", "coco_caption", "--data", "bundled", "--limit", "3"]
    assert run(*command, "--protocol", "paper", "--runs-dir", str(runs)) == 0
    said = capsys.readouterr().err
    assert "nothing is claimed" in said
    (path,) = runs.rglob("paper.json")
    arms = json.loads(path.read_text())["arms"]
    assert [arm["n"] for arm in arms] == [3, 3]
    assert arms[1]["speedup"]["ttft"]["n"] == 3
    assert arms[0]["ttft_s"] > 0
    assert run("--model", "oracle", "--tasks", "coco_caption", "--protocol", "paper") == 2
    assert run("--model", "vllm:x", "--tasks", "pope", "--protocol", "paper") == 2


def test_load_and_stages_of_a_started_server(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(throughput_pass, "_MOST_ROUNDS", 3)
    monkeypatch.setattr(throughput_pass, "BATCHES", (1, 2))
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    backend = load_backend(facts, weights=None, dtype=None, runs_dir=tmp_path, seed=0)
    asked = [dataclasses.replace(ask(), images=(picture(21 * i),)) for i in range(8)]
    items = [WorkItem(task="t", sample=str(i), image=str(i), request=item) for i, item in enumerate(asked)]
    watch = Stopwatch(budget_s=600.0, clock_s=time.monotonic)
    watch.start()
    try:
        runner = backend.runner(())
        records = throughput_pass.run_throughput({"m": runner}, items, watch, until_s=600.0, clock_s=lambda: 0.0)
        timing = runner.time(items[0].with_length(1)).timing
    finally:
        backend.close()
    values, sweep = throughput_pass.throughput_result(records, "m")
    assert [(rate.batch, rate.rounds, rate.ci is None) for rate in sweep] == [(1, 3, False), (2, 3, False)]
    assert values["output_tokens_per_s"] == pytest.approx(16 * (values["requests_per_s"] or 0))
    assert timing is not None
    assert timing.stages_ns["stream.prefill"] == pytest.approx(1_500_000, abs=10)
    assert timing.stages_ns["stream.queue"] == pytest.approx(100_000, abs=10)


def test_a_claim_is_checked_on_tokens(
    python_with_vllm: pathlib.Path,
    checkpoint: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("argus_eval.cli.run._write_page", lambda finished: finished.run.path)
    monkeypatch.setattr("argus_eval.backends.openai.cache_audit.audit.__defaults__", (1,))
    command = ["--model", f"vllm:{checkpoint}", "--tasks", "textvqa", "--data", "bundled", "--limit", "4"]
    command += ["--recipes", "baseline,server-no-prefix-cache", "--efficiency-only", "--budget", "1s"]
    found = {}
    for name, code in (("equal", 0), ("other", 4)):
        monkeypatch.setenv("FAKE_VLLM_OTHER_TOKENS", "1" if name == "other" else "")
        assert run(*command, "--runs-dir", str(tmp_path / name)) == code
        (path,) = (tmp_path / name).rglob("results.json")
        found[name] = json.loads(path.read_text())["comparisons"][0]["fidelity"]
    assert (found["equal"]["class"], found["equal"]["ids_equal"], found["equal"]["broken"]) == ("L0", True, None)
    assert found["equal"]["tokens_equal_share"] == 1.0
    assert found["equal"]["n"] >= 3
    assert f"tokens are equal on 0 of {found['other']['n']} answers" in found["other"]["broken"]
    assert not servers()


def test_what_cannot_be_started_is_said_before_anything_else(
    checkpoint: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARGUS_EVAL_SERVER_PYTHON", raising=False)
    facts = model_facts(f"vllm:{checkpoint}", weights=None, device="cpu", dialect=None)
    with pytest.raises(UsageError, match="--server-python"):
        load_backend(facts, weights=None, dtype=None, runs_dir=checkpoint, seed=0)
    with pytest.raises(UsageError, match="no such program"):
        server_python("/nowhere/python")
    monkeypatch.setenv("ARGUS_EVAL_SERVER_PYTHON", sys.executable)
    with pytest.raises(UsageError, match="no such folder"):
        model_facts("vllm:./nowhere", weights=None, device="cpu", dialect=None)
    with pytest.raises(IncompatibleError, match="argus"):
        model_facts("vllm:argus-256m", weights="random", device="cpu", dialect=None)


def test_a_measuring_process_is_refused_and_named() -> None:
    """A real one: what the engine would measure in it is the client."""
    from argus_eval.engine.worker_messages import WorkerSpec
    from argus_eval.engine.worker_process import WorkerProcess

    spec = WorkerSpec(
        model="openai:m@http://127.0.0.1:9/v1",
        weights=None,
        device="cpu",
        dialect=None,
        dtype=None,
        seed=0,
        runs_dir="runs",
        arms={"m:baseline": ()},
    )
    with pytest.raises(EnvironmentError_, match="shows nothing of it"):
        WorkerProcess(spec)


def test_recipes_of_servers() -> None:
    served = Target(model="vllm:x", family="smolvlm", staged=False, backend="vllm", device="cpu")
    arms, _ = plan_arms("server-no-prefix-cache+server-no-processor-cache", served)
    assert server_arguments(arms[1].recipes) == ("--mm-processor-cache-gb", "0", "--no-enable-prefix-caching")
    with pytest.raises(IncompatibleError, match="not applicable here: vllm has no form of it"):
        plan_arms("token-splice", served)
    with pytest.raises(IncompatibleError, match="works on cuda, not on cpu"):
        plan_arms("server-gpu-processor", served)
    local = Target(model="x", family="smolvlm", staged=True, backend="transformers", device="cpu")
    with pytest.raises(IncompatibleError, match="setting of servers"):
        plan_arms("server-no-prefix-cache", local)


def test_a_launch(monkeypatch: pytest.MonkeyPatch, checkpoint: pathlib.Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("VLLM_API_KEY", KEY)
    arguments = ("--mm-processor-cache-gb", "0", "VLLM_MEDIA_LOADING_THREAD_COUNT=1")
    launch = plan_launch("py", str(checkpoint), arguments, port=1234, device="cuda", dtype="bfloat16", servers=3)
    assert launch.root == "http://127.0.0.1:1234"
    assert launch.model == "tiny-smolvlm"
    text = " ".join(launch.command)
    assert "--dtype bfloat16 --gpu-memory-utilization 0.30 --mm-processor-cache-gb 0" in text
    assert "--enforce-eager" not in text
    assert launch.environment["VLLM_MEDIA_LOADING_THREAD_COUNT"] == "1"
    assert launch.environment["HF_HUB_OFFLINE"] == "1"
    assert KEY not in launch.environment.values()


def test_the_last_of_several_flags_counts() -> None:
    effective = effective_configuration({"vllm_config": {"model_config": {"dtype": "torch.bfloat16"}}})
    assert disagreements(["--dtype", "float32", "--dtype", "bfloat16"], effective) == []
    assert disagreements(["--dtype", "float32"], effective) == [
        "--dtype float32 was given, but dtype is 'bfloat16'"
    ]
