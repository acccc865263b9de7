"""What a parser makes of raw model text: a value, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.core.geometry import UnitBox, UnitQuad

__all__ = [
    "Answer",
    "Parsed",
    "Prediction",
    "Region",
    "Regions",
    "Unparsed",
    "prediction_from_json",
    "prediction_to_json",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One predicted region. ``score`` is the model's own confidence where it gave one."""

    box: UnitBox
    label: str | None = None
    score: float | None = None
    quad: UnitQuad | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Predicted regions in the order the model wrote them."""

    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A predicted text: word, choice letter, number, caption."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A value was read.

    ``repairs`` lists what had to be mended to read it ("truncated", "duplicate regions removed: 3"), in order;
    empty where the text followed the dialect exactly.
    """

    value: Regions | Answer
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unparsed:
    """Nothing could be read. ``reason`` is a short slug that can be counted ("no box", "empty answer")."""

    reason: str


Prediction = Parsed | Unparsed


def prediction_to_json(prediction: Prediction) -> dict[str, object]:
    """A plain dict for records.jsonl; :func:`prediction_from_json` reads it back."""
    if isinstance(prediction, Unparsed):
        return {"unparsed": prediction.reason}
    repairs = {"repairs": list(prediction.repairs)} if prediction.repairs else {}
    if isinstance(prediction.value, Answer):
        return {"answer": prediction.value.text, **repairs}
    return {"regions": [_region_to_json(region) for region in prediction.value.regions], **repairs}


def prediction_from_json(data: dict[str, object]) -> Prediction:
    """The inverse of :func:`prediction_to_json`.

    Raises:
        ValueError: ``data`` is none of the three forms.
    """
    if "unparsed" in data:
        return Unparsed(reason=str(data["unparsed"]))
    repairs_in = data.get("repairs", ())
    repairs = tuple(str(item) for item in repairs_in) if isinstance(repairs_in, list | tuple) else ()
    if "answer" in data:
        return Parsed(value=Answer(text=str(data["answer"])), repairs=repairs)
    regions = data.get("regions")
    if isinstance(regions, list):
        return Parsed(value=Regions(regions=tuple(_region_from_json(item) for item in regions)), repairs=repairs)
    raise ValueError(f"a prediction has 'unparsed', 'answer' or 'regions', got keys {sorted(data)}")


def _region_to_json(region: Region) -> dict[str, object]:
    data: dict[str, object] = {"box": region.box.as_list()}
    if region.label is not None:
        data["label"] = region.label
    if region.score is not None:
        data["score"] = region.score
    if region.quad is not None:
        data["quad"] = list(region.quad.points)
    return data


def _region_from_json(data: dict[str, object]) -> Region:
    box, quad, score, label = data["box"], data.get("quad"), data.get("score"), data.get("label")
    if not isinstance(box, list):
        raise ValueError(f"a region's box is a list of four numbers, got {box!r}")
    return Region(
        box=UnitBox(*map(float, box)),
        label=None if label is None else str(label),
        score=float(score) if isinstance(score, int | float) else None,
        quad=UnitQuad(tuple(map(float, quad))) if isinstance(quad, list) else None,  # type: ignore[arg-type]
    )
