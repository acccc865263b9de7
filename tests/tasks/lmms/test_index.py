from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from argus_eval.errors import EnvironmentError_, UnknownNameError, UsageError
from argus_eval.tasks.catalog import expand
from argus_eval.tasks.lmms import index

FILES = {
    "pope/pope.yaml": 'dataset_path: x/POPE\ntask: "pope"  # the whole\ntest_split: test\n',
    "pope/pope_adv.yaml": "task: pope_adv\ninclude: pope.yaml\n",
    "refcoco/_refcoco.yaml": "group: refcoco\ntask:\n- refcoco_val\n  # and\n- task: refcoco_testA\n",
    "refcoco/_default.yaml": "dataset_path: x/RefCOCO\n",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with four task files in the place of lmms-eval."""
    for name, text in FILES.items():
        path = tmp_path / "tasks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    spec = ModuleSpec("lmms_eval", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    _pretend(monkeypatch, spec)
    yield tmp_path
    index.task_index.cache_clear()


def _pretend(monkeypatch: pytest.MonkeyPatch, spec: ModuleSpec | None) -> None:
    stock = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: spec if name == "lmms_eval" else stock(name, *rest)
    )
    index.task_index.cache_clear()


def test_names_are_tasks_and_groups(installed: Path) -> None:
    assert set(index.task_index()) == {"pope", "pope_adv", "refcoco"}
    assert index.task_file("lmms:pope") == installed / "tasks/pope/pope.yaml"
    assert expand(["lmms:pope", "gqa", "lmms:pope"]) == ("lmms:pope", "gqa")


def test_a_typo_names_what_is_near(installed: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'lmms:pope'"):
        expand(["lmms:poppe"])


def test_a_group_names_its_tasks(installed: Path) -> None:
    with pytest.raises(UsageError, match="a group of lmms-eval; give lmms:refcoco_val,lmms:refcoco_testA"):
        expand(["lmms:refcoco"])


def test_without_lmms_eval_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, None)

    with pytest.raises(EnvironmentError_, match=r"argus-eval\[lmms\]"):
        expand(["lmms:pope"])
    index.task_index.cache_clear()


def test_a_listing_and_a_run_without_it_do_not_import_lmms_eval() -> None:
    code = (
        "import sys; from argus_eval.cli import main; main(['list', 'tasks']); main(['list', 'models']);"
        "from argus_eval.tasks.catalog import expand, load_task; load_task(expand(['pope'])[0]).metrics;"
        "import argus_eval.engine.plan;"
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('lmms_eval', 'loguru')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
