"""Results of detectors in COCO's format, scored in columns: half a million boxes without an object for each."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from argus_eval.core.results import Unparsed
from argus_eval.engine.score_input import Id, result_rows
from argus_eval.engine.score_instances import Instances, truth_columns
from argus_eval.engine.score_metrics import corpus_values
from argus_eval.engine.score_report import ScoreReport, listed
from argus_eval.engine.score_settings import ScoreSettings
from argus_eval.errors import UsageError
from argus_eval.metrics.box_columns import BoolArray, DetectionColumns, FloatArray, IntArray, TruthColumns
from argus_eval.metrics.box_evaluation import evaluate_boxes
from argus_eval.metrics.corpus import WeightedValues
from argus_eval.metrics.detection import CAPS, detection_values
from argus_eval.metrics.lvis import MOST_PER_IMAGE, UNCAPPED, lvis_values

__all__ = ["score_results"]

_NO_IMAGE = -1
# Beyond any image; larger numbers would overflow when two of them are multiplied.
_LARGEST = 1e100
_NUMBERS = frozenset((int, float))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Results:
    """Readable rows with what was left out.

    Attributes:
        columns: boxes of known images and categories.
        named: images that any row names, by index.
        unparsed, dropped: rows that were left out, by reason.
        extra: image ids that the annotations lack.
        scored: every row has a score.
    """

    columns: DetectionColumns
    named: frozenset[int]
    unparsed: Mapping[str, int]
    dropped: Mapping[str, int]
    extra: tuple[Id, ...]
    scored: bool


def score_results(
    task: str, instances: Instances, predictions: Path, settings: ScoreSettings, say: Callable[[str], None]
) -> ScoreReport:
    """Score a results file against COCO or LVIS annotations.

    Raises:
        UsageError: the file is no array, or names images that the annotations lack.
    """
    truths = truth_columns(instances, count_id_zero=settings.compat != "pycocotools")
    results = _read(predictions, instances, settings)
    values = _values(instances, truths, results.columns)
    clusters = [str(image["id"]) for image in instances.images]
    return ScoreReport(
        task=task,
        n=len(instances.images),
        metrics=corpus_values(values, clusters, intervals=settings.ci, say=say),
        unparsed=Unparsed(n=sum(results.unparsed.values()), reasons=dict(results.unparsed)),
        missing=listed(image["id"] for i, image in enumerate(instances.images) if i not in results.named),
        extra=listed(results.extra),
        dropped={**instances.dropped, **results.dropped},
        notes=(f"scores: {'model' if results.scored else 'constant (by image id, then as written)'}",),
    )


def _values(instances: Instances, truths: TruthColumns, detections: DetectionColumns) -> WeightedValues:
    images, categories = len(instances.images), len(instances.categories)
    if not instances.federated:
        made = evaluate_boxes(truths, detections, images=images, categories=categories, caps=CAPS)
        return detection_values(made)
    kept = _federated(instances, truths, detections)
    made = evaluate_boxes(truths, kept, images=images, categories=categories, caps=UNCAPPED)
    groups = [entry.frequency for entry in instances.categories]
    return lvis_values(made, {name: np.array([group == name for group in groups]) for name in ("r", "c", "f")})


def _federated(instances: Instances, truths: TruthColumns, detections: DetectionColumns) -> DetectionColumns:
    """At most 300 boxes an image; then only categories annotated in it or verified to be absent."""
    categories = len(instances.categories)
    order = np.lexsort((-detections.score, detections.image))
    starts = np.flatnonzero(np.diff(detections.image[order], prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    within = np.sort(order[rank < MOST_PER_IMAGE])
    best = detections.take(within)
    best = best.take(np.flatnonzero(best.xywh[:, 2] * best.xywh[:, 3] > 0))
    looked_for = np.concatenate(
        [truths.image * categories + truths.category, _pairs(instances, "neg_category_ids")]
    )
    best = best.take(np.flatnonzero(np.isin(best.image * categories + best.category, looked_for)))
    incomplete = _pairs(instances, "not_exhaustive_category_ids")
    return DetectionColumns(
        image=best.image,
        category=best.category,
        xywh=best.xywh,
        score=best.score,
        excused=np.isin(best.image * categories + best.category, incomplete),
    )


def _pairs(instances: Instances, member: str) -> IntArray:
    categories = len(instances.categories)
    pairs = [i * categories + c for i in range(len(instances.images)) for c in instances.listed(i, member)]
    return np.array(pairs, dtype=np.int64)


def _read(file: Path, instances: Instances, settings: ScoreSettings) -> _Results:
    rows, unparsed = _readable(result_rows(file))
    image, extra = _image_column([row["image_id"] for row in rows], instances)
    if extra and settings.extra == "error":
        more = f" and {len(extra) - 3:,} more" if len(extra) > 3 else ""
        listed = ", ".join(map(repr, extra[:3]))
        raise UsageError(
            f"{file}: image_id {listed}{more} not in the annotations; --set extra=ignore leaves them out"
        )
    category = _category_column([row["category_id"] for row in rows], instances)
    xywh = _box_column([row["bbox"] for row in rows])
    score, scored = _score_column(rows, settings)
    finite_box, finite_score = np.isfinite(xywh).all(axis=1), np.isfinite(score)
    known = image != _NO_IMAGE
    _count(unparsed, "box not finite", known & ~finite_box)
    _count(unparsed, "score not finite", known & finite_box & ~finite_score)
    readable = known & finite_box & finite_score
    dropped: Counter[str] = Counter()
    _count(dropped, "box of a category that is not listed", readable & (category < 0))
    usable = readable & (category >= 0)
    if instances.federated:
        # lvis-api asks for boxes with an area above 0; pycocotools takes them all. They count towards the 300.
        _count(dropped, "box without area", usable & (xywh[:, 2] * xywh[:, 3] <= 0))
    kept = np.flatnonzero(usable)
    columns = DetectionColumns(
        image=image[kept],
        category=category[kept],
        xywh=np.clip(xywh[kept], -_LARGEST, _LARGEST),
        score=score[kept],
        excused=np.zeros(len(kept), dtype=bool),
    )
    return _Results(
        columns=columns,
        named=frozenset(np.unique(image[known]).tolist()),
        unparsed=unparsed,
        dropped=dropped,
        extra=tuple(extra),
        scored=scored,
    )


def _count(counter: Counter[str], reason: str, mask: BoolArray) -> None:
    if mask.any():
        counter[reason] += int(mask.sum())


def _readable(rows: list[Any]) -> tuple[Sequence[Mapping[str, Any]], Counter[str]]:
    """Rows of the right form, and why the others are not."""
    if _uniform(rows):
        return rows, Counter()
    reasons: Counter[str] = Counter()
    good: list[Mapping[str, Any]] = []
    for row in rows:
        fault = _fault(row)
        if fault is None:
            good.append(row)
        else:
            reasons[fault] += 1
    return good, reasons


def _uniform(rows: list[Any]) -> bool:
    """A look at the types of a whole file, which is what nearly every file needs."""
    if set(map(type, rows)) - {dict}:
        return False
    try:
        boxes = [row["bbox"] for row in rows]
        ids = {type(row[name]) for row in rows for name in ("image_id", "category_id")}
    except KeyError:
        return False
    if ids - {int, str} or set(map(type, boxes)) - {list} or set(map(len, boxes)) - {4}:
        return False
    scores = [row["score"] for row in rows if "score" in row]
    return _plain(scores) and _plain(list(itertools.chain.from_iterable(boxes)))


def _plain(values: list[Any]) -> bool:
    """Numbers all, and no integer too large for a float."""
    kinds = set(map(type, values))
    return not kinds - _NUMBERS and (int not in kinds or max(map(abs, values), default=0) < _LARGEST)


def _fault(row: Any) -> str | None:
    if not isinstance(row, dict):
        return "result is no object"
    for name in ("image_id", "category_id"):
        if not isinstance(row.get(name), int | str):
            return f"no {name}"
    box = row.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_number, box)):
        return "bbox is not four numbers"
    if "score" in row and not _number(row["score"]):
        return "score is no number"
    return None


def _number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return isinstance(value, float) or abs(value) < _LARGEST


def _image_column(ids: Sequence[Id], instances: Instances) -> tuple[IntArray, list[Id]]:
    """Index of each row's image, and the ids that name none."""
    index = instances.image_index
    column = np.array([index.get(identity, _NO_IMAGE) for identity in ids], dtype=np.int64)
    lost = np.flatnonzero(column == _NO_IMAGE).tolist()
    if not lost:
        return column, []
    by_text = {str(identity): i for identity, i in index.items()}
    unknown: dict[Id, None] = {}
    for row in lost:
        column[row] = by_text.get(str(ids[row]), _NO_IMAGE)
        if column[row] == _NO_IMAGE:
            unknown[ids[row]] = None
    return column, list(unknown)


def _category_column(ids: Sequence[Id], instances: Instances) -> IntArray:
    """Index of each row's category, -1 for none; whole numbers are also found as text, as images are."""
    index = instances.category_index
    column = np.array([index.get(identity, -1) for identity in ids], dtype=np.int64)
    lost = np.flatnonzero(column < 0).tolist()
    if lost:
        by_text = {str(identity): i for identity, i in index.items()}
        column[lost] = [by_text.get(str(ids[row]), -1) for row in lost]
    return column


def _box_column(boxes: Sequence[Sequence[float]]) -> FloatArray:
    flat = np.fromiter(itertools.chain.from_iterable(boxes), dtype=np.float64, count=4 * len(boxes))
    return flat.reshape(-1, 4)


def _score_column(rows: Sequence[Mapping[str, Any]], settings: ScoreSettings) -> tuple[FloatArray, bool]:
    """Scores of all rows; constant where any row has none, for then there is no order between them."""
    scored = settings.scores != "constant" and all("score" in row for row in rows)
    if not scored:
        return np.ones(len(rows)), False
    return np.array([row["score"] for row in rows], dtype=np.float64), bool(rows)
