"""What the parity page compares: each benchmark's outputs, its official scorer, and why numbers may differ."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks import parity_cases as cases
from benchmarks import parity_libraries as libraries
from benchmarks import parity_rules as rules
from benchmarks.parity_cases import Case

__all__ = ["Block", "blocks"]

Official = Callable[[pathlib.Path], dict[str, float]]
ABSENT = "the recorded files are not beside this checkout"
NO_TASK = "no such task."


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One benchmark and one set of outputs.

    Attributes:
        title: heading.
        outputs: what is scored.
        source: the official scorer.
        case: the files.
        metrics: our names of what is compared, in order.
        official: gives the official numbers by our names; may raise ImportError.
        absent: why the official numbers cannot be had; empty where they can.
        lmms: task of :mod:`benchmarks.parity_lmms`; ``None`` where lmms-eval has none.
        no_lmms: what is said then.
        why: side ("official", "lmms-eval") → why its number differs from ours.
        precision: largest difference that is none.
    """

    title: str
    outputs: str
    source: str
    case: Case
    metrics: tuple[str, ...]
    official: Official
    absent: str = ""
    lmms: str | None = None
    no_lmms: str = NO_TASK
    why: Mapping[str, str] = field(default_factory=dict)
    precision: float = 1e-6

    @property
    def n(self) -> int:
        """Samples: images of a native file, lines otherwise."""
        truth = self.case.annotations
        return len(truth["images"]) if isinstance(truth, dict) else len(truth)


def blocks(reference: pathlib.Path) -> Iterator[Block]:
    """Every block, in the order of the page."""
    yield from _boxes(reference)
    yield from _visual_questions(reference)
    yield from _choices()
    yield from _documents(reference)
    yield from _captions(reference)
    yield from _regions()


