"""``argus-eval doctor``: what works on this machine, and why not."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to write."""
    parser.add_argument("--json", metavar="PATH|-", help="write the findings as JSON")


def main(arguments: argparse.Namespace) -> int:
    """What works on this machine, and why not."""
    import torch  # noqa: F401 - so that the device is described

    from argus_eval.cli.output import write_json
    from argus_eval.measure.environment import capture_environment

    environment = capture_environment()
    findings = [*_device(), *_data(), *_extras(), *_disk()]
    if arguments.json is not None:
        rows = [{"what": what, "works": works, "about": about} for what, works, about in findings]
        write_json({"environment": environment, "findings": rows}, arguments.json)
        return 0
    host = environment["host"]
    assert isinstance(host, dict)
    print(f"{host['cpu']}, {host['cores_used']} of {host['cores_logical']} cores, load {host['load_1min']}")  # noqa: T201
    for what, works, about in findings:
        print(f"{'yes' if works else 'no ':3}  {what}: {about}")  # noqa: T201
    return 0


def _device() -> list[tuple[str, bool, str]]:
    import torch

    if torch.cuda.is_available():
        return [("cuda", True, torch.cuda.get_device_name(0))]
    return [("cuda", False, "torch sees no CUDA device; models run on the CPU")]


def _data() -> list[tuple[str, bool, str]]:
    from argus_eval.data.bundled import bundled_names
    from argus_eval.data.hub import unreachable_because

    reason = unreachable_because()
    return [
        ("hub", reason is None, reason or "the Hugging Face hub answers"),
        ("bundled samples", bool(bundled_names()), ", ".join(bundled_names())),
    ]


def _extras() -> list[tuple[str, bool, str]]:
    from importlib.util import find_spec

    found = []
    for module, what, extra in (
        ("lmms_eval", "lmms: tasks", "lmms"),
        ("py_spy", "host profiles", "profile"),
        ("pynvml", "energy and clocks of NVIDIA devices", "energy"),
        ("ray", "sharded accuracy passes", "ray"),
    ):
        there = find_spec(module) is not None
        found.append((what, there, "installed" if there else f"install argus-eval[{extra}]"))
    java = shutil.which("java")
    found.append(("METEOR", java is not None, java or "needs Java on PATH"))
    return found


def _disk() -> list[tuple[str, bool, str]]:
    free = shutil.disk_usage(os.getcwd()).free  # noqa: PTH109
    writable = os.access(os.getcwd(), os.W_OK)  # noqa: PTH109
    return [
        ("this folder", writable, f"{free / 2**30:.0f} GiB free" if writable else "not writable; use --runs-dir"),
        ("temporary files", os.access(tempfile.gettempdir(), os.W_OK), tempfile.gettempdir()),
    ]
