"""Inputs of the parity page: the bundled scenes, answered with deterministic mistakes so that scores spread."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from argus_eval.config import RunConfig
from argus_eval.core.sample import AnswersTarget, BoxTarget, RegionsTarget, Sample
from argus_eval.engine.plan import make_plan

__all__ = ["Case", "bundled_samples", "captions", "choices", "detections", "dense", "grounding", "ocr", "spotting"]
__all__ += ["texts", "yes_no"]

Rows = list[dict[str, Any]]
SIDE = 1000  # spotting is drawn on a square of this side: Florence-2's bins are then pixels
SQUARE = 640


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file of annotations and one of predictions, as ``argus-eval score`` takes them.

    Attributes:
        task: name of a task.
        annotations, predictions: rows of JSON Lines, or one native document each.
        dialect: how boxes are written in the answers.
        settings: ``--set`` pairs.
        extra: what other scorers need besides.
    """

    task: str
    annotations: Any
    predictions: Any
    dialect: str | None = None
    settings: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def pairs(self) -> list[tuple[dict[str, Any], str]]:
        """Annotation and answer, in order; for cases of JSON Lines."""
        return [(row, said["text"]) for row, said in zip(self.annotations, self.predictions, strict=True)]


def bundled_samples(task: str) -> list[Sample]:
    """Every sample of a task's bundled synthetic sample."""
    plan = make_plan(RunConfig(models=("oracle",), tasks=(task,), data={"": "bundled"}))
    return [item for item in plan.tasks[0].samples() if isinstance(item, Sample)]


def _case(task: str, annotations: Rows, answers: Sequence[str], **more: Any) -> Case:
    said = [{"id": row["id"], "text": text} for row, text in zip(annotations, answers, strict=True)]
    return Case(task=task, annotations=annotations, predictions=said, **more)


def _answers(sample: Sample) -> list[str]:
    assert isinstance(sample.target, AnswersTarget)
    return list(sample.target.answers)


def _mistaken(right: str, wrong: str, number: int) -> str:
    """One of the ways in which models answer a short question."""
    ways = [
        right,
        right.upper(),
        f"{right}.",
        f"a {right}",
        wrong,
        "",
        f"It is {right}.",
        right[:-1],
        f" {right}\n",
    ]
    ways += [right, _off(right, 1.03), _off(right, 1.2), right.replace(" ", ","), f"{right} {right}", right]
    return ways[number % len(ways)]


def _off(text: str, factor: float) -> str:
    try:
        return f"{float(text) * factor:g}"
    except ValueError:
        return f"{text}s"


def texts(task: str, *, one: bool, keep: tuple[str, ...] = ()) -> Case:
    """Questions with a short answer (``one``) or a list of them."""
    samples = bundled_samples(task)
    rows: Rows = []
    said: list[str] = []
    for number, sample in enumerate(samples):
        answers = _answers(sample)
        attributes = {name: sample.attributes[name] for name in keep}
        rows.append({"id": sample.key, "target": answers[0] if one else answers, **attributes})
        said.append(_mistaken(answers[0], _answers(samples[number - 1])[0], number))
    return _case(task, rows, said)


def ocr() -> Case:
    """OCRBench: answers inside sentences, full-width characters, formulas with spaces."""
    samples = bundled_samples("ocrbench")
    rows: Rows = []
    said: list[str] = []
    for number, sample in enumerate(samples):
        answers, formula = _answers(sample), number % 8 == 5
        kind = str(sample.attributes.get("question_type") or "")
        name = "HME100k" if formula else "synthetic"
        rows.append({"id": sample.key, "target": answers, "dataset_name": name, "question_type": kind})
        wide = "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in answers[0])
        ways = [
            f"The text reads {answers[0]}",
            answers[0].lower(),
            wide,
            " ".join(answers[0]),
            answers[0][:-1],
            "",
        ]
        said.append(ways[number % len(ways)])
    return _case("ocrbench", rows, said)