def _lines(values: list[tuple[str, Any, str]], **more: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    truth = [{"id": key, "target": target, **more} for key, target, _ in values]
    return truth, [{"id": key, "text": text} for key, _, text in values]


def _recorded(path: pathlib.Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _named(name: str, values: list[float]) -> dict[str, float]:
    return {name: sum(values) / len(values)}


def _boxes(reference: pathlib.Path) -> Iterator[Block]:
    made = cases.detections("coco_detection")
    yield Block(
        title="COCO detection",
        outputs="bundled scenes; boxes moved, mislabelled, missed and doubled; confidences in steps of 0.05, so "
        "that many are tied; crowds",
        source="pycocotools",
        case=made,
        metrics=libraries.COCO_NAMES,
        official=lambda _: libraries.coco(made.annotations, made.predictions),
        no_lmms="no detection task.",
    )
    folder = reference / "coco_bbox"
    if folder.is_dir():
        truth = _recorded(folder / "instances_val2014_100.json")
        results = _recorded(folder / "instances_val2014_fakebbox100_results.json")
        real = Case(task="coco_detection", annotations=truth, predictions=results)
        yield Block(
            title="COCO detection, 100 images of val2014",
            outputs="the results that come with cocoapi (734 boxes, 9 crowds among 839 annotations)",
            source="pycocotools on the files of cocodataset/cocoapi",
            case=real,
            metrics=libraries.COCO_NAMES,
            official=lambda _: libraries.coco(truth, results),
            no_lmms="no detection task.",
        )
    federated = cases.detections("lvis_detection")
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl")
    yield Block(
        title="LVIS detection",
        outputs="bundled scenes with lists of absent and of not exhaustively annotated categories",
        source="the lvis package, with `np.float` given back to it",
        case=federated,
        metrics=names,
        official=lambda folder: libraries.lvis(federated.annotations, federated.predictions, folder),
        no_lmms="no detection task.",
    )
    folder = reference / "lvis"
    if folder.is_dir():
        expected = _recorded(folder / "expected.json")["expected"]["derived"]
        recorded = Case(
            task="lvis_detection",
            annotations=_recorded(folder / "lvis_val_100.json"),
            predictions=_recorded(folder / "derived_detections.json"),
        )
        yield Block(
            title="LVIS detection, 100 images of val",
            outputs="detections derived from the annotations",
            source="recorded: lvis-dataset/lvis-api, expected.json",
            case=recorded,
            metrics=names,
            official=lambda _: {name: expected[name] for name in names},
            no_lmms="no detection task.",
        )
    pointed = cases.grounding()
    yield Block(
        title="RefCOCO",
        outputs="bundled boxes, moved, as unit coordinates of square images; one in nine answers without a box",
        source="torchvision's box_iou, which InternVL's evaluate_grounding.py uses",
        case=pointed,
        metrics=("acc@0.5", "mean_iou"),
        official=lambda _: libraries.box_accuracy(
            pointed.extra["boxes"], [row["target"] for row in pointed.annotations]
        ),
        lmms="refcoco",
    )


def _visual_questions(reference: pathlib.Path) -> Iterator[Block]:
    path = reference / "vqa" / "accuracy_cases_sample.json"
    if path.is_file():
        recorded = _recorded(path)["cases"]
        truth, said = _lines([(str(i), row["gt"], row["pred"]) for i, row in enumerate(recorded)])
        for task, key, scale, source in (
            ("vqav2", "official_overall", 100, "recorded: the official VQAEval class"),
            ("textvqa", "textvqa_evaluator", 1, "recorded: mmf's TextVQAAccuracyEvaluator"),
        ):
            values = [row[key] / scale for row in recorded]
            yield Block(
                title=f"VQA accuracy, {'VQAv2' if task == 'vqav2' else 'TextVQA'} rules",
                outputs="28 questions with ten answers, three of them real",
                source=f"{source}, accuracy_cases_sample.json",
                case=Case(task=task, annotations=truth, predictions=said),
                metrics=("vqa_accuracy",),
                official=lambda _, values=values: _named("vqa_accuracy", values),  # type: ignore[misc]
                lmms=None,
                no_lmms="compared on the scenes below.",
                precision=1e-4,
            )
    short = cases.texts("vqav2", one=False)
    yield Block(
        title="VQAv2",
        outputs="bundled questions with ten answers; capitals, full stops, articles, wrong and empty answers",
        source="vqaEval.py is no package; its recorded numbers are above",
        case=short,
        metrics=("vqa_accuracy",),
        official=lambda _: {},
        absent="nothing to run",
        lmms="vqav2",
        why={
            "lmms-eval": "the official script normalises nothing where all ten annotators agree, so that `red.` "
            "is wrong against ten times `red`; lmms-eval normalises always."
        },
    )
    reading = cases.texts("textvqa", one=False)
    yield Block(
        title="TextVQA",
        outputs="bundled questions with ten answers",
        source="mmf's evaluator is no package; its recorded numbers are above",
        case=reading,
        metrics=("vqa_accuracy",),
        official=lambda _: {},
        absent="nothing to run",
        lmms="textvqa",
    )
    asked = cases.yes_no()
    labels = [row["target"] for row in asked.annotations]
    yield Block(
        title="POPE",
        outputs="bundled questions; yes and no in capitals, in sentences, and answers that are neither",
        source="restated: RUCAIBox/POPE evaluate.py",
        case=asked,
        metrics=("accuracy", "f1", "yes_ratio"),
        official=lambda _: rules.pope([text for _, text in asked.pairs], labels),
        lmms="pope",
        why={
            "lmms-eval": "it compares whole strings, so that `Yes, there is.` is neither yes nor no: wrong, and "
            "left out of precision; its yes ratio is counted from the labels, not from the answers."
        },
    )
    folder = reference / "pope"
    if folder.is_dir():
        expected = _recorded(folder / "expected.json")["expected"]["random"]
        questions = [json.loads(line) for line in (folder / "coco_pope_random.jsonl").read_text().splitlines()]
        answers = [json.loads(line) for line in (folder / "derived_answers_random.jsonl").read_text().splitlines()]
        texts = {row["question_id"]: row["answer"] for row in answers}
        truth, said = _lines([(str(q["question_id"]), q["label"], texts[q["question_id"]]) for q in questions])
        yield Block(
            title="POPE, random split",
            outputs="its 3,000 questions with derived answers",
            source="recorded: the logic of evaluate.py, expected.json",
            case=Case(task="pope_random", annotations=truth, predictions=said),
            metrics=("accuracy", "f1", "yes_ratio"),
            official=lambda _: {name: expected[name] for name in ("accuracy", "f1", "yes_ratio")},
            no_lmms="compared on the scenes above.",
        )


def _choices() -> Iterator[Block]:
    graph = cases.texts("gqa", one=True)
    yield Block(
        title="GQA",
        outputs="bundled questions with one answer",
        source="restated: eval.py, which compares the strings as they are",
        case=graph,
        metrics=("accuracy",),
        official=lambda _: _named("accuracy", [rules.exact(text, row["target"]) for row, text in graph.pairs]),
        lmms="gqa",
        why={
            "official": "here case and blanks around an answer do not count: models that answer freely are "
            "published that way; the raw rule was made for a closed vocabulary.",
            "lmms-eval": "it deletes all punctuation from answers and references.",
        },
    )
    for task, title in (("ai2d", "AI2D"), ("scienceqa_img", "ScienceQA")):
        chosen = cases.choices(task)
        yield Block(
            title=title,
            outputs="bundled questions; letters bare, in brackets, with the option's words, in sentences; the "
            "words alone",
            source="restated: the letter rule of LLaVA's eval_science_qa.py"
            + ("" if task == "scienceqa_img" else " (AI2D has no script of its own)"),
            case=chosen,
            metrics=("accuracy",),
            official=lambda _, chosen=chosen: _named(  # type: ignore[misc]
                "accuracy", [rules.choice_letter(text, row["target"]) for row, text in chosen.pairs]
            ),
            lmms=task,
            why={
                "official": "it reads `C`, `C. words` and `The answer is C.`; here `C.`, `(C)`, `c`, `C: words` "
                "and the option's own words are read as well.",
                "lmms-eval": "it reads a letter in either case, alone or before a full stop"
                + (", and drops punctuation; letters" if task == "ai2d" else "; letters in brackets,")
                + " before a colon or in sentences and the option's words are wrong.",
            },
        )


def _documents(reference: pathlib.Path) -> Iterator[Block]:
    page = cases.texts("docvqa_val", one=False)
    yield Block(
        title="DocVQA, ANLS",
        outputs="bundled pages; answers with typing mistakes, blanks, doubled, empty",
        source="restated: the Robust Reading Competition's script",
        case=page,
        metrics=("anls",),
        official=lambda _: _named("anls", [rules.anls_server(text, row["target"]) for row, text in page.pairs]),
        lmms="docvqa_val",
        why={"lmms-eval": "its loop strips every answer first, while the script takes lengths before stripping."},
    )
    strict = Case(
        task="docvqa_val", annotations=page.annotations, predictions=page.predictions, settings=("compat=strict",)
    )
    yield Block(
        title="DocVQA, ANLS as in the paper",
        outputs="the same, with `--set compat=strict`",
        source="the anls package",
        case=strict,
        metrics=("anls_strict",),
        official=lambda _: {
            "anls_strict": libraries.anls_package(
                [text for _, text in strict.pairs], [row["target"] for row, _ in strict.pairs]
            )
        },
        no_lmms="has only the script's rule.",
    )
    folder = reference / "anls"
    if folder.is_dir():
        gold = _recorded(folder / "shunk031_gold_label.json")["data"]
        given = {row["questionId"]: row["answer"] for row in _recorded(folder / "shunk031_submission.json")}
        truth, said = _lines([(str(row["questionId"]), row["answers"], given[row["questionId"]]) for row in gold])
        value = float(_recorded(folder / "shunk031_expected.json")["score"])
        yield Block(
            title="ANLS, a published submission",
            outputs="five questions",
            source="recorded: shunk031/ANLS, three digits, the rule of the paper (`--set compat=strict`)",
            case=Case(task="docvqa_val", annotations=truth, predictions=said, settings=("compat=strict",)),
            metrics=("anls_strict",),
            official=lambda _: {"anls_strict": value},
            no_lmms="has only the script's rule.",
            precision=5e-4,
        )
    chart = cases.texts("chartqa", one=True, keep=("split",))
    yield Block(
        title="ChartQA",
        outputs="bundled charts; numbers 3 % and 20 % off, words with mistakes",
        source="restated: pix2struct's relaxed_correctness",
        case=chart,
        metrics=("relaxed_accuracy",),
        official=lambda _: _named(
            "relaxed_accuracy", [rules.chartqa_relaxed(text, row["target"]) for row, text in chart.pairs]
        ),
        lmms="chartqa",
        why={
            "official": "blanks around an answer do not count here; the function itself does not strip.",
        },
    )
    read = cases.ocr()
    yield Block(
        title="OCRBench",
        outputs="bundled words; answers inside sentences, in full-width letters, formulas with blanks",
        source="restated: MultimodalOCR's example.py",
        case=read,
        metrics=("ocrbench_score",),
        official=lambda _: _named(
            "ocrbench_score",
            [rules.ocrbench(text, row["target"], row["dataset_name"]) for row, text in read.pairs],
        ),
        lmms="ocrbench",
        why={"lmms-eval": "it folds full-width letters to ASCII; the official script does not."},
    )


def _captions(reference: pathlib.Path) -> Iterator[Block]:
    names = ("CIDEr", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "METEOR")
    made = cases.captions()
    references = {row["id"]: row["target"] for row in made.annotations}
    spoken = {row["id"]: row["text"] for row in made.predictions}
    yield Block(
        title="Captions",
        outputs="bundled scenes; held-out references, some cut short, of other pictures, with punctuation, "
        "numbers and quotation marks",
        source="pycocoevalcap with its PTB tokeniser and METEOR 1.5 (Java)",
        case=made,
        metrics=names,
        official=lambda _: libraries.caption_scores(references, spoken, tokenized=False),
        no_lmms="calls pycocoevalcap itself.",
        why={"official": "METEOR needs Java and the package `pycocoevalcap` (extra `meteor`) here as well."},
        precision=1e-4,
    )
    folder = reference / "captions"
    if folder.is_dir():
        expected = _recorded(folder / "expected.json")["full_precision_official_code"]
        truth = _recorded(folder / "coco_fakecap_refs_ptb_tokenized.json")
        said = _recorded(folder / "coco_fakecap_hyps_ptb_tokenized.json")
        spoken_by = {key: value[0] if isinstance(value, list) else value for key, value in said.items()}
        rows, answers = _lines([(key, value, spoken_by[key]) for key, value in truth.items()])
        keys = {"CIDEr": "CIDEr", "ROUGE-L": "ROUGE_L", **{f"BLEU-{n}": f"Bleu_{n}" for n in range(1, 5)}}
        yield Block(
            title="Captions, 1,000 images of coco-caption",
            outputs="its hypotheses, tokenised already (`--set tokenizer=none`)",
            source="recorded: pycocoevalcap, expected.json; equal to the published notebook to its three digits",
            case=Case(task="coco_caption", annotations=rows, predictions=answers, settings=("tokenizer=none",)),
            metrics=tuple(keys),
            official=lambda _: {ours: expected[theirs] for ours, theirs in keys.items()},
            no_lmms="calls pycocoevalcap itself.",
        )


def _regions() -> Iterator[Block]:
    told = cases.dense()
    yield Block(
        title="Dense captions",
        outputs="bundled regions; every second one, moved, one in five with another's words; no confidences",
        source="restated: DenseCap's eval_utils.lua (Lua with Torch 7), token F1 in place of METEOR",
        case=told,
        metrics=("dense_map",),
        official=lambda _: {"dense_map": rules.dense_map(told.extra["images"])},
    )
    spotted = cases.spotting()
    yield Block(
        title="Text spotting",
        outputs="bundled words as quadrilaterals; moved, misread, missed; one in seven unreadable",
        source="restated: ICDAR2015's end-to-end script, over shapely in place of Polygon3",
        case=spotted,
        metrics=("hmean", "precision", "recall"),
        official=lambda _: rules.spotting(spotted.extra["images"]),
    )
