"""The images speed is measured on: distinct, stratified, of the tasks or of a folder."""

from __future__ import annotations

import pathlib

import pytest
from PIL import Image

from argus_eval.backends.protocol import ModelFacts
from argus_eval.engine.workload import make_workload
from argus_eval.errors import UsageError
from tests.pipeline.images import picture

FACTS = ModelFacts(
    name="m",
    backend="transformers",
    family="argus",
    staged=True,
    dialect="argus",
    capabilities=None,
    weights="random",
    label="m",
    measures_speed=True,
    device="cpu",
)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """Sixty small photographs, six of another shape in another format, copies, and things that are no image."""
    (tmp_path / "deep").mkdir()
    for index in range(60):
        picture(64, 48, seed=index).save(tmp_path / f"{index}.jpg")
    for index in range(6):
        picture(96, 200, seed=100 + index).save(tmp_path / "deep" / f"tall{index}.png")
    (tmp_path / "copy.jpg").write_bytes((tmp_path / "0.jpg").read_bytes())
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    return tmp_path


def test_a_folder_of_ones_own_images(folder: pathlib.Path) -> None:
    found = make_workload((), FACTS, images=24, seed=0, folder=str(folder))
    assert len(found.items) == 24
    everything = [item.image for item in (*found.items, *found.warmup, *found.audit)]
    assert len(everything) == len(set(everything))
    assert found.audit
    names = [item.sample for item in (*found.items, *found.warmup, *found.audit)]
    assert any("tall" in name for name in names)
    assert not {"notes.txt", "broken.png"} & set(names)
    assert all(item.request.images[0].data for item in found.items)
    with Image.open(folder / found.items[0].sample) as image:
        size = found.items[0].request.images[0].size
        assert size is not None
        assert image.size == (size.width, size.height)


def test_the_draw_is_spread_and_repeatable(folder: pathlib.Path) -> None:
    first = make_workload((), FACTS, images=8, seed=3, folder=str(folder))
    again = make_workload((), FACTS, images=8, seed=3, folder=str(folder))
    other = make_workload((), FACTS, images=8, seed=4, folder=str(folder))
    assert first == again
    assert first.fingerprint != other.fingerprint
    kinds = {item.request.images[0].format for item in (*first.items, *first.warmup)}
    assert kinds == {"JPEG", "PNG"}


def test_a_copy_under_another_name_is_the_same_image(folder: pathlib.Path) -> None:
    found = make_workload((), FACTS, images=200, seed=0, folder=str(folder))
    assert len(found.items) + len(found.warmup) + len(found.audit) == 66


def test_nothing_to_measure_on_is_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        make_workload((), FACTS, images=8, seed=0, folder=str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="can be read as an image"):
        make_workload((), FACTS, images=8, seed=0, folder=str(tmp_path))
