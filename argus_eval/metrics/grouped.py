"""A metric's value on named subsets: answer types, disciplines, domains, splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from argus_eval.core.prediction import Prediction
from argus_eval.core.sample import Sample
from argus_eval.metrics.captions import CAPTIONS, CaptionStatistic
from argus_eval.metrics.corpus import WeightedValues, Weights, prepared
from argus_eval.metrics.exact_match import ACCURACY
from argus_eval.metrics.mmmu import MMMU_ACCURACY
from argus_eval.metrics.ocrbench import OCRBENCH_SCORE
from argus_eval.metrics.pope import POPE
from argus_eval.metrics.protocol import MetricInfo, SampleMetric
from argus_eval.metrics.vqa_accuracy import VQA_ACCURACY

__all__ = [
    "ACCURACY_BY_SUBJECT",
    "MMMU_BY_DISCIPLINE",
    "NOCAPS_BY_DOMAIN",
    "OCRBENCH_BY_GROUP",
    "POPE_BY_SPLIT",
    "VQA_BY_ANSWER_TYPE",
    "CaptionsByGroup",
    "GroupedMean",
    "PopeBySplit",
]

#: A sample's subset: the end of a value's name; ``None`` for one that belongs to none.
GroupOf = Callable[[Sample], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedMean:
    """The mean of a sample metric on each subset.

    A subset without samples has no value and is not listed. Values are called ``VALUE_SUBSET``.

    Args:
        metric: its first value is the one that is averaged.
        group_of: a sample's subset.
        groups: every subset there is, in the order they are listed.
        stem: beginning of the names; the value's own name by default.
    """

    metric: SampleMetric
    group_of: GroupOf
    groups: tuple[str, ...]
    stem: str = ""
    infos: tuple[MetricInfo, ...] = field(init=False)

    def __post_init__(self) -> None:
        first = self.metric.infos[0]
        stem = self.stem or first.name
        infos = tuple(
            MetricInfo(
                name=f"{stem}_{group}",
                higher_is_better=first.higher_is_better,
                bounded=first.bounded,
                reference=first.reference,
            )
            for group in self.groups
        )
        object.__setattr__(self, "infos", infos)

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[str | None, float]:
        """The subset and the sample's value."""
        return self.group_of(sample), self.metric.score(prediction, sample)[self.metric.infos[0].name]

    def prepare(self, statistics: Sequence[tuple[str | None, float]]) -> WeightedValues:
        """Members of each subset; what is left to the weights are two sums."""
        values = np.array([value for _, value in statistics], dtype=np.float64)
        names = np.array([name or "" for name, _ in statistics])
        members = {
            info.name: here.astype(np.float64)
            for group, info in zip(self.groups, self.infos, strict=True)
            if (here := names == group).any()
        }

        def means(weights: Weights | None) -> Mapping[str, float | None]:
            found: dict[str, float | None] = {}
            for name, here in members.items():
                counted = here if weights is None else here * weights
                total = float(counted.sum())
                found[name] = float(counted @ values) / total if total > 0 else None
            return found

        return means

    def reduce(
        self, statistics: Sequence[tuple[str | None, float]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """The weighted mean of each subset that has samples."""
        return self.prepare(statistics)(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class PopeBySplit:
    """POPE's F1 on its three splits, and the mean of the three, which papers quote."""

    infos: tuple[MetricInfo, ...] = tuple(
        MetricInfo(name=name, higher_is_better=True, bounded=True, reference=POPE.infos[0].reference)
        for name in ("f1_random", "f1_popular", "f1_adversarial", "f1_mean")
    )

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[str, tuple[bool, bool]]:
        """The split, and what POPE takes from the sample."""
        return str(sample.attributes.get("category", "")), POPE.statistics(prediction, sample)

    def prepare(self, statistics: Sequence[tuple[str, tuple[bool, bool]]]) -> WeightedValues:
        """POPE prepared on each split; the mean exists where all three do."""
        names = np.array([name for name, _ in statistics])
        splits = [info.name.removeprefix("f1_") for info in self.infos[:-1]]
        rows = {split: np.flatnonzero(names == split).tolist() for split in splits}
        ready = {s: POPE.prepare([statistics[i][1] for i in at]) for s, at in rows.items() if len(at)}

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            found = {
                f"f1_{split}": value(None if weights is None else weights[rows[split]])["f1"]
                for split, value in ready.items()
            }
            if len(found) == len(splits):
                each = [value for value in found.values() if value is not None]
                found["f1_mean"] = float(np.mean(each)) if len(each) == len(splits) else None
            return found

        return values

    def reduce(
        self, statistics: Sequence[tuple[str, tuple[bool, bool]]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """F1 of each split that has questions, and their mean."""
        return self.prepare(statistics)(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionsByGroup:
    """CIDEr and BLEU-4 of the images of each subset, with the subset's own document frequencies, as NoCaps'
    server scores its domains."""

    group_of: GroupOf
    groups: tuple[str, ...]
    infos: tuple[MetricInfo, ...] = field(init=False)

    def __post_init__(self) -> None:
        by_name = {info.name: info for info in CAPTIONS.infos}
        infos = tuple(
            MetricInfo(
                name=f"{value}_{group}",
                higher_is_better=True,
                bounded=by_name[value].bounded,
                reference=by_name[value].reference,
            )
            for group in self.groups
            for value in ("CIDEr", "BLEU-4")
        )
        object.__setattr__(self, "infos", infos)

    def statistics(self, prediction: Prediction, sample: Sample) -> tuple[str | None, CaptionStatistic]:
        """The subset and the words."""
        return self.group_of(sample), CAPTIONS.statistics(prediction, sample)

    def prepare(self, statistics: Sequence[tuple[str | None, CaptionStatistic]]) -> WeightedValues:
        """The caption scores of each subset that has images."""
        rows = {group: [i for i, (name, _) in enumerate(statistics) if name == group] for group in self.groups}
        ready = {g: prepared(CAPTIONS, [statistics[i][1] for i in at]) for g, at in rows.items() if at}

        def values(weights: Weights | None) -> Mapping[str, float | None]:
            found: dict[str, float | None] = {}
            for group, value in ready.items():
                scores = value(None if weights is None else weights[rows[group]])
                found.update({f"{name}_{group}": scores[name] for name in ("CIDEr", "BLEU-4")})
            return found

        return values

    def reduce(
        self, statistics: Sequence[tuple[str | None, CaptionStatistic]], weights: Weights | None = None
    ) -> Mapping[str, float | None]:
        """CIDEr and BLEU-4 of each subset."""
        return self.prepare(statistics)(weights)


def _by_attribute(name: str, groups: Mapping[str, str]) -> GroupOf:
    def group(sample: Sample) -> str | None:
        return groups.get(str(sample.attributes.get(name, "")).strip().lower())

    return group


_ANSWER_TYPES = {"yes/no": "yes_no", "number": "number", "other": "other"}
_SUBJECTS = {f"{name} science": f"{name}_science" for name in ("natural", "social", "language")}
_DOMAINS = {f"{name}-domain": name for name in ("in", "near", "out")}

#: MMMU's six disciplines and their thirty subjects
_DISCIPLINES = {
    "art_and_design": "Art Art_Theory Design Music",
    "business": "Accounting Economics Finance Manage Marketing",
    "science": "Biology Chemistry Geography Math Physics",
    "health_and_medicine": (
        "Basic_Medical_Science Clinical_Medicine Diagnostics_and_Laboratory_Medicine Pharmacy Public_Health"
    ),
    "humanities_and_social_science": "History Literature Psychology Sociology",
    "tech_and_engineering": (
        "Agriculture Architecture_and_Engineering Computer_Science Electronics Energy_and_Power Materials "
        "Mechanical_Engineering"
    ),
}
_OF_SUBJECT = {s.lower(): name for name, subjects in _DISCIPLINES.items() for s in subjects.split()}

#: OCRBench's question types → its five groups (300, 200, 200, 200 and 100 items)
_OCR_GROUPS = {
    "regular text recognition": "recognition",
    "irregular text recognition": "recognition",
    "artistic text recognition": "recognition",
    "handwriting recognition": "recognition",
    "digit string recognition": "recognition",
    "non-semantic text recognition": "recognition",
    "scene text-centric vqa": "scene_vqa",
    "doc-oriented vqa": "document_vqa",
    "key information extraction": "key_information",
    "handwritten mathematical expression recognition": "formulas",
}

VQA_BY_ANSWER_TYPE = GroupedMean(
    metric=VQA_ACCURACY,
    group_of=_by_attribute("answer_type", _ANSWER_TYPES),
    groups=tuple(_ANSWER_TYPES.values()),
)
ACCURACY_BY_SUBJECT = GroupedMean(
    metric=ACCURACY, group_of=_by_attribute("subject", _SUBJECTS), groups=tuple(_SUBJECTS.values())
)
MMMU_BY_DISCIPLINE = GroupedMean(
    metric=MMMU_ACCURACY, group_of=_by_attribute("subject", _OF_SUBJECT), groups=tuple(_DISCIPLINES)
)
OCRBENCH_BY_GROUP = GroupedMean(
    metric=OCRBENCH_SCORE,
    group_of=_by_attribute("question_type", _OCR_GROUPS),
    groups=tuple(dict.fromkeys(_OCR_GROUPS.values())),
    stem="ocrbench",
)
POPE_BY_SPLIT = PopeBySplit()
NOCAPS_BY_DOMAIN = CaptionsByGroup(group_of=_by_attribute("domain", _DOMAINS), groups=tuple(_DOMAINS.values()))
