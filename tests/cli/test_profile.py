"""``argus-eval profile`` as it is typed."""

from __future__ import annotations

import json
import os
import pathlib
import stat

from tests.cli.conftest import Cli, jpeg


def test_host_stages_of_two_arms_as_json(cli: Cli, checkpoint: pathlib.Path, tmp_path: pathlib.Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(640, 480, 1))
    done = cli(
        *("profile", "--model", "argus-nano", "--weights", str(checkpoint), "--stages", "host"),
        *("--recipes", "baseline,lossless", "--images", str(photo), "--rounds", "5", "--json", "-"),
    )
    assert done.returncode == 0, done.stderr
    profile = json.loads(done.stdout)
    assert profile["schema"] == "argus-eval/profile/1"
    assert profile["images"] == 1
    assert [arm["name"] for arm in profile["arms"]] == ["baseline", "lossless"]
    for arm in profile["arms"]:
        assert arm["n"] == 5
        assert 0 < arm["to_uint8_tiles_s"] < arm["to_model_ready_s"]
        assert arm["ttft_s"] is None
        assert "vision" not in arm["stages_s"]


def test_whole_requests_have_stages_bounds_and_little_residual(
    cli: Cli, checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = cli(
        *("profile", "--model", "argus-nano", "--weights", str(checkpoint), "--recipes", "baseline"),
        *("--rounds", "4", "--json", "profile.json"),
    )
    assert done.returncode == 0, done.stderr
    assert "image_decode" in done.stdout
    (arm,) = json.loads((tmp_path / "profile.json").read_text())["arms"]
    assert arm["ttft_s"] > arm["to_model_ready_s"]
    assert abs(arm["residual"]) < 0.1
    assert arm["bounds"]["vision"]["least_s"] > 0
    # The weights alone are tens of megabytes.
    assert arm["host_peak_bytes"] > 2**26


def test_nsys_runs_the_same_command_once_more(cli: Cli, tmp_path: pathlib.Path) -> None:
    fake = tmp_path / "bin" / "nsys"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@" > "$NOTE"\nexit 7\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    note = tmp_path / "note"
    environment = {**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}", "NOTE": str(note)}
    done = cli("profile", "--model", "argus-nano", "--nsys", "out", env=environment)
    assert done.returncode == 7
    assert "--output=out" in note.read_text()
    assert "-m argus_eval profile --model argus-nano" in note.read_text()


def test_without_nsys_the_error_says_what_to_do(cli: Cli) -> None:
    done = cli("profile", "--model", "argus-nano", "--nsys", "out")
    assert done.returncode == 5
    assert "Nsight" in done.stderr


def test_only_local_models_have_stages(cli: Cli) -> None:
    done = cli("profile", "--model", "oracle", "--stages", "host")
    assert done.returncode == 2
    assert "only models that run in this process" in done.stderr
