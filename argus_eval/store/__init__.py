"""Runs on disk."""

from __future__ import annotations

from argus_eval.store.run_directory import RunDirectory, RunWriter, write_atomically

__all__ = ["RunDirectory", "RunWriter", "write_atomically"]
