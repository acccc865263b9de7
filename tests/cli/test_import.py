"""``argus-eval import``, and the commands that read what it wrote."""

from __future__ import annotations

import json
import pathlib

from tests.cli.conftest import Cli
from tests.importers.logs import lmms_eval_log, vllm_bench_result


def test_an_imported_run_can_be_reported(cli: Cli, tmp_path: pathlib.Path) -> None:
    lmms_eval_log(tmp_path / "logs", [True, False] * 20)
    done = cli("import", "lmms-eval", "logs")
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip()
    page = cli("report", run, "-o", "page.html")
    assert page.returncode == 0, page.stderr
    text = (tmp_path / "page.html").read_text()
    assert "lmms:textvqa_val" in text
    assert "imported from lmms-eval" in text


def test_speed_alone_can_be_reported(cli: Cli, tmp_path: pathlib.Path) -> None:
    (tmp_path / "bench.json").write_text(json.dumps(vllm_bench_result()))
    done = cli("import", "vllm-bench", "bench.json", "--name", "my-server")
    assert done.returncode == 0, done.stderr
    assert "my-server" in done.stdout
    page = cli("report", done.stdout.strip(), "-o", "page.html")
    assert page.returncode == 0, page.stderr


def test_a_wrong_tool_or_path_is_a_usage_error(cli: Cli) -> None:
    wrong = cli("import", "lmms_eval", "logs")
    assert wrong.returncode == 2
    assert "lmms-eval" in wrong.stderr
    assert cli("import", "lmms-eval", "nowhere").returncode == 2
