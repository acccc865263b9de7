"""How a vLLM server is started: its own Python, a recipe's arguments, an environment without our keys."""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argus_eval.backends.openai.address import KEY_VARIABLES
from argus_eval.errors import UsageError

__all__ = ["Launch", "checkpoint_dtype", "extra_arguments", "plan_launch", "server_python", "split_settings"]

PYTHON_VARIABLE = "ARGUS_EVAL_SERVER_PYTHON"
ARGUMENTS_VARIABLE = "ARGUS_EVAL_SERVER_ARGS"
_MODULE = "vllm.entrypoints.openai.api_server"
_SETTING = re.compile(r"^[A-Z][A-Z0-9_]*=")
_MOST_DEVICE_MEMORY = 0.9
_DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A server that can be started.

    Attributes:
        command: program and arguments.
        environment: its whole environment.
        root: where it will answer.
        model: the name it serves under.
        added: variables set for it besides ours, for the record.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    root: str
    model: str
    added: Mapping[str, str]


def server_python(typed: str | None) -> str:
    """The interpreter that servers run in: typed, from the environment, or ours if it has vLLM.

    Raises:
        UsageError: it does not exist, or none is given and ours has no vLLM.
    """
    text = typed or os.environ.get(PYTHON_VARIABLE)
    if text:
        found = shutil.which(text)
        if found is None:
            raise UsageError(f"--server-python {text}: no such program")
        return str(pathlib.Path(found).absolute())
    if importlib.util.find_spec("vllm") is not None:
        return sys.executable
    raise UsageError(
        f"--model vllm: needs a Python that has vLLM: give --server-python PATH or set {PYTHON_VARIABLE}; "
        "benchmarks/vllm_cpu_environment.sh builds one for the CPU"
    )


def extra_arguments() -> tuple[str, ...]:
    """Arguments for every server of the run, from ``ARGUS_EVAL_SERVER_ARGS``.

    Raises:
        UsageError: quotes do not match.
    """
    try:
        return tuple(shlex.split(os.environ.get(ARGUMENTS_VARIABLE, "")))
    except ValueError as problem:
        raise UsageError(f"{ARGUMENTS_VARIABLE}: {problem}") from problem


def checkpoint_dtype(checkpoint: str) -> str | None:
    """The dtype a local checkpoint was saved in; vLLM's own default would turn float32 into bfloat16."""
    try:
        config = json.loads((pathlib.Path(checkpoint) / "config.json").read_text())
    except (OSError, ValueError):
        return None
    found = config.get("dtype") or config.get("torch_dtype") if isinstance(config, dict) else None
    return found if found in _DTYPES else None


def split_settings(arguments: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """A recipe's arguments apart from its environment variables, which it writes ``NAME=value``.

    >>> split_settings(("--mm-processor-cache-gb", "0", "VLLM_MEDIA_LOADING_THREAD_COUNT=1"))
    (('--mm-processor-cache-gb', '0'), {'VLLM_MEDIA_LOADING_THREAD_COUNT': '1'})
    """
    settings = dict(item.split("=", 1) for item in arguments if _SETTING.match(item))
    return tuple(item for item in arguments if not _SETTING.match(item)), settings


def plan_launch(
    python: str,
    checkpoint: str,
    arguments: Sequence[str],
    *,
    port: int,
    device: str,
    dtype: str | None,
    servers: int,
) -> Launch:
    """The command of one server.

    Args:
        python: interpreter with vLLM.
        checkpoint: folder or hub id.
        arguments: of the arm's recipes and of the user.
        port: on the loopback interface.
        device: "cpu" or "cuda".
        dtype: of the weights; ``None`` leaves it to the server.
        servers: how many share the device.
    """
    recipe_arguments, settings = split_settings(arguments)
    is_folder = pathlib.Path(checkpoint).is_dir()
    model = pathlib.Path(checkpoint).resolve().name if is_folder else checkpoint
    command = [python, "-m", _MODULE]
    command += ["--model", str(pathlib.Path(checkpoint).resolve()) if is_folder else checkpoint]
    command += ["--served-model-name", model, "--host", "127.0.0.1", "--port", str(port)]
    if dtype is not None:
        command += ["--dtype", dtype]
    if device == "cpu":
        # Compiling for the CPU takes minutes and a compiler; every arm goes without.
        command.append("--enforce-eager")
    elif servers > 1 and "--gpu-memory-utilization" not in recipe_arguments:
        command += ["--gpu-memory-utilization", f"{_MOST_DEVICE_MEMORY / servers:.2f}"]
    added = {
        "VLLM_SERVER_DEV_MODE": "1",  # the endpoints that empty caches; the server listens on loopback only
        "PYTHONUNBUFFERED": "1",  # what it is at is read from its log
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        **settings,
    }
    if is_folder:
        added.setdefault("HF_HUB_OFFLINE", "1")
    if device == "cpu" and "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
        added.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    hidden = {*KEY_VARIABLES, "VLLM_API_KEY", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | added
    return Launch(
        command=(*command, *recipe_arguments),
        environment=environment,
        root=f"http://127.0.0.1:{port}",
        model=model,
        added=added,
    )
