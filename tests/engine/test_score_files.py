"""``score``: every kind of task, native formats, and files that are wrong."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from argus_eval.engine.score_report import ScoreReport
from argus_eval.errors import UsageError

from .score_cases import COCO, Files


@pytest.fixture
def files(tmp_path: pathlib.Path) -> Files:
    return Files(tmp_path)


def values(report: ScoreReport) -> dict[str, float | None]:
    return {name: metric.value for name, metric in report.metrics.items()}


TEN = ["net"] * 6 + ["mesh"] * 4


@pytest.mark.parametrize(
    ("task", "annotation", "text", "expected"),
    [
        ("vqav2", {"target": TEN}, "Net.", {"vqa_accuracy": 1.0}),
        ("textvqa", {"target": ["Black"] * 10}, "black.", {"vqa_accuracy": 1.0}),
        ("vqav2", {"target": ["black"] * 10}, "Black.", {"vqa_accuracy": 0.0}),
        ("gqa", {"target": "chair"}, "A chair", {"accuracy": 0.0, "accuracy_vqa_norm": 1.0}),
        ("ai2d", {"target": "B", "options": ["x", "y"]}, "The answer is (B).", {"accuracy": 1.0}),
        ("ai2d", {"target": "y", "options": ["x", "y"]}, "B", {"accuracy": 1.0}),
        ("scienceqa_img", {"target": "A", "options": ["x", "y"]}, "y", {"accuracy": 0.0}),
        ("mmmu_val", {"target": "3.14"}, "So the result is 3.14159.", {"accuracy": 1.0}),
        ("docvqa_val", {"target": ["Coca Cola"]}, "    Cola     ", {"anls": 1 - 5 / 13}),
        ("infovqa_val", {"target": [""]}, "", {"anls": 1.0}),
        ("chartqa", {"target": "42", "split": "human"}, "44", {"relaxed_accuracy": 1.0}),
        ("ocrbench", {"target": ["x^2"], "dataset_name": "HME100k"}, "x ^ 2", {"ocrbench_score": 1.0}),
        ("pope_random", {"target": "yes"}, "nope", {"accuracy": 1.0, "f1": 1.0, "yes_ratio": 1.0}),
    ],
)
def test_answers_in_words(files: Files, task: str, annotation: dict[str, Any], text: str, expected: Any) -> None:
    report = files.score(
        task, files.lines("a.jsonl", {"id": "q", **annotation}), files.lines("p.jsonl", {"id": "q", "text": text})
    )
    assert values(report).items() >= expected.items()
    assert next(iter(report.metrics)) == next(iter(expected))
    assert report.n == 1


def test_grounding_in_two_dialects(files: Files) -> None:
    target = {"target": [10, 10, 50, 50], "image_size": [100, 100]}
    annotations = files.lines("a.jsonl", {"id": 1, **target}, {"id": 2, **target})
    internvl = files.lines("i.jsonl", {"id": 1, "text": "<box>[[100,100,500,500]]</box>"}, {"id": 2, "text": "?"})
    report = files.score("refcoco", annotations, internvl, dialect="internvl")
    assert report.metrics["acc@0.9"].value == 0.5
    assert report.unparsed.n == 1
    resized = {"id": 1, **target, "resized_size": [200, 200]}
    qwen = files.lines("q.jsonl", {"id": 1, "text": '{"bbox_2d": [20, 20, 100, 100]}'})
    report = files.score("refcoco", files.lines("b.jsonl", resized), qwen, dialect="qwen2.5-vl")
    assert report.metrics["mean_iou"].value == pytest.approx(1)


def test_detection_in_words_drops_labels_of_no_category_and_says_so(files: Files) -> None:
    text = "<ref>Cat</ref><box>[[0,0,500,500]]</box><ref>unicorn</ref><box>[[0,0,500,500]]</box>"
    target = [{"bbox": [0, 0, 50, 50], "label": "cat"}, {"bbox": [0, 0, 90, 90], "label": "cat", "iscrowd": True}]
    annotations = files.lines("a.jsonl", {"id": 1, "target": target, "image_size": [100, 100]})
    predictions = files.lines("p.jsonl", {"id": 1, "text": text})
    report = files.score("coco_detection", annotations, predictions, dialect="internvl")
    assert (report.metrics["f1@0.5"].value, report.metrics["AP"].value) == (1.0, 1.0)
    assert report.dropped == {"box with a label of no category": 1}
    assert report.ceiling["AP"] == 1.0
    assert report.notes == ("scores: constant (by image id, then as written)",)
    more = files.raw("names.txt", b"cat\nunicorn\n")
    closed = files.score("coco_detection", annotations, predictions, f"categories={more}", dialect="internvl")
    assert closed.dropped == {}
    assert closed.metrics["f1@0.5"].value == pytest.approx(2 / 3)


def test_synonyms_and_underscores_name_categories(files: Files) -> None:
    text = "<ref>Kitten</ref><box>[[0,0,500,500]]</box>"
    report = files.score(
        "coco_detection",
        files.json("gt.json", COCO),
        files.lines("p.jsonl", {"id": 1, "text": text}),
        dialect="internvl",
    )
    assert report.metrics["f1@0.5"].value == 1.0
    assert report.missing == (2,)


def test_text_spotting_and_dense_captions(files: Files) -> None:
    words = [
        {"quad": [10, 10, 50, 10, 50, 30, 10, 30], "text": "Hi"},
        {"quad": [60, 10, 90, 10, 90, 30, 60, 30], "text": "###"},
    ]
    spotting = files.score(
        "text_spotting",
        files.lines("a.jsonl", {"id": 1, "target": words, "image_size": [100, 100]}),
        files.lines(
            "p.jsonl",
            {"id": 1, "text": "hi<loc_100><loc_100><loc_500><loc_100><loc_500><loc_300><loc_100><loc_300>"},
        ),
        dialect="florence-2",
    )
    assert values(spotting) == {"hmean": 1.0, "precision": 1.0, "recall": 1.0}
    dense = files.score(
        "vg_dense_caption",
        files.lines(
            "a.jsonl",
            {"id": 1, "target": [{"bbox": [10, 10, 50, 50], "text": "a red car"}], "image_size": [100, 100]},
        ),
        files.lines("p.jsonl", {"id": 1, "text": "<ref>a red car</ref><box>[[100,100,500,500]]</box>"}),
        dialect="internvl",
    )
    assert dense.metrics["dense_map"].value == 1.0


def test_captions_use_document_frequencies_of_the_whole_file(files: Files) -> None:
    texts = {"1": "a cat on a mat", "2": "two dogs run", "3": "a red bus stops"}
    annotations = files.lines("a.jsonl", *({"id": k, "target": [v]} for k, v in texts.items()))
    every = files.score(
        "coco_caption", annotations, files.lines("p.jsonl", *({"id": k, "text": v} for k, v in texts.items()))
    )
    one = files.score("coco_caption", annotations, files.lines("q.jsonl", {"id": "1", "text": texts["1"]}))
    assert list(every.metrics) == ["CIDEr", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "METEOR"]
    assert every.metrics["BLEU-1"].value == pytest.approx(1)
    assert one.metrics["CIDEr"].value == pytest.approx(every.metrics["CIDEr"].value / 3, rel=0.5)  # type: ignore[operator]
    assert one.missing == ("2", "3")
    tokenised = files.score(
        "coco_caption",
        annotations,
        files.lines("r.jsonl", {"id": "1", "text": "A CAT ON A MAT"}),
        "tokenizer=none",
    )
    assert tokenised.metrics["ROUGE-L"].value == 0


def test_native_results_of_captions_and_questions(files: Files) -> None:
    coco = {
        "images": [{"id": 5}, {"id": 6}, {"id": 7}],
        "annotations": [
            {"image_id": 5, "id": 1, "caption": "a cat"},
            {"image_id": 6, "id": 2, "caption": "a big dog"},
        ],
    }
    captions = files.score(
        "coco_caption", files.json("c.json", coco), files.json("cp.json", [{"image_id": 5, "caption": "a cat"}])
    )
    assert (captions.n, captions.missing) == (2, (6,))
    vqa = {
        "annotations": [
            {
                "question_id": 9,
                "image_id": 3,
                "answers": [{"answer": a, "answer_id": i} for i, a in enumerate(TEN)],
            }
        ]
    }
    questions = files.score(
        "vqav2", files.json("v.json", vqa), files.json("vp.json", [{"question_id": 9, "answer": "mesh"}])
    )
    assert questions.metrics["vqa_accuracy"].value == 1.0


def test_reference_files_in_their_native_formats(files: Files, reference_dir: pathlib.Path) -> None:
    """Numbers of the official packages, to their full precision."""
    coco = reference_dir / "coco_bbox"
    report = files.score(
        "coco_detection", coco / "instances_val2014_100.json", coco / "instances_val2014_fakebbox100_results.json"
    )
    assert report.metrics["AP"].value == pytest.approx(0.5045806987249628, abs=1e-12)
    assert report.metrics["ARl"].value == pytest.approx(0.5642905982905982, abs=1e-12)
    expected = json.loads((reference_dir / "lvis" / "expected.json").read_text())["expected"]["derived"]
    lvis = files.score(
        "lvis_detection",
        reference_dir / "lvis" / "lvis_val_100.json",
        reference_dir / "lvis" / "derived_detections.json",
    )
    assert {name: lvis.metrics[name].value for name in expected} == pytest.approx(expected, abs=1e-12)
    anls = files.score(
        "docvqa_val",
        reference_dir / "anls" / "shunk031_gold_label.json",
        reference_dir / "anls" / "shunk031_submission.json",
        "compat=strict",
    )
    assert anls.metrics["anls_strict"].value == pytest.approx(0.378, rel=1e-3)


@pytest.mark.parametrize("dialect", ["qwen2_5_vl", "internvl"])
def test_reference_expressions_from_raw_text(files: Files, reference_dir: pathlib.Path, dialect: str) -> None:
    folder = reference_dir / "refcoco"
    truth = json.loads((folder / "refcoco_testB.json").read_text())
    rows = json.loads((folder / f"derived_predictions_{dialect}.json").read_text())["rows"]
    expected = json.loads((folder / "expected.json").read_text())["expected"][dialect]
    annotations = files.lines(
        "a.jsonl",
        *(
            {"id": i, "target": t["bbox_xyxy"], "image_size": [t["width"], t["height"]], "image_id": t["image_id"]}
            for i, t in enumerate(truth[: len(rows)])
        ),
    )
    predictions = files.lines("p.jsonl", *({"id": i, "text": row["raw"]} for i, row in enumerate(rows)))
    report = files.score(
        "refcoco", annotations, predictions, dialect={"qwen2_5_vl": "qwen2.5-vl"}.get(dialect, dialect)
    )
    assert report.metrics["acc@0.5"].value == pytest.approx(expected["acc50"], abs=2e-4)
    assert report.metrics["mean_iou"].value == pytest.approx(expected["mean_iou"], abs=2e-4)
    low, high = report.metrics["acc@0.5"].ci or (0, 0)
    assert low < expected["acc50"] < high


def test_pope_by_the_official_parser_with_intervals(files: Files, reference_dir: pathlib.Path) -> None:
    expected = json.loads((reference_dir / "pope" / "expected.json").read_text())["expected"]["random"]
    questions = [
        json.loads(line) for line in (reference_dir / "pope" / "coco_pope_random.jsonl").read_text().splitlines()
    ]
    answers = [
        json.loads(line)
        for line in (reference_dir / "pope" / "derived_answers_random.jsonl").read_text().splitlines()
    ]
    report = files.score(
        "pope_random",
        files.lines(
            "a.jsonl", *({"id": q["question_id"], "target": q["label"], "image": q["image"]} for q in questions)
        ),
        files.lines("p.jsonl", *({"id": a["question_id"], "text": a["answer"]} for a in answers)),
    )
    for name in ("accuracy", "f1", "precision", "recall", "yes_ratio"):
        assert report.metrics[name].value == pytest.approx(expected[name], abs=1e-12)
        low, high = report.metrics[name].ci or (1, 0)
        assert low < expected[name] < high
    assert report.unparsed.reasons == {"neither yes nor no": report.unparsed.n}
    assert report.unparsed.n > 0


def test_half_a_surrogate_in_an_id_can_be_written(files: Files) -> None:
    annotations = files.raw("a.jsonl", b'{"id": "\\ud800", "target": "yes"}\n')
    report = files.score(
        "gqa", annotations, files.raw("p.jsonl", b'{"id": "\\udfff", "text": "a"}\n'), "extra=ignore"
    )
    assert (report.missing, report.extra) == (("\\ud800",), ("\\udfff",))
    "".join(map(str, (*report.missing, *report.extra))).encode("utf-8")


class TestIds:
    """Missing predictions are wrong and listed; ids that do not fit are refused unless asked otherwise."""

    def test_missing_predictions_are_wrong(self, files: Files) -> None:
        annotations = files.lines("a.jsonl", *({"id": i, "target": "yes"} for i in (1, 2)))
        report = files.score("gqa", annotations, files.lines("p.jsonl", {"id": "2", "text": "yes"}))
        assert (report.metrics["accuracy"].value, report.missing) == (0.5, (1,))

    @pytest.mark.parametrize(
        ("rows", "message", "extra"),
        [
            ([{"id": 1, "text": "yes"}, {"id": 9, "text": "no"}], "id 9 not in the annotations", (9,)),
            ([{"id": 1, "text": "yes"}, {"id": "1", "text": "no"}], "id '1' predicted more than once", ("1",)),
        ],
    )
    def test_unknown_and_repeated(self, files: Files, rows: Any, message: str, extra: Any) -> None:
        annotations = files.lines("a.jsonl", {"id": 1, "target": "yes"})
        predictions = files.lines("p.jsonl", *rows)
        with pytest.raises(UsageError, match=message):
            files.score("gqa", annotations, predictions)
        report = files.score("gqa", annotations, predictions, "extra=ignore")
        assert (report.metrics["accuracy"].value, report.extra) == (1.0, extra)
