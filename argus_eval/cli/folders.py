"""Arguments that several commands share: where runs and stored baselines are kept."""

from __future__ import annotations

import argparse
import pathlib

__all__ = ["add_baselines_folder", "add_runs_folder"]


def add_runs_folder(parser: argparse._ActionsContainer) -> None:
    """``--runs-dir``, of a command or of a group of its arguments."""
    parser.add_argument(
        "--runs-dir",
        type=pathlib.Path,
        default=pathlib.Path("runs"),
        metavar="FOLDER",
        help="where runs are kept (default: runs)",
    )


def add_baselines_folder(parser: argparse._ActionsContainer) -> None:
    """``--dir``."""
    parser.add_argument(
        "--dir",
        type=pathlib.Path,
        default=pathlib.Path("baselines"),
        metavar="FOLDER",
        help="of stored baselines (default: baselines)",
    )
