"""The order in which data is looked for, and what is said about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import argus_eval.data.resolution as resolution
from argus_eval.data.resolution import resolve
from argus_eval.data.source import SourceSpec
from argus_eval.data.tables import ParquetTable
from argus_eval.errors import EnvironmentError_, ExitCode, UsageError

from .tables import REFCOCO, refcoco_row, textvqa_row, write

SPEC = SourceSpec(schema="refcoco", hub="lmms-lab-encoder/RefCOCO", split="val", checked="2026-08-06")


class World:
    """What there is: a cache, a hub, a bundled sample. ``asked`` lists which were looked at, in order."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.cache: ParquetTable | None = None
        self.unreachable: str | None = None
        self.download: ParquetTable | EnvironmentError_ = EnvironmentError_("the hub refuses")
        self.bundled: dict[str, list[dict]] = {"refcoco": [refcoco_row(1), refcoco_row(2)]}
        self._folder = folder

    def table(self, name: str, *rows: dict) -> ParquetTable:
        file = write(self._folder / f"{name}.parquet", rows or (refcoco_row(1),), REFCOCO)
        return ParquetTable(name=name, files=(file,))

    def look_in_cache(self, spec: SourceSpec) -> ParquetTable | None:
        self.asked.append("cache")
        return self.cache

    def ask(self) -> str | None:
        self.asked.append("reachable")
        return self.unreachable

    def fetch(self, spec: SourceSpec) -> ParquetTable:
        self.asked.append("hub")
        if isinstance(self.download, EnvironmentError_):
            raise self.download
        return self.download


class Bundled:
    """Stands in for the bundled sample, whose own reader has its own tests."""

    def __init__(self, world: World, name: str, sample: str) -> None:
        world.asked.append("bundled")
        self.name, self._rows = name, world.bundled[sample]

    def columns(self) -> tuple[str, ...]:
        return tuple(self._rows[0]) if self._rows else ()

    def rows(self, columns=None):
        for row in self._rows:
            yield row if columns is None else {name: row[name] for name in columns if name in row}

    def count(self) -> int:
        return len(self._rows)


@pytest.fixture
def world(tmp_path: Path, monkeypatch) -> World:
    world = World(tmp_path)
    monkeypatch.setattr(resolution, "cached", world.look_in_cache)
    monkeypatch.setattr(resolution, "unreachable_because", world.ask)
    monkeypatch.setattr(resolution, "download", world.fetch)
    monkeypatch.setattr(resolution, "BundledTable", lambda name, sample, shared: Bundled(world, name, sample))
    return world


def find(requested: str | None = None, *, strict=False, ci=False, spec=SPEC, bundled: str | None = "refcoco"):
    return resolve(spec, requested, strict=strict, ci=ci, bundled=bundled)


def test_the_cache_comes_first_and_the_hub_is_not_asked(world: World):
    world.cache = world.table("cached")
    found = find()
    assert (found.requested, found.resolved, found.source) == ("auto", "cache", "cached")
    assert (found.synthetic, found.banner) == (False, None)
    assert world.asked == ["cache"]


def test_then_the_hub(world: World):
    world.download = world.table("hub@cafe")
    found = find()
    assert (found.requested, found.resolved, found.source) == ("auto", "hub", "hub@cafe")
    assert world.asked == ["cache", "reachable", "hub"]


def test_then_the_bundled_sample_with_a_banner(world: World):
    world.unreachable = "it did not answer within 3 s"
    found = find()
    assert (found.requested, found.resolved, found.synthetic) == ("auto", "bundled", True)
    assert world.asked == ["cache", "reachable", "bundled"]
    assert found.banner.startswith("SYNTHETIC DATA: refcoco runs on 4 bundled items")
    assert "it did not answer within 3 s" in found.banner
    assert "--data PATH" in found.banner
    assert "\n" not in found.banner


def test_a_download_that_fails_falls_back_and_says_why(world: World):
    assert "the hub refuses" in find().banner


@pytest.mark.parametrize(("strict", "ci", "why"), [(True, False, "--strict-data"), (False, True, "CI is set")])
def test_the_last_step_is_refused(world: World, strict: bool, ci: bool, why: str):
    world.unreachable = "no route"
    with pytest.raises(EnvironmentError_, match=why) as caught:
        find(strict=strict, ci=ci)
    assert caught.value.exit_code == ExitCode.ENVIRONMENT == 5
    assert "no route" in str(caught.value)
    assert "bundled" not in world.asked


@pytest.mark.parametrize("strict", [True, False])
def test_asking_for_the_bundled_sample_by_name_is_no_fallback(world: World, strict: bool):
    found = find("bundled", strict=strict, ci=True)
    assert (found.requested, found.resolved) == ("bundled", "bundled")
    assert found.banner is not None
    assert world.asked == ["bundled"]


def test_a_task_without_a_bundled_sample(world: World):
    world.unreachable = "no route"
    with pytest.raises(EnvironmentError_, match="no route"):
        find(bundled=None)
    with pytest.raises(EnvironmentError_, match="no bundled sample"):
        find("bundled", bundled=None)


