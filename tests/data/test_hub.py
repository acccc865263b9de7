"""The hub, without a hub: a local HTTP server answers or keeps silent, and the libraries' calls are replaced."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import argus_eval.data.hub as hub
from argus_eval.data.source import ImageTable, SourceSpec
from argus_eval.errors import EnvironmentError_

from .tables import REFCOCO, jpeg, refcoco_row, write

SPEC = SourceSpec(schema="refcoco", hub="owner/RefCOCO", split="val", checked="2026-08-06")


@pytest.fixture(autouse=True)
def fresh(monkeypatch) -> Iterator[None]:
    for variable in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    hub.unreachable_because.cache_clear()
    yield
    hub.unreachable_because.cache_clear()


class Answering(http.server.BaseHTTPRequestHandler):
    status = 200
    asked = 0

    def do_HEAD(self) -> None:
        type(self).asked += 1
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[type[Answering]]:
    handler = type("Handler", (Answering,), {"asked": 0, "status": 200})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{running.server_port}/")
        yield handler
        running.shutdown()


def test_it_is_asked_once_per_process(server):
    assert [hub.unreachable_because() for _ in range(5)] == [None] * 5
    assert server.asked == 1


def test_a_proxy_that_refuses_everything_is_no_hub(server):
    server.status = 403
    assert "answers with status 403" in hub.unreachable_because()


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_offline_variables_are_honoured_without_asking(server, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert hub.unreachable_because() == f"{variable} is set"
    assert server.asked == 0


def test_nobody_listens(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert "cannot be reached" in hub.unreachable_because()


def test_an_endpoint_that_is_no_address(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "htp:/nonsense")
    assert "cannot be reached" in hub.unreachable_because()


def test_a_silent_name_server_costs_no_more_than_the_limit(monkeypatch):
    monkeypatch.setattr(hub, "REACHABILITY_LIMIT_S", 0.2)
    monkeypatch.setattr(hub, "_ask", lambda address: time.sleep(5))
    started = time.monotonic()
    assert "did not answer within 0.2 s" in hub.unreachable_because()
    assert time.monotonic() - started < 2


def test_the_files_a_repository_declares_are_found_by_datasets(tmp_path: Path):
    """``datasets`` reads the README's configurations; a local folder stands in for the repository."""
    for name in ("Full/val-0.parquet", "Full/val-1.parquet", "Small/val-0.parquet", "Full/test-0.parquet"):
        write(tmp_path / name, [refcoco_row(1)], REFCOCO)
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: Full\n  data_files:\n"
        "  - {split: val, path: Full/val-*}\n  - {split: test, path: Full/test-*}\n"
        "- config_name: Small\n  data_files:\n  - {split: val, path: Small/val-*}\n---\n"
    )
    found = hub._declared_files(str(tmp_path), "Full", "val")
    assert [Path(address).name for address in found] == ["val-0.parquet", "val-1.parquet"]
    with pytest.raises(ValueError, match="it has split val"):
        hub._declared_files(str(tmp_path), "Small", "test")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch) -> Path:
    """A folder in the place of the hub: addresses resolve to it and downloading is finding the file."""
    import huggingface_hub

    def resolve(self, address: str) -> SimpleNamespace:
        path = address.removeprefix("hf://datasets/owner/RefCOCO@cafe/")
        return SimpleNamespace(repo_id="owner/RefCOCO", path_in_repo=path, revision="cafe" * 10)

    def fetch(repo_id: str, filename: str, *, repo_type: str, revision: str) -> str:
        assert (repo_id, repo_type, revision) == ("owner/RefCOCO", "dataset", "cafe" * 10)
        return str(tmp_path / filename)

    monkeypatch.setattr(huggingface_hub.HfFileSystem, "resolve_path", resolve)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)

    def declared(hub_id: str, config: str | None, split: str) -> list[str]:
        folder = config or "data"
        files = sorted((tmp_path / folder).glob(f"{split}-*"))
        return [f"hf://datasets/owner/RefCOCO@cafe/{folder}/{file.name}" for file in files]

    monkeypatch.setattr(hub, "_declared_files", declared)
    return tmp_path


def test_only_the_files_of_the_split_are_fetched_at_one_revision(repository: Path):
    for split in ("val", "test"):
        write(repository / "data" / f"{split}-0.parquet", [refcoco_row(1)], REFCOCO)
    table = hub.download(SPEC)
    assert table.name == "owner/RefCOCO@cafecafecafe"
    assert [file.name for file in table.files] == ["val-0.parquet"]
    assert table.count() == 1


def test_images_of_a_second_configuration_are_fetched_too(repository: Path):
    write(repository / "q" / "val-0.parquet", [{"question_id": "1", "imageId": "a"}])
    write(repository / "i" / "val-0.parquet", [{"id": "a", "image": {"bytes": jpeg(), "path": ""}}])
    spec = SourceSpec(
        schema="gqa",
        hub="owner/RefCOCO",
        config="q",
        split="val",
        checked="2026-08-06",
        images=ImageTable(config="i", key="id", column="imageId"),
    )
    (row,) = hub.download(spec).rows()
    assert row["image"]["bytes"] == jpeg()


@pytest.mark.parametrize("problem", [OSError("No space left on device"), ValueError("it has split train")])
def test_a_download_that_fails_says_what_to_do(monkeypatch, problem):
    def fail(*_: object) -> list[str]:
        raise problem

    monkeypatch.setattr(hub, "_declared_files", fail)
    with pytest.raises(EnvironmentError_, match=r"RefCOCO: split 'val' could not be downloaded .*--data PATH"):
        hub.download(SPEC)
