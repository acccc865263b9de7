"""The benchmark scripts, on little data: what they measure and print is what the pages quote."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from benchmarks import coco_scoring, loading_memory, parity, parity_blocks, parity_cases, parity_rules
from benchmarks.parity_blocks import Block
from benchmarks.parity_cases import Case


def test_synthetic_coco_is_as_large_and_as_dense_as_val2017() -> None:
    truth, results = coco_scoring.synthetic_coco(50, seed=1)
    assert len(truth["annotations"]) == 360
    assert len(results) == 5_000
    assert {row["iscrowd"] for row in truth["annotations"]} == {0, 1}
    assert len({row["id"] for row in truth["annotations"]}) == 360
    assert min(row["id"] for row in truth["annotations"]) == 1


def test_scoring_is_timed_in_turn_and_equal_to_pycocotools(tmp_path: pathlib.Path) -> None:
    measured = coco_scoring.measure(tmp_path, images=20, rounds=1, seed=0)
    assert set(measured[0]) == {"ours", "theirs"}
    assert measured[0]["ours"].numbers == pytest.approx(measured[0]["theirs"].numbers, abs=coco_scoring.EQUAL)
    assert all(timed.processor_s > 0 for timed in measured[0].values())


@pytest.mark.parametrize("layout", list(loading_memory.LAYOUTS))
def test_every_layout_is_read_whole_and_measured(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    monkeypatch.setattr(loading_memory, "PICTURES", 1)
    folder = tmp_path / "vqav2"
    folder.mkdir()
    loading_memory.LAYOUTS[layout](folder, 12)
    peak = next(loading_memory.measure(layout, folder, 12, tmp_path / "runs"))
    assert 30e6 < peak.peak_bytes < 600e6


def test_pictures_are_as_heavy_as_photographs_and_stay_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from PIL import Image

    monkeypatch.setattr(loading_memory, "PICTURES", 1)
    picture = loading_memory.photographs()[0]
    assert 80_000 < len(picture) < 150_000
    marked = loading_memory.with_comment(picture, "row 7")
    assert marked != picture
    assert Image.open(io.BytesIO(marked)).tobytes() == Image.open(io.BytesIO(picture)).tobytes()


def block(**changes: Any) -> Block:
    made = parity_cases.yes_no()
    labels = [row["target"] for row in made.annotations]
    words: dict[str, Any] = {
        "title": "POPE", "outputs": "answers", "source": "restated", "case": made, "metrics": ("accuracy", "f1"),
        "official": lambda _: parity_rules.pope([text for _, text in made.pairs], labels),
    }  # fmt: skip
    return Block(**{**words, **changes})


def compared(made: Block, folder: pathlib.Path, lmms: dict[str, Any] | None = None) -> parity.Compared:
    return parity._compared(made, parity.Scorer(folder), folder, lmms or {})


def test_equal_numbers_are_called_equal(tmp_path: pathlib.Path) -> None:
    item = compared(block(), tmp_path)
    assert item.unexplained == ()
    assert item.ours["accuracy"] == pytest.approx(item.official["accuracy"])
    text = parity.page([item], "not installed")
    assert "| [POPE](#pope) | accuracy | 216 |" in text
    assert "official equal" in text
    assert "differs" not in text


def test_a_difference_without_a_sentence_is_reported_and_with_one_explained(tmp_path: pathlib.Path) -> None:
    other = {"pope": {"accuracy": 0.5}}
    assert "lmms-eval accuracy" in compared(block(lmms="pope"), tmp_path, other).unexplained[0]
    item = compared(block(lmms="pope", why={"lmms-eval": "it reads otherwise."}), tmp_path, other)
    assert item.unexplained == ()
    assert "it reads otherwise." in parity.page([item], "lmms-eval 0.7.3")


def test_what_is_not_installed_is_said_and_does_not_stop_the_rest(tmp_path: pathlib.Path) -> None:
    def absent(_: pathlib.Path) -> dict[str, float]:
        raise ImportError("No module named 'nothing'")

    item = compared(block(official=absent), tmp_path)
    assert item.official == {}
    assert "not installed (No module named 'nothing')" in parity.page([item], "not installed")


def test_an_interpreter_without_lmms_eval_is_said() -> None:
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        code = "import sys; sys.exit('No module named lmms_eval')"
        shim = pathlib.Path(place) / "python"
        shim.write_text(f"#!{sys.executable}\n{code}\n")
        shim.chmod(0o755)
        scores, said = parity._lmms(str(shim), [block(lmms="pope")], pathlib.Path(place))
    assert scores == {}
    assert said == "lmms-eval not installed (No module named lmms_eval)"


def test_every_benchmark_of_the_page_has_its_outputs(tmp_path: pathlib.Path) -> None:
    """Without the recorded files beside the checkout, too."""
    titles = [made.title for made in parity_blocks.blocks(tmp_path)]
    for word in ("COCO", "LVIS", "VQAv2", "POPE", "GQA", "AI2D", "ScienceQA", "ANLS", "ChartQA", "OCRBench"):
        assert any(word in title for title in titles), word
    for word in ("RefCOCO", "TextVQA", "Captions", "Dense", "spotting"):
        assert any(word in title for title in titles), word


@pytest.mark.parametrize("make", [parity_cases.yes_no, parity_cases.ocr, parity_cases.grounding])
def test_mistakes_spread_the_scores(tmp_path: pathlib.Path, make: Any) -> None:
    case: Case = make()
    scores = parity.Scorer(tmp_path)(case)
    assert all(0.1 < scores[name] < 0.9 for name in ("accuracy", "ocrbench_score", "acc@0.5") if name in scores)


def test_the_committed_page_is_about_today_s_benchmarks() -> None:
    page = pathlib.Path(__file__).parents[1] / "docs" / "parity.md"
    text = page.read_text(encoding="utf-8")
    assert "NOT EXPLAINED" not in text
    raw = json.loads((page.parents[1] / "benchmarks" / "results" / "parity.json").read_text(encoding="utf-8"))
    for row in raw["rows"]:
        assert f"## {row['benchmark']}" in text
