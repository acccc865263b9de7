from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import argus_eval.tasks.index as index
from argus_eval.errors import UnknownNameError, UsageError
from argus_eval.metrics.registry import METRICS
from argus_eval.tasks.catalog import expand, group_names, load_task, task_names
from argus_eval.tasks.index import summaries, task_files
from argus_eval.tasks.spec import GROUPS

REPOSITORY = Path(__file__).resolve().parents[2]

CONTRACT = [
    *("vqav2", "gqa", "textvqa", "pope", "pope_random", "pope_popular", "pope_adversarial"),
    *("ai2d", "scienceqa_img", "mmmu_val"),
    *("ocrbench", "docvqa_val", "infovqa_val", "chartqa", "text_spotting"),
    *("refcoco", "refcoco_testA", "refcoco_testB", "refcoco+", "refcoco+_testA", "refcoco+_testB"),
    *("refcocog", "refcocog_test", "flickr30k_entities"),
    *("coco_detection", "lvis_detection", "vg_dense_caption", "coco_caption", "nocaps"),
]


def test_every_task_of_the_contract_is_there():
    assert sorted(task_names()) == sorted(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_every_task_file_is_valid(name: str):
    spec = load_task(name).spec
    assert spec.name == name
    assert spec.needs is not None
    assert spec.bundled is not None
    assert set(spec.oracle) <= {info.name for metric in spec.metrics for info in METRICS.get(metric).infos}


@pytest.mark.parametrize("name", CONTRACT)
def test_the_light_index_agrees_with_the_parsed_file(name: str):
    content = yaml.safe_load(task_files()[name].read_text(encoding="utf-8"))
    summary = next(item for item in summaries() if item.name == name)
    assert summary.title == content["title"]
    assert summary.kind == content["kind"]
    assert list(summary.groups) == content["groups"]


def test_groups():
    assert group_names() == GROUPS
    assert set(expand(["paper"])) == {"vqav2", "pope", "gqa", "coco_caption", "nocaps", "vg_dense_caption"}
    assert set(expand(["all-detection"])) == {"coco_detection", "lvis_detection"}
    assert set(expand(["all-captioning"])) == {"coco_caption", "nocaps", "vg_dense_caption"}
    assert set(expand(["all-ocr"])) >= {"ocrbench", "docvqa_val", "infovqa_val", "chartqa", "text_spotting"}
    assert set(expand(["all-vqa"])) >= {"vqav2", "gqa", "textvqa", "pope", "ai2d", "scienceqa_img", "mmmu_val"}
    assert set(expand(["all-grounding"])) == {
        name for name in CONTRACT if name.startswith("refcoco") or name == "flickr30k_entities"
    }
    everything = set(expand(["all"]))
    assert everything == set(CONTRACT) - {"pope_random", "pope_popular", "pope_adversarial"}
    for group in group_names():
        assert set(expand([group])) <= everything


def test_order_is_kept_and_repeats_are_dropped():
    expanded = expand(["textvqa", "all-detection", "refcoco", "textvqa", "coco_detection"])
    assert expanded == ("textvqa", *expand(["all-detection"]), "refcoco")
    assert expand([]) == ()


@pytest.mark.parametrize(("typo", "nearest"), [("refcco", "refcoco"), ("all-vq", "all-vqa"), ("papper", "paper")])
def test_an_unknown_name_gets_the_nearest(typo: str, nearest: str):
    with pytest.raises(UnknownNameError, match=f"task '{typo}' is unknown; did you mean .*'{nearest}'"):
        expand([typo])
    with pytest.raises(UnknownNameError):
        load_task(typo)


def test_a_path_is_a_task(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(task_files()["refcoco"].read_text().replace("name: refcoco\n", "name: mine\n", 1))
    assert expand([str(file), "refcoco"]) == (str(file), "refcoco")
    assert load_task(str(file)).name == "mine"
    with pytest.raises(UsageError, match=r"gone\.yaml: no such task file"):
        load_task(str(tmp_path / "gone.yaml"))


def test_a_file_named_otherwise_than_its_task_is_refused(tmp_path: Path, monkeypatch):
    (tmp_path / "other.yaml").write_text(task_files()["refcoco"].read_text())
    monkeypatch.setattr("argus_eval.tasks.catalog.task_files", lambda: {"other": tmp_path / "other.yaml"})
    with pytest.raises(UsageError, match=r"tasks/other\.yaml: name: 'refcoco' differs from the name of the file"):
        load_task("other")


@pytest.fixture
def fresh_index():
    index.task_files.cache_clear()
    yield
    index.task_files.cache_clear()


def plugin(folder: Path, name: str) -> None:
    """An installed distribution that adds a task, as pip leaves it."""
    info = folder / "extra_tasks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: extra-tasks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[argus_eval.tasks]\n{name} = extra_tasks:FILE\n")
    (folder / "extra_tasks.py").write_text(f"FILE = {str(folder / 'added.yaml')!r}\n")
    (folder / "added.yaml").write_text(
        (REPOSITORY / "tasks" / "refcoco.yaml").read_text().replace("name: refcoco\n", f"name: {name}\n", 1)
    )


def test_other_packages_add_tasks(tmp_path: Path, monkeypatch, fresh_index):
    plugin(tmp_path, "added")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert task_names()[-1] == "added"
    assert load_task("added").name == "added"
    assert "added" in expand(["all-grounding"])


def test_a_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch, fresh_index):
    plugin(tmp_path, "textvqa")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("extra_tasks", None)
    with pytest.raises(UsageError, match="task 'textvqa' is registered twice"):
        task_names()


def test_an_installed_wheel_has_its_files_beside_the_module(tmp_path: Path, monkeypatch):
    package = tmp_path / "argus_eval" / "tasks"
    (package / "files").mkdir(parents=True)
    monkeypatch.setattr(index, "__file__", str(package / "index.py"))
    assert index._folder() == package / "files"
    (package / "files").rmdir()
    (tmp_path / "tasks").mkdir()
    assert index._folder() == tmp_path / "tasks"


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from argus_eval.tasks.catalog import task_names, expand; from argus_eval.tasks.index import "
        "summaries; task_names(); summaries(); expand(['all']); "
        "print([m for m in ('yaml', 'pydantic', 'numpy', 'torch', 'pyarrow', 'PIL', 'importlib.metadata') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.strip() == "[]"
