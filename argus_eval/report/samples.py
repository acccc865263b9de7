"""The samples of a page as data for its drawer and its gallery: cut, made printable, with boxes as fractions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argus_eval.core.codec import to_json
from argus_eval.core.geometry import ImageSize, UnitBox
from argus_eval.core.prediction import Answer, Parsed, Prediction, Unparsed, prediction_from_json
from argus_eval.core.record import Record
from argus_eval.core.sample import BoxTarget, RegionsTarget, Target
from argus_eval.report.digest import Digest, pick_records
from argus_eval.report.inputs import ReportInput, SampleView
from argus_eval.report.pictures import thumbnail
from argus_eval.report.selection import Finding, find_samples
from argus_eval.report.text import printable, shown

__all__ = ["SampleBook", "sample_book"]

#: What the samples of one run may weigh on a page, without pictures and with them, in bytes.
_TEXT_BUDGET_BYTES = (250_000, 1_000_000)
#: Left of a page of 2.5 MB beside the chart library; tables and downloads take so many bytes a byte of results.
_ROOM_BYTES = 1_500_000
_BYTES_PER_RESULT_BYTE = 2.7
_PICTURE_BUDGET_BYTES = 6_000_000
_MAX_PICTURES = 400
_MAX_BOXES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBook:
    """The samples of a run.

    Attributes:
        samples: one object a sample, as the page's script reads it.
        rows: one a finding: sample index, arm index, kind, both scores, slowness.
        pictures: ``data:`` addresses that samples refer to by index.
        arms: ids of the arms that rows and answers refer to by index.
        findings: how many findings the run has, those left out included.
    """

    samples: tuple[dict[str, Any], ...]
    rows: tuple[tuple[int, int, str, float | None, float | None, float | None], ...]
    pictures: tuple[str, ...]
    arms: tuple[str, ...]
    findings: int


def sample_book(run: ReportInput, digest: Digest, share: float = 1.0) -> SampleBook:
    """Choose samples, fetch their records and images, and put them in a form that a page can hold.

    ``share`` is the part of the page that this run may fill.
    """
    findings, total = find_samples(run.results, digest)
    order = list(dict.fromkeys(finding.sample for finding in findings))
    records = pick_records(run.records, order)
    arms = tuple(arm.id for arm in run.results.arms if arm.role != "aa")
    shelf = _PictureShelf(share)
    samples: list[dict[str, Any]] = []
    places: dict[tuple[str, str], int] = {}
    spent, budget = 0, _text_budget(run, share)
    for key in order:
        item = _sample(key, run.samples(*key), records.get(key, ()), arms, shelf)
        spent += len(json.dumps(item, ensure_ascii=True)) + 40
        if spent > budget:
            break
        places[key] = len(samples)
        samples.append(item)
    rows = tuple(_row(finding, places[finding.sample], arms) for finding in findings if finding.sample in places)
    return SampleBook(samples=tuple(samples), rows=rows, pictures=tuple(shelf.pictures), arms=arms, findings=total)


def _text_budget(run: ReportInput, share: float) -> float:
    results_bytes = len(json.dumps(to_json(run.results), separators=(",", ":")))
    least, most = _TEXT_BUDGET_BYTES
    return share * min(most, max(least, _ROOM_BYTES - _BYTES_PER_RESULT_BYTE * results_bytes))


class _PictureShelf:
    """Thumbnails, each once, as long as there is room."""

    def __init__(self, share: float) -> None:
        self._most = (share * _MAX_PICTURES, share * _PICTURE_BUDGET_BYTES)
        self.pictures: list[str] = []
        self._places: dict[int, int | None] = {}
        self._spent = 0

    def place(self, data: bytes | None) -> int | None:
        """Index of the thumbnail of ``data``, or ``None`` where there is none."""
        if data is None:
            return None
        key = hash(data)
        if key not in self._places:
            full = len(self.pictures) >= self._most[0] or self._spent >= self._most[1]
            picture = None if full else thumbnail(data)
            self._places[key] = None if picture is None else len(self.pictures)
            if picture is not None:
                self.pictures.append(picture)
                self._spent += len(picture)
        return self._places[key]


def _sample(
    key: tuple[str, str],
    view: SampleView | None,
    records: Iterable[Record],
    arms: Sequence[str],
    shelf: _PictureShelf,
) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {}
    times: dict[int, dict[str, Any]] = {}
    for record in records:
        if record.arm not in arms:
            continue
        index = arms.index(record.arm)
        match record.pass_name:
            case "accuracy":
                answer = _answer(record)
                same = answers.setdefault(json.dumps(answer, sort_keys=True), {**answer, "arms": []})
                same["arms"].append(index)
            case "latency":
                times[index] = _times(record)
            case "host":
                pass
    item: dict[str, Any] = {
        "task": printable(key[0]),
        "key": _text(key[1])["t"],
        "answers": list(answers.values()),
    }
    if times:
        item["times"] = times
    if view is not None:
        item |= {"prompt": _text(view.prompt), "target": _text(view.target_text)}
        if view.image_size is not None and min(view.image_size) > 0:
            item |= {"size": list(view.image_size), "boxes": _target_boxes(view.target, view.image_size)}
            item["picture"] = shelf.place(view.image)
    return item


def _answer(record: Record) -> dict[str, Any]:
    answer: dict[str, Any] = {"text": _text(record.text or "")}
    if record.status == "error":
        return answer | {"error": _text(record.error or "unknown error")["t"]}
    scores = {name: _rounded(value) for name, value in record.scores.items()}
    prediction = _prediction(record.prediction)
    if isinstance(prediction, Unparsed):
        answer["unparsed"] = _text(prediction.reason)["t"]
    elif prediction is not None:
        answer |= _parsed(prediction)
    return answer | ({"scores": scores} if scores else {})


def _prediction(data: Mapping[str, object] | None) -> Prediction | None:
    if data is None:
        return None
    try:
        return prediction_from_json(dict(data))
    except (ValueError, KeyError, TypeError):  # a foreign or damaged record: its text is shown all the same
        return None


def _parsed(prediction: Parsed) -> dict[str, Any]:
    parsed: dict[str, Any] = {"repairs": [_text(repair)["t"] for repair in prediction.repairs]}
    if not prediction.repairs:
        parsed = {}
    if isinstance(prediction.value, Answer):
        return parsed | {"parsed": _text(prediction.value.text)}
    regions = prediction.value.regions
    boxes = [_box(region.box, region.label) for region in regions[:_MAX_BOXES]]
    count = f"{len(regions)} region{'s' if len(regions) != 1 else ''}"
    return parsed | {"boxes": boxes, "parsed": _text(count)}


def _target_boxes(target: Target | None, size: ImageSize) -> list[list[Any]]:
    match target:
        case BoxTarget():
            return [_box(target.box.to_unit(size), None)]
        case RegionsTarget():
            return [_box(region.box.to_unit(size), region.label) for region in target.regions[:_MAX_BOXES]]
        case _:
            return []


def _box(box: UnitBox, label: str | None) -> list[Any]:
    ends = [max(-1.0, min(2.0, end)) for end in box.as_list()]
    return [*(round(end, 4) for end in ends), shown(label, 80).text if label else ""]


def _times(record: Record) -> dict[str, Any]:
    stages = {name: ns * 1e-9 for name, ns in record.times_ns.stages.items() if "." not in name}
    ttft = (record.times_ns.ttft or 0) * 1e-9
    return {"ttft": ttft, "stages": stages, "tokens": record.lengths.get("visual_tokens")}


def _row(
    finding: Finding, place: int, arms: Sequence[str]
) -> tuple[int, int, str, float | None, float | None, float | None]:
    slowness = None if finding.slowness is None else round(finding.slowness, 2)
    before, score = _rounded(finding.baseline_score), _rounded(finding.score)
    return place, arms.index(finding.arm), finding.kind, before, score, slowness


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 4)


def _text(text: str) -> dict[str, Any]:
    """``t`` the text; ``n`` its whole length in bytes where it was cut."""
    safe = shown(text)
    return {"t": safe.text, "n": safe.full_bytes} if safe.cut else {"t": safe.text}