def yes_no() -> Case:
    """POPE: answers in all the forms that its parser reads differently."""
    rows: Rows = []
    said: list[str] = []
    for number, sample in enumerate(bundled_samples("pope")):
        label = _answers(sample)[0]
        meant = label if number % 5 else ("no" if label == "yes" else "yes")
        forms = {
            "yes": ["yes", "Yes, there is.", "Yes", "YES", "Yes. There is no doubt."],
            "no": ["no", "No, there is not.", "NO", "There is no such thing in the image.", "nope", ""],
        }[meant]
        rows.append({"id": sample.key, "target": label})
        said.append(forms[number % len(forms)])
    return _case("pope", rows, said)


def choices(task: str) -> Case:
    """Multiple choice: letters, letters in sentences, the option's words."""
    rows: Rows = []
    said: list[str] = []
    for number, sample in enumerate(bundled_samples(task)):
        letter, options = _answers(sample)[0], list(sample.options)
        other = chr(ord("A") + (ord(letter) - ord("A") + 1) % len(options))
        words = options[ord(letter) - ord("A")]
        ways = [
            letter,
            f"{letter}.",
            f"{letter}. {words}",
            f"({letter})",
            letter.lower(),
            other,
            f"{other}. {words}",
        ]
        ways += [f"The answer is {letter}.", words, "", letter, f"{letter}: {words}"]
        rows.append({"id": sample.key, "target": letter, "options": options})
        said.append(ways[number % len(ways)])
    return _case(task, rows, said)


def _moved(box: Sequence[float], number: int) -> list[float]:
    """The box, shifted by up to half its size."""
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * (number % 7) / 16, (y2 - y1) * (number % 5) / 16
    return [x1 + dx, y1 - dy, x2 + dx, y2 - dy]


def grounding() -> Case:
    """RefCOCO on square images in unit coordinates of three decimals, which Shikra and lmms-eval read alike."""
    rows: Rows = []
    said: list[str] = []
    boxes: list[list[float]] = []
    for number, sample in enumerate(bundled_samples("refcoco")):
        assert isinstance(sample.target, BoxTarget)
        box = [sample.target.box.x1, sample.target.box.y1, sample.target.box.x2, sample.target.box.y2]
        unit = [round(min(max(value / SQUARE, 0.0), 1.0), 3) for value in _moved(box, number)]
        lost = number % 9 == 8
        boxes.append([0.0] * 4 if lost else [value * SQUARE for value in unit])
        said.append("I cannot see it." if lost else "[" + ",".join(f"{value:.3f}" for value in unit) + "]")
        rows.append({"id": sample.key, "target": box, "image_size": [SQUARE, SQUARE]})
    return _case("refcoco", rows, said, dialect="shikra", extra={"boxes": boxes})


def detections(task: str) -> Case:
    """COCO or LVIS: moved boxes, wrong labels, misses, false alarms, tied confidences."""
    samples = bundled_samples(task)
    names = sorted({name for sample in samples for name in sample.options})
    ids = {name: number for number, name in enumerate(names, start=1)}
    images: Rows = []
    annotations: Rows = []
    results: Rows = []
    for image, sample in enumerate(samples, start=1):
        assert isinstance(sample.target, RegionsTarget)
        assert sample.image_size is not None
        labels = [str(region.label) for region in sample.target.regions]
        absent = [ids[name] for name in names if name not in labels and (ids[name] + image) % 3]
        listed: dict[str, Any] = {
            "id": image,
            "width": sample.image_size.width,
            "height": sample.image_size.height,
        }
        if task == "lvis_detection":
            listed["neg_category_ids"] = absent
            listed["not_exhaustive_category_ids"] = [ids[labels[0]]] if labels and image % 4 == 0 else []
        images.append(listed)
        for region, label in zip(sample.target.regions, labels, strict=True):
            box = [region.box.x1, region.box.y1, region.box.x2, region.box.y2]
            number = len(annotations) + 1
            crowd = int(task == "coco_detection" and number % 29 == 0)
            row: dict[str, Any] = {"id": number, "image_id": image, "category_id": ids[label], "bbox": _xywh(box)}
            annotations.append(
                {**row, "area": region.area_px or row["bbox"][2] * row["bbox"][3], "iscrowd": crowd}
            )
            results += _found(image, box, ids[label], len(names), number)
    frequent = itertools.cycle("fcr")
    categories = [
        {"id": ids[name], "name": name, "frequency": letter, "image_count": 1, "instance_count": 1}
        for name, letter in zip(names, frequent, strict=False)
    ]
    truth = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    return Case(task=task, annotations=truth, predictions=results)


