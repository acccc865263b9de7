"""Where weights come from: a folder, the local hub cache, or one download."""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass

from argus_eval.errors import EnvironmentError_, UsageError

__all__ = ["Checkpoint", "SHIPPED_FOLDER", "find_checkpoint", "shipped_checkpoint"]

#: One folder an entry whose weights travel with the package.
SHIPPED_FOLDER = pathlib.Path(__file__).parent / "argus" / "checkpoints"

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WANTED = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")
_METADATA_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A folder with ``config.json``, safetensors and processor files.

    Attributes:
        folder: where it lies on this machine.
        source: what the user would recognise: the path or the hub id.
        revision: the commit, for a hub id.
    """

    folder: pathlib.Path
    source: str
    revision: str | None = None


def shipped_checkpoint(name: str) -> Checkpoint | None:
    """The checkpoint that travels with the package for a registry entry, if there is one."""
    folder = SHIPPED_FOLDER / name
    if not (folder / "config.json").is_file():
        return None
    return Checkpoint(folder=folder, source=f"shipped with argus-eval ({name})")


def find_checkpoint(weights: str, revision: str | None = None) -> Checkpoint:
    """The folder of ``weights``, downloading it when it is a hub id that is not in the cache.

    Args:
        weights: a local folder, or a hub id ``owner/name``.
        revision: branch, tag or commit of a hub id.

    Raises:
        UsageError: a local folder that does not exist or holds no ``config.json``.
        EnvironmentError_: a hub id that is neither cached nor can be downloaded.
    """
    folder = pathlib.Path(weights).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UsageError(
                f"weights: {weights}: no config.json in this folder; give one that save_pretrained wrote"
            )
        return Checkpoint(folder=folder, source=weights)
    if folder.exists():
        raise UsageError(f"weights: {weights}: a file; give the folder that holds it and config.json")
    if not _HUB_ID.fullmatch(weights) or weights.startswith(("./", "../", "~")):
        raise UsageError(
            f"weights: {weights}: no such folder; give an existing one, a hub id OWNER/NAME, or random"
        )
    return _from_hub(weights, revision)


def _from_hub(hub_id: str, revision: str | None) -> Checkpoint:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        found = snapshot_download(hub_id, revision=revision, local_files_only=True, allow_patterns=list(_WANTED))
        if not any(pathlib.Path(found).glob("*.safetensors")):
            raise FileNotFoundError(f"the cached copy in {found} holds no safetensors")
    except OSError:
        try:
            found = snapshot_download(
                hub_id, revision=revision, allow_patterns=list(_WANTED), etag_timeout=_METADATA_TIMEOUT_S
            )
        except (OSError, HfHubHTTPError, OfflineModeIsEnabled) as error:
            reason = str(error).strip().splitlines()[0]
            raise EnvironmentError_(
                f"weights: {hub_id} is neither a folder here nor in the hub cache, and could not be downloaded "
                f"({reason}); download it elsewhere and give --weights PATH, or time it with --weights random"
            ) from error
    return Checkpoint(folder=pathlib.Path(found), source=hub_id, revision=pathlib.Path(found).name)
