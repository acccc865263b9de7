from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from argus_eval.tasks.lmms.reach import HEAVY, JUDGES, belongs_to, reached_modules

SOURCE = """
import json
import subprocess
import urllib.request as requests_like

class Judge:
    def ask(self, text):
        import openai
        return openai.ask(text)

judge = Judge()

def helper(text):
    return judge.ask(text)

def by_judge(doc, results):
    return {"score": [helper(item) for item in results]}

def by_rule(doc, results):
    openai = json.dumps(results)
    return {"score": openai.requests if hasattr(openai, "requests") else 0}

def by_process(results):
    return subprocess.run(results)

def by_lambda(results):
    return sorted(results, key=lambda item: helper(item))
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("tasks") / "utils.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("utils", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize(
    ("name", "judges"), [("by_judge", ("openai",)), ("by_lambda", ("openai",)), ("by_rule", ())]
)
def test_a_judge_is_found_behind_helpers_and_instances(
    name: str, judges: tuple[str, ...], module: ModuleType
) -> None:
    folder = str(Path(str(module.__file__)).parent)

    assert belongs_to(reached_modules([getattr(module, name), None], folder), JUDGES) == judges


def test_a_scorer_that_starts_processes_is_heavy(module: ModuleType) -> None:
    folder = str(Path(str(module.__file__)).parent)

    assert belongs_to(reached_modules([module.by_process], folder), HEAVY) == ("subprocess",)


def test_code_outside_the_folder_is_not_followed(module: ModuleType) -> None:
    assert belongs_to(reached_modules([module.by_judge], "/elsewhere"), JUDGES) == ()