def test_asking_for_the_hub_never_ends_elsewhere(world: World):
    world.cache = world.table("cached")
    world.unreachable = "no route"
    with pytest.raises(EnvironmentError_, match=r"--data hub: no route; lmms-lab-encoder/RefCOCO"):
        find("hub")
    world.unreachable = None
    with pytest.raises(EnvironmentError_, match="the hub refuses"):
        find("hub")
    world.download = world.table("hub@cafe")
    assert find("hub").resolved == "hub"


def test_native_benchmarks_have_no_hub(world: World):
    native = SourceSpec(
        schema="icdar2015", split="test", checked="2026-11-22", native={"annotations": "gt", "images": "i"}
    )
    with pytest.raises(UsageError, match=r"no hub copy; .*official files \(gt, i\)"):
        find("hub", spec=native)
    world.bundled["text_spotting"] = [{"image_id": "1", "image": None, "gt": ""}]
    found = find(spec=native, bundled="text_spotting")
    assert "no script-free hub copy exists" in found.banner
    assert "reachable" not in world.asked


def test_a_path_wins_over_everything(world: World, tmp_path: Path):
    world.cache = world.table("cached")
    write(tmp_path / "mine" / "val.parquet", [refcoco_row(9)], REFCOCO)
    found = find(str(tmp_path / "mine"), ci=True, strict=True)
    assert (found.requested, found.resolved) == (str(tmp_path / "mine"), "local")
    assert [row["question_id"] for row in found.rows()] == ["9"]
    assert world.asked == []


def test_only_what_the_schema_uses_is_read(world: World):
    world.cache = world.table("cached")
    assert set(next(iter(find().rows()))) == {"question_id", "image", "answer", "bbox", "file_name"}
    assert next(iter(find().rows(["question_id"]))) == {"question_id": "1"}


def test_rows_and_samples_are_counted_apart(world: World):
    world.cache = world.table(
        "cached", refcoco_row(1), refcoco_row(2, answer=["a"]), refcoco_row(3, answer=["a", "b", "c"])
    )
    found = find()
    assert (found.count(), found.count_samples()) == (3, 6)


def test_a_data_set_without_rows_is_said_to_be_empty(world: World, tmp_path: Path):
    write(tmp_path / "x" / "val.parquet", [], REFCOCO)
    with pytest.raises(UsageError, match="the data set is empty"):
        find(str(tmp_path / "x"))
    (tmp_path / "y.jsonl").write_text("\n \n")
    with pytest.raises(UsageError, match="the data set is empty"):
        find(str(tmp_path / "y.jsonl"))


def test_missing_columns_are_named_with_those_that_are_there(world: World, tmp_path: Path):
    row = refcoco_row(1)
    row["bounding_box"] = row.pop("bbox")
    row["answers"] = row.pop("answer")
    file = write(tmp_path / "val.parquet", [row])
    with pytest.raises(UsageError) as caught:
        find(str(file))
    message = str(caught.value)
    assert "'answer', 'bbox' is missing (perhaps your 'answers')" in message
    assert "needs question_id, image, answer, bbox" in message
    assert "bounding_box" in message
    assert caught.value.exit_code == ExitCode.USAGE


def test_rows_are_chosen_by_value(world: World, tmp_path: Path):
    rows = [
        {"question_id": n, "image": None, "question": "?", "answer": "yes", "category": kind}
        for n, kind in enumerate(["random", "popular", "random"])
    ]
    file = write(tmp_path / "test.parquet", rows)
    spec = SourceSpec(
        schema="pope", hub="x/POPE", split="test", checked="2026-08-06", where={"category": "random"}
    )
    found = find(str(file), spec=spec)
    assert [row["question_id"] for row in found.rows()] == [0, 2]
    assert (found.count(), found.count_samples()) == (2, 2)
    with pytest.raises(UsageError, match=r"empty \(no row has category = 'adversarial'\)"):
        find(str(file), spec=replace(spec, where={"category": "adversarial"}))


def test_references_of_the_whole_data_set_are_read_without_images(world: World, tmp_path: Path):
    rows = [
        {"question_id": "a", "image": None, "answer": ["one", "two"]},
        {"question_id": "b", "image": None, "answer": []},
        {"question_id": "c", "image": None, "answer": ["three"]},
    ]
    file = write(tmp_path / "val.parquet", rows)
    spec = replace(SPEC, schema="coco_caption")
    assert list(find(str(file), spec=spec).references()) == [("one", "two"), ("three",)]
    world.cache = world.table("cached")
    assert list(find().references()) == []
    assert find().categories() == ()


def test_every_call_starts_anew(world: World):
    world.cache = world.table("cached", refcoco_row(1), refcoco_row(2))
    found = find()
    assert len(list(found.rows())) == len(list(found.rows())) == 2


def test_wrong_data_for_the_task(world: World, tmp_path: Path):
    file = write(tmp_path / "val.parquet", [textvqa_row(1)])
    with pytest.raises(UsageError, match="schema 'refcoco' needs"):
        find(str(file))
