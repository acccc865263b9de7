"""Boxes out of JSON answers: ``[{"bbox_2d": [x1, y1, x2, y2], "label": "cat"}]``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import looks_like_template, read_numbers
from argus_eval.parsing.json_scan import JsonObject, JsonScan, JsonValue, Word, scan_json
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MALFORMED,
    SURROUNDING,
    TEMPLATE,
    TRUNCATED,
    RegionCollector,
    answer_or_unparsed,
)

__all__ = ["JsonBoxes"]

ToUnit = Callable[[Sequence[float]], Sequence[float]]

_NO_BOX = "objects without a box"
_NO_KEY = "list without keys"
_QUOTED = "quoted coordinates"
_SEVERAL = "several boxes in one object"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonBoxes:
    """The keys of one dialect, the native one first.

    Attributes:
        box_keys: keys whose value is the box.
        label_keys: keys whose value is the label; the first present one counts.
        score_keys: keys whose value is the model's own confidence.
    """

    box_keys: tuple[str, ...]
    label_keys: tuple[str, ...] = ("label", "name", "name_en", "text_content", "text", "category", "class", "ref")
    score_keys: tuple[str, ...] = ("score", "confidence")

    def write(self, regions: Sequence[Region], numbers: Callable[[Region], list[int]]) -> str:
        """A fenced list with one object a region."""
        rows: list[str] = []
        for region in regions:
            row: dict[str, object] = {self.box_keys[0]: numbers(region)}
            if region.label:
                row[self.label_keys[0]] = region.label
            rows.append("\t" + json.dumps(row, ensure_ascii=False))
        body = "[\n" + ",\n".join(rows) + "\n]" if rows else "[]"
        return f"```json\n{body}\n```"

    def read(self, text: str, context: ParseContext, to_unit: ToUnit) -> Prediction:
        """Every whole object that has a box.

        Args:
            to_unit: four numbers as written → ``x1, y1, x2, y2`` in fractions of the original image.
        """
        answer = answer_or_unparsed(text, context)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = scan_json(answer)
        for repair in scan.repairs:
            collector.note(repair)
        for item in scan.objects:
            for pairs in self._split(item):
                self._read_object(pairs, collector, to_unit)
        if not scan.objects:
            _read_lists(scan, collector, to_unit)
        if scan.truncated:
            collector.note(TRUNCATED)
        if scan.surrounded:
            collector.note(SURROUNDING)
        said_none = not scan.objects and not scan.truncated and scan.lists == ((),)
        return collector.finish(said_none=said_none)

    def _split(self, item: JsonObject) -> Iterator[dict[str, JsonValue]]:
        """An object whose box key comes again is really several objects that lost their brackets."""
        pairs: dict[str, JsonValue] = {}
        for key, value in item.pairs:
            if key in self.box_keys and key in pairs:
                yield pairs
                pairs = {}
            pairs.setdefault(key, value)
        yield pairs

    def _read_object(self, pairs: dict[str, JsonValue], collector: RegionCollector, to_unit: ToUnit) -> None:
        value = next((pairs[key] for key in self.box_keys if key in pairs), None)
        label = next((pairs[key] for key in self.label_keys if key in pairs), None)
        if value is None:
            if label is not None:
                collector.count(_NO_BOX)
            return
        score = next((pairs[key] for key in self.score_keys if key in pairs), None)
        name = label if isinstance(label, str) else f"{label:g}" if isinstance(label, float) else None
        confidence = score if isinstance(score, float) else None
        boxes = _boxes(value, collector)
        if len(boxes) > 1:
            collector.note(_SEVERAL)
        for box in boxes:
            collector.add(to_unit(box), name, score=confidence)


def _boxes(value: JsonValue, collector: RegionCollector) -> list[list[float]]:
    """The boxes in the value of a box key: usually one; what is none is counted."""
    if isinstance(value, str):
        collector.note(_QUOTED)
        quoted = read_numbers(value.strip().strip("[]()"))
        leaves: list[JsonValue] = list(quoted) if quoted is not None else [Word(value)]
    else:
        leaves = list(_leaves(value))
    numbers: list[float] = []
    for leaf in leaves:
        number = leaf
        if isinstance(leaf, str):
            collector.note(_QUOTED)
            read = read_numbers(leaf)
            number = read[0] if read is not None and len(read) == 1 else Word(leaf)
        if isinstance(number, float):
            numbers.append(number)
    several = isinstance(value, tuple) and all(isinstance(item, tuple) and len(item) == 4 for item in value)
    if len(numbers) == len(leaves) and (len(numbers) == 4 or (several and numbers)):
        return [numbers[start : start + 4] for start in range(0, len(numbers), 4)]
    words = " ".join(leaf.text for leaf in leaves if isinstance(leaf, Word))
    if not numbers and looks_like_template(words):
        collector.note(TEMPLATE)
    else:
        collector.count(MALFORMED)
    return []


def _read_lists(scan: JsonScan, collector: RegionCollector, to_unit: ToUnit) -> None:
    """Boxes that stand in bare lists: ``[135, 114, 1016, 672]``."""
    pending: list[JsonValue] = list(reversed(scan.lists))
    while pending:
        value = pending.pop()
        if not isinstance(value, tuple):
            continue
        if len(value) == 4 and all(isinstance(item, float) for item in value):
            collector.note(_NO_KEY)
            collector.add(to_unit([item for item in value if isinstance(item, float)]))
        elif value and all(isinstance(item, Word) for item in value):
            if looks_like_template(" ".join(item.text for item in value if isinstance(item, Word))):
                collector.note(TEMPLATE)
        else:
            pending.extend(reversed(value))


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            pending.extend(reversed(item))
        else:
            yield item