def _found(image: int, box: list[float], category: int, categories: int, number: int) -> Rows:
    if number % 6 == 5:
        return []
    score = round(0.95 - 0.1 * (number % 8), 2)
    label = category % categories + 1 if number % 10 == 9 else category
    rows = [{"image_id": image, "category_id": label, "bbox": _xywh(_moved(box, number)), "score": score}]
    if number % 4 == 0:
        rows.append({**rows[0], "bbox": _xywh(_moved(box, number + 3)), "score": round(score - 0.05, 2)})
    return rows


def _xywh(box: Sequence[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def captions() -> Case:
    """COCO captions: a held-out reference, some shortened, some of another picture, some with numbers."""
    samples = bundled_samples("coco_caption")
    rows: Rows = []
    said: list[str] = []
    for number, sample in enumerate(samples):
        first, *rest = _answers(sample)
        strange = _answers(samples[number - 7])[0]
        cut = " ".join(first.split()[: max(3, len(first.split()) // 2)])
        ways = [
            first,
            cut,
            first,
            strange,
            f"{first} It's 1,000 cars; isn't it?",
            first.upper(),
            f"“{cut}” - a photo",
        ]
        rows.append({"id": f"{number:06d}", "target": rest})
        said.append(ways[number % len(ways)])
    return _case("coco_caption", rows, said)


def dense() -> Case:
    """Dense captions in pixels: every second region, moved, some with another region's words."""
    rows: Rows = []
    said: list[str] = []
    images: list[Any] = []
    for number, sample in enumerate(bundled_samples("vg_dense_caption")):
        assert isinstance(sample.target, RegionsTarget)
        assert sample.image_size is not None
        size = list(sample.image_size)
        truths = [
            ([region.box.x1, region.box.y1, region.box.x2, region.box.y2], str(region.label))
            for region in sample.target.regions
        ]
        found = []
        for index, (box, text) in enumerate(truths):
            if (index + number) % 2:
                x1, y1, x2, y2 = _moved(box, index + number)
                words = truths[index - 1][1] if index % 5 == 4 else text
                bounds = [max(0, round(x1)), max(0, round(y1)), min(size[0], round(x2)), min(size[1], round(y2))]
                found.append((bounds, words))
        objects = ", ".join(f'{{"bbox_2d": {box}, "label": "{text}"}}' for box, text in found)
        target = [{"bbox": box, "text": text} for box, text in truths]
        rows.append({"id": f"{number:06d}", "target": target, "image_size": size, "resized_size": size})
        said.append(f"[{objects}]")
        images.append((truths, found))
    return _case("vg_dense_caption", rows, said, dialect="qwen2.5-vl", extra={"images": images})


def spotting() -> Case:
    """Words as quadrilaterals in Florence-2's bins on a square picture: moved, misread, unreadable ones around."""
    rows: Rows = []
    said: list[str] = []
    images: list[Any] = []
    for number, sample in enumerate(bundled_samples("text_spotting")):
        assert isinstance(sample.target, RegionsTarget)
        truths: list[tuple[list[float], str]] = []
        found: list[tuple[list[float], str]] = []
        for index, region in enumerate(sample.target.regions):
            assert region.quad is not None
            quad = list(region.quad.points)
            word = "###" if (index + number) % 7 == 6 else str(region.label)
            truths.append((quad, word))
            shift = (quad[5] - quad[1]) * ((index + number) % 4) / 8
            bins = [min(SIDE - 1, max(0, int(value + shift))) for value in quad]
            ways = [word, word.upper(), word[:-1] or word, f"{word}!", word]
            if (index + number) % 6 != 5:
                found.append(([value + 0.5 for value in bins], ways[(index + number) % len(ways)]))
        target = [{"quad": quad, "text": text} for quad, text in truths]
        rows.append({"id": f"{number:06d}", "target": target, "image_size": [SIDE, SIDE]})
        said.append("".join(text + "".join(f"<loc_{int(value)}>" for value in quad) for quad, text in found))
        images.append((truths, found))
    return _case("text_spotting", rows, said, dialect="florence-2", extra={"images": images})
