"""What recipes that compile have in common: what has to be there, and what they say."""

from __future__ import annotations

import importlib.util
import os
import shutil

from argus_eval.recipes.protocol import Target

__all__ = ["ONE_AT_A_TIME", "no_compiler"]

#: Note of recipes that work on single requests only.
ONE_AT_A_TIME = "recipe {!r}: requests are answered one at a time, also where the baseline answers in batches"


def no_compiler(target: Target) -> str | None:
    """Why torch cannot compile for a target's device; ``None`` if it can."""
    if target.device.startswith("cuda"):
        if importlib.util.find_spec("triton") is None:
            return "torch.compile needs the triton package on a GPU; install it"
        return None
    named = os.environ.get("CXX")
    if any(shutil.which(name) for name in ([named] if named else ["g++", "clang++", "c++"])):
        return None
    return "torch.compile needs a C++ compiler on a CPU; install g++ or set CXX"
