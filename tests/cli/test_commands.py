"""The command line from outside: exit codes, messages, start-up."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pytest

import argus_eval
from argus_eval.cli.app import COMMANDS
from tests.cli.conftest import Cli


def test_help_names_every_command(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_explains_its_flags(cli: Cli, command: str) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert "usage: argus-eval" in done.stdout


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout.strip() == f"argus-eval {argus_eval.__version__}"


@pytest.mark.parametrize("kind", ["tasks", "models", "recipes", "metrics", "dialects"])
def test_listings_as_text_and_json_agree(cli: Cli, kind: str) -> None:
    lines, rows = cli("list", kind).stdout.splitlines(), json.loads(cli("list", kind, "--json", "-").stdout)
    assert [line.split()[0] for line in lines] == [row["name"] for row in rows]


USAGE_ERRORS = [
    (("--model", "argus-2c", "--tasks", "refcoco"), "argus-2b"),
    (("--model", "argus-nano", "--tasks", "refcco"), "refcoco"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--recipes", "token-slice"), "token-splice"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--data", "no/where"), "no/where"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--weights", "./nowhere"), "nowhere"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--data", "bundled", "--budget", "soon"), "soon"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--set", "sed=1"), "seed"),
    (("--model", "argus-nano", "--tasks", "refcoco", "--accuracy-only", "--efficiency-only"), "not allowed with"),
    (("--model", "oracle:qwen", "--tasks", "refcoco"), "qwen"),
    (("--model", "orakle:argus", "--tasks", "refcoco"), "oracle"),
    (("--model", "oracle", "--tasks", "refcoco", "--recipes", "lossless"), "oracle"),
    (("--model", "replay:nothing", "--tasks", "refcoco", "--data", "bundled", "--limit", "1"), "nothing"),
    (
        ("--model", "fastvlm", "--weights", "random", "--tasks", "textvqa", "--recipes", "fused-tiles"),
        "fused-tiles",
    ),
    (("rnu",), "run"),
]


@pytest.mark.parametrize(("words", "hint"), USAGE_ERRORS, ids=[" ".join(words) for words, _ in USAGE_ERRORS])
def test_usage_errors_name_the_nearest_and_exit_2(cli: Cli, words: tuple[str, ...], hint: str) -> None:
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


FLAG_ERRORS = [
    (("--modle", "argus-nano", "--tasks", "refcoco"), "flag '--modle' is unknown; did you mean --model?"),
    (("--model", "argus-nano"), "the following arguments are required: --tasks"),
    (
        ("--model", "argus-nano", "--tasks", "refcoco", "--limit", "0"),
        "--limit: expected a positive whole number, got '0'",
    ),
    (("--model", "argus-nano", "--tasks", "refcoco", "--limit", "ten"), "got 'ten'"),
    (("baseline", "save", "main", "RUN", "--rnus-dir=x"), "did you mean --runs-dir?"),
    (("list", "task"), "'tasks'"),
]


@pytest.mark.parametrize(("words", "said"), FLAG_ERRORS, ids=[" ".join(words) for words, _ in FLAG_ERRORS])
def test_wrong_flags_are_one_line_that_says_what_to_do(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from argus_eval.cli import main

    assert main(list(words)) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
    assert complaint.rstrip().endswith("--help`")


def test_a_folder_without_baselines_is_not_silent(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from argus_eval.cli import main

    assert main(["baseline", "list", "--dir", str(tmp_path / "none")]) == 0
    assert "no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["argus-nanno", "replay:nothing", "hf:./nothing", "openai:nothing"])
def test_a_misspelt_model_is_refused_before_torch_and_leaves_no_run(model: str, tmp_path: pathlib.Path) -> None:

    line = ["--model", model, "--tasks", "refcoco", "--data", "bundled", "--runs-dir", str(tmp_path / "runs")]
    program = (
        f"import sys; from argus_eval.cli import main; code = main({line!r}); "
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert model.partition(":")[2] in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("decided", [0, 1, 4])
@pytest.mark.parametrize("lines", [1, 5000])
def test_a_reader_that_leaves_early_changes_no_verdict(decided: int, lines: int) -> None:
    """As in ``argus-eval check RUN | head``, whatever is printed by whom, and whether or not it fills the pipe."""
    program = (
        "import sys, argus_eval.cli.app as app\n"
        "from argus_eval.cli import main\n"
        "def command(arguments):\n"
        "    from rich.console import Console\n"
        f"    [print('x' * 100) for _ in range({lines})]\n"
        f"    [Console().print('y' * 100) for _ in range({lines} // 10 + 1)]\n"
        f"    return {decided}\n"
        "app.run_command = command\n"
        "sys.exit(main(['doctor']))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    said = running.stderr.read()
    running.stderr.close()
    assert running.wait(60) == decided, said
    assert not said


def test_ci_refuses_to_fall_back_to_synthetic_data(cli: Cli) -> None:
    import os

    done = cli("--model", "oracle", "--tasks", "refcoco", env={**os.environ, "CI": "true", "HF_HUB_OFFLINE": "1"})
    assert done.returncode == 5, done.stderr
    assert "CI is set" in done.stderr


def test_a_folder_that_cannot_be_written_is_an_environment_error(cli: Cli, tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    done = cli(
        "--model", "oracle", "--tasks", "refcoco", "--data", "bundled", "--limit", "2", "--runs-dir", "file/runs"
    )
    assert done.returncode == 5, done.stderr
    assert "--runs-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_file_with_a_wrong_key_names_file_and_key(cli: Cli, tmp_path: pathlib.Path) -> None:
    tasks = pathlib.Path(__file__).resolve().parents[2] / "tasks"
    text = (tasks / "refcoco.yaml").read_text().replace("metrics: [grounding_iou]", "metrics: [grounding_iuo]")
    (tmp_path / "mine.yaml").write_text(text)
    done = cli("--model", "oracle", "--tasks", "mine.yaml", "--data", "bundled")
    assert done.returncode == 2
    assert re.search(r"mine\.yaml: metrics\[0\].*grounding_iou", done.stderr), done.stderr


def test_doctor_says_what_works(cli: Cli) -> None:
    findings = {row["what"]: row for row in json.loads(cli("doctor", "--json", "-").stdout)["findings"]}
    assert findings["bundled samples"]["works"]
    assert not findings["hub"]["works"]
