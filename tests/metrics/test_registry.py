"""The registry of metrics: light to list, whole when loaded."""

from __future__ import annotations

import subprocess
import sys

from argus_eval.metrics.registry import METRICS

HEAVY = ("numpy", "scipy", "torch", "pandas", "pydantic", "rapidfuzz", "pycocotools", "faster_coco_eval")


def test_every_entry_loads_and_says_what_it_reports() -> None:
    for name in METRICS:
        metric = METRICS.get(name)
        assert metric.infos, name
        names = [info.name for info in metric.infos]
        assert len(set(names)) == len(names), name
        assert all(info.reference for info in metric.infos), name
        assert hasattr(metric, "score") != hasattr(metric, "statistics"), name


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from argus_eval.metrics.registry import METRICS; METRICS.names();"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
