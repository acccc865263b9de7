"""Files of an official release, by role."""

from __future__ import annotations

from pathlib import Path

from argus_eval.data.source import SourceSpec
from argus_eval.errors import UsageError

__all__ = ["find_role", "role_path", "sorted_files"]


def find_role(root: Path, spec: SourceSpec, role: str) -> Path | None:
    """The file or folder of ``role``: where the release puts it, or directly in ``root``; ``None`` if absent."""
    if role not in spec.native:
        return None
    published = Path(spec.native[role])
    return next((path for path in (root / published, root / published.name) if path.exists()), None)


def role_path(root: Path, spec: SourceSpec, role: str) -> Path:
    """The file or folder of ``role`` under ``root``.

    Raises:
        UsageError: it is not there, or the task file names no such role.
    """
    if role not in spec.native:
        raise UsageError(f"source.native names no {role!r}; it has {', '.join(spec.native) or 'nothing'}")
    path = find_role(root, spec, role)
    if path is None:
        raise UsageError(f"--data {root}: {spec.native[role]} is missing (the official release's {role})")
    return path


def sorted_files(folder: Path, pattern: str) -> list[Path]:
    """Files of ``folder``, shorter names first, so that ``img_2`` stands before ``img_10``."""
    return sorted(folder.glob(pattern), key=lambda path: (len(path.name), path.name))
