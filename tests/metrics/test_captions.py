"""CIDEr-D, BLEU and ROUGE-L against the official scorer's full precision."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from argus_eval.core.prediction import Unparsed
from argus_eval.errors import UsageError
from argus_eval.metrics.bleu import bleu_row
from argus_eval.metrics.captions import CAPTIONS, CAPTIONS_TOKENIZED, CaptionStatistic
from argus_eval.metrics.rouge import rouge_l

from .builders import answers_sample, said


@pytest.fixture(scope="module")
def corpus(reference_dir: pathlib.Path) -> tuple[dict[str, CaptionStatistic], dict[str, Any]]:
    folder = reference_dir / "captions"
    references = json.loads((folder / "coco_fakecap_refs_ptb_tokenized.json").read_text())
    captions = json.loads((folder / "coco_fakecap_hyps_ptb_tokenized.json").read_text())
    statistics = {
        key: CAPTIONS_TOKENIZED.statistics(said(captions[key][0]), answers_sample(*references[key]))
        for key in references
    }
    return statistics, json.loads((folder / "expected.json").read_text())


def test_official_numbers(corpus: Any) -> None:
    statistics, expected = corpus
    found = CAPTIONS_TOKENIZED.reduce(list(statistics.values()))
    official = expected["full_precision_official_code"]
    for ours, theirs in (
        ("CIDEr", "CIDEr"),
        ("ROUGE-L", "ROUGE_L"),
        *((f"BLEU-{n}", f"Bleu_{n}") for n in range(1, 5)),
    ):
        assert found[ours] == pytest.approx(official[theirs], abs=1e-12), ours


def test_document_frequencies_of_a_subset_and_of_the_whole(corpus: Any) -> None:
    statistics, expected = corpus
    subset = expected["first50_subset_document_frequency_effect"]
    chosen = [statistics[key] for key in subset["image_ids"]]
    alone: Any = CAPTIONS_TOKENIZED.reduce(chosen)
    assert alone["CIDEr"] == pytest.approx(subset["CIDEr"], abs=1e-12)
    assert alone["BLEU-4"] == pytest.approx(subset["Bleu_4"], abs=1e-12)
    whole: Any = CAPTIONS_TOKENIZED.with_references(
        [" ".join(words) for words in item["references"]] for item in statistics.values()
    )
    every = whole.prepare(list(statistics.values()))
    mask = np.array([float(key in set(subset["image_ids"])) for key in statistics])
    assert whole.reduce(chosen)["CIDEr"] == pytest.approx(every(mask)["CIDEr"], abs=1e-12)
    assert whole.reduce(chosen)["CIDEr"] < alone["CIDEr"] - 0.01


def test_raw_captions_are_tokenised(reference_dir: pathlib.Path, corpus: Any) -> None:
    statistics, _ = corpus
    rows = json.loads((reference_dir / "captions" / "coco_fakecap_hyps_raw.json").read_text())
    for row in rows:
        made = CAPTIONS.statistics(said(row["caption"]), answers_sample("x"))
        assert made["words"] == statistics[str(row["image_id"])]["words"]


def test_a_single_image_has_no_document_frequencies() -> None:
    found = CAPTIONS.reduce([CAPTIONS.statistics(said("a cat"), answers_sample("a cat"))])
    assert found["CIDEr"] == 0
    assert found["BLEU-1"] == pytest.approx(1)
    assert found["ROUGE-L"] == pytest.approx(1)


def test_an_unreadable_or_empty_caption_counts_as_nothing_said() -> None:
    good = CAPTIONS.statistics(said("a cat sits here"), answers_sample("a cat sits here"))
    for nothing in (Unparsed(reason="missing"), said(""), said("...")):
        found = CAPTIONS.reduce([good, CAPTIONS.statistics(nothing, answers_sample("a dog runs there"))])
        assert found["ROUGE-L"] == pytest.approx(0.5)
        assert found["BLEU-1"] == pytest.approx(np.exp(1 - 8 / 4))


def test_weights_are_repetitions_for_sums() -> None:
    texts = [("a cat on a mat", "a cat sat on a mat"), ("dog", "a big dog"), ("two men", "two men walk by")]
    statistics = [CAPTIONS.statistics(said(text), answers_sample(reference)) for text, reference in texts]
    fixed = CAPTIONS.with_references([reference] for _, reference in texts)
    weighted = fixed.reduce(statistics, np.array([2.0, 0.0, 1.0]))
    repeated = fixed.reduce([statistics[0], statistics[0], statistics[2]])
    assert weighted == pytest.approx(repeated)
    assert set(fixed.reduce(statistics, np.zeros(3)).values()) == {None}


def test_the_closest_reference_length_is_the_shorter_of_two() -> None:
    assert bleu_row(["a", "b", "c"], [["a", "b", "c", "d"], ["a", "b"]])[:2] == [3, 2]


def test_rouge_takes_precision_and_recall_from_different_references() -> None:
    apart = rouge_l(["a", "b", "c", "d"], [["a", "b", "c", "d", "e", "f", "g", "h"], ["a"]])
    assert apart == pytest.approx(1)  # precision 4/4 from the first, recall 1/1 from the second


def test_references_are_required() -> None:
    with pytest.raises(UsageError):
        CAPTIONS.statistics(said("a"), answers_sample())
