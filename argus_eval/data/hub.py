"""The Hugging Face hub: asked once whether it is there, then only for the files of one split."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

from argus_eval.data.joined import JoinedImages
from argus_eval.data.rows import RowSource
from argus_eval.data.source import SourceSpec
from argus_eval.data.tables import ParquetTable
from argus_eval.errors import EnvironmentError_

__all__ = ["REACHABILITY_LIMIT_S", "download", "endpoint", "unreachable_because"]

REACHABILITY_LIMIT_S = 3.0


def endpoint() -> str:
    """Address of the hub, or of the mirror that ``HF_ENDPOINT`` names."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


@cache
def unreachable_because() -> str | None:
    """Why the hub cannot be used; ``None`` if it can. Asked once per process, answered within three seconds.

    Honours ``HF_HUB_OFFLINE`` and ``HF_DATASETS_OFFLINE``. One request, no retry; a thread bounds what a slow
    name server may cost, because no timeout of an HTTP client covers it.
    """
    for variable in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        if os.environ.get(variable, "").lower() in ("1", "true", "yes", "on"):
            return f"{variable} is set"
    answers: list[str | None] = []
    asking = threading.Thread(target=lambda: answers.append(_ask(endpoint())), daemon=True)
    asking.start()
    asking.join(REACHABILITY_LIMIT_S)
    return answers[0] if answers else f"{endpoint()} did not answer within {REACHABILITY_LIMIT_S:g} s"


def download(spec: SourceSpec) -> RowSource:
    """The split's files, fetched into the local cache where they are not there yet.

    Only this split is fetched. Which files it has is what the repository itself declares, read by ``datasets``.

    Raises:
        EnvironmentError_: the hub refuses, lacks it, or the transfer or the disk fails.
    """
    assert spec.hub is not None
    questions = _fetch(spec, spec.hub, spec.config)
    if spec.images is None:
        return questions
    images = _fetch(replace(spec, files=None), spec.hub, spec.images.config)
    return JoinedImages(name=questions.name, questions=questions, images=images, table=spec.images)


def _ask(address: str) -> str | None:
    import httpx

    try:
        status = httpx.head(address, timeout=REACHABILITY_LIMIT_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        return f"{address} cannot be reached ({problem or type(problem).__name__})"
    return None if status < 400 else f"{address} answers with status {status}"


def _fetch(spec: SourceSpec, hub: str, config: str | None) -> RowSource:
    import httpx
    from huggingface_hub import HfFileSystem, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    files, revision = [], ""
    try:
        for address in _declared_files(hub, config, spec.split):
            place = HfFileSystem().resolve_path(address)
            revision = place.revision
            local = hf_hub_download(place.repo_id, place.path_in_repo, repo_type="dataset", revision=revision)
            files.append(Path(local))
    except (HfHubHTTPError, httpx.HTTPError, OSError, ValueError) as problem:
        detail = str(problem).strip().splitlines() or [type(problem).__name__]
        raise EnvironmentError_(
            f"{hub}: split {spec.split!r} could not be downloaded ({detail[0]}); "
            "give a local copy with --data PATH, or --data bundled for the synthetic sample"
        ) from problem
    return ParquetTable(name=f"{hub}@{revision[:12]}", files=tuple(files))


def _declared_files(hub: str, config: str | None, split: str) -> list[str]:
    """Addresses ``hf://datasets/ID@REVISION/PATH`` of the split's Parquet files."""
    from datasets import load_dataset_builder

    declared = load_dataset_builder(hub, config).config.data_files or {}
    if split not in declared:
        raise ValueError(f"it has split {', '.join(declared) or 'none'}")
    addresses = [str(address) for address in declared[split]]
    if not addresses or not all(address.endswith(".parquet") for address in addresses):
        raise ValueError("it is not published as Parquet files")
    return addresses
