"""Official rules whose scripts are no package, written down again from their descriptions, apart from ours.

Each says which script it follows. They are short, and share nothing with ``argus_eval``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = [
    "anls_server",
    "box_words",
    "chartqa_relaxed",
    "choice_letter",
    "dense_map",
    "exact",
    "ocrbench",
    "pope",
    "spotting",
]


def exact(answer: str, target: str) -> float:
    """GQA's eval.py: the strings as they are."""
    return float(answer == target)


def choice_letter(answer: str, target: str) -> float:
    """LLaVA's eval_science_qa.py: the letter, "A. …", or one "The answer is A."; five options."""
    if answer in list("ABCDE"):
        return float(answer == target)
    if len(answer) >= 3 and answer[0] in "ABCDE" and answer[1:3] == ". ":
        return float(answer[0] == target)
    found = re.findall("The answer is ([A-Z]).", answer)
    return float(found == [target])


def pope(answers: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """RUCAIBox/POPE evaluate.py."""
    said = []
    for answer in answers:
        words = answer.split(".")[0].replace(",", "").split(" ")
        said.append("no" if {"No", "not", "no"} & set(words) else "yes")
    pairs = list(zip(said, labels, strict=True))
    hits = pairs.count(("yes", "yes"))
    precision, recall = hits / said.count("yes"), hits / list(labels).count("yes")
    return {
        "accuracy": sum(a == b for a, b in pairs) / len(pairs),
        "f1": 2 * precision * recall / (precision + recall),
        "yes_ratio": said.count("yes") / len(said),
    }


def _edits(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def anls_server(answer: str, targets: Sequence[str]) -> float:
    """The Robust Reading Competition's script: folded strings, raw lengths, a half still counts."""
    shares = []
    for target in targets:
        a, b = (" ".join(text.strip().lower().split()) for text in (target, answer))
        length = max(len(target), len(answer))
        shares.append(_edits(a, b) / length if length else 0.0)
    best = 1 - min(shares)
    return best if best >= 0.5 else 0.0


def chartqa_relaxed(answer: str, target: str) -> float:
    """pix2struct's relaxed_correctness."""

    def number(text: str) -> float | None:
        try:
            return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
        except ValueError:
            return None

    said, wanted = number(answer), number(target)
    if said is not None and wanted:
        return float(abs(said - wanted) / abs(wanted) <= 0.05)
    return float(answer.lower() == target.lower())


def ocrbench(answer: str, targets: Sequence[str], dataset: str) -> float:
    """MultimodalOCR's OCRBench/example.py."""
    if dataset == "HME100k":
        said = answer.strip().replace("\n", " ").replace(" ", "")
        return float(any(target.strip().replace("\n", " ").replace(" ", "") in said for target in targets))
    said = answer.lower().strip().replace("\n", " ")
    return float(any(target.lower().strip().replace("\n", " ") in said for target in targets))


_ENDS = "!?.:,*\"()·[]/'"


def _same_word(truth: str, said: str) -> bool:
    truth, said = truth.upper(), said.upper()
    forms = {truth}
    if truth[:1] and truth[0] in _ENDS:
        forms.add(truth[1:])
    if truth[-1:] and truth[-1] in _ENDS:
        forms |= {form[:-1] for form in list(forms)}
    return said in forms


def spotting(images: Sequence[Any]) -> dict[str, float]:
    """ICDAR2015's end-to-end script over polygons of shapely, in place of Polygon3.

    Raises:
        ImportError: shapely is not installed.
    """
    from shapely.geometry import Polygon  # type: ignore[import-untyped,import-not-found,unused-ignore]

    right = wanted = given = 0
    for truths, found in images:
        words = [(Polygon(list(zip(quad[::2], quad[1::2], strict=True))), text) for quad, text in truths]
        read = [(Polygon(list(zip(quad[::2], quad[1::2], strict=True))), text) for quad, text in found]
        free = [shape for shape, text in words if text == "###"]
        kept = [
            (shape, text)
            for shape, text in read
            if not any(shape.intersection(other).area / shape.area > 0.5 for other in free)
        ]
        cared = [(shape, text) for shape, text in words if text != "###"]
        used: set[int] = set()
        for shape, text in cared:
            for place, (other, said) in enumerate(kept):
                overlap = shape.intersection(other).area / shape.union(other).area
                if place not in used and overlap > 0.5:
                    used.add(place)
                    right += _same_word(text, said)
                    break
        wanted, given = wanted + len(cared), given + len(kept)
    recall, precision = right / wanted, right / given
    return {"hmean": 2 * precision * recall / (precision + recall), "precision": precision, "recall": recall}


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def box_words(text: str) -> list[str]:
    """A caption as DenseCap prepares it: lower case, no punctuation."""
    return re.sub(r"[^\w\s]", "", text.lower()).split()


def _groups(boxes: list[Sequence[float]]) -> list[list[int]]:
    """Boxes that overlap by 0.7 or more: the one with most neighbours takes them, again and again."""
    left, found = list(range(len(boxes))), []
    while left:
        near = {i: [j for j in left if j == i or _overlap(boxes[i], boxes[j]) >= 0.7] for i in left}
        most = max(left, key=lambda i: len(near[i]))
        found.append(near[most])
        left = [i for i in left if i not in near[most]]
    return found


def _alike(said: list[str], targets: list[list[str]]) -> float:
    best = 0.0
    for target in targets:
        shared = sum(min(said.count(word), target.count(word)) for word in set(said))
        if shared:
            best = max(best, 2 * shared / (len(said) + len(target)))
    return best


def dense_map(images: Sequence[Any]) -> float:
    """DenseCap's eval_utils.lua, its loops written out, token F1 in place of METEOR; no +1 in the overlap."""
    records: list[tuple[bool, float, float]] = []
    positives = 0
    for truths, found in images:
        boxes = [box for box, _ in truths]
        merged = [
            (
                [sum(boxes[i][k] for i in group) / len(group) for k in range(4)],
                [box_words(truths[i][1]) for i in group],
            )
            for group in _groups(boxes)
        ]
        positives += len(merged)
        used: set[int] = set()
        for box, text in found:  # all confidences are equal: as written
            overlaps = [_overlap(box, target) for target, _ in merged]
            best = max(overlaps, default=0.0)
            place = overlaps.index(best) if best > 0 else -1
            alike = _alike(box_words(text), merged[place][1]) if place >= 0 else 0.0
            records.append((place >= 0 and place not in used, best, alike))
            used.add(place)
    values = []
    for least in (0.3, 0.4, 0.5, 0.6, 0.7):
        for least_alike in (0, 0.05, 0.1, 0.15, 0.2, 0.25):
            right, curve = 0, []
            for count, (ok, overlap, alike) in enumerate(records, start=1):
                right += ok and overlap >= least and alike > least_alike
                curve.append((right / positives, right / count))
            points = [max((p for r, p in curve if r >= t / 100), default=0.0) for t in range(101)]
            values.append(sum(points) / 101)
    return sum(values) / len(values)
