"""Scores of predictions that somebody else made: ``argus-eval score`` without its command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from argus_eval.core.prediction import Parsed, Prediction, Region, Regions, Unparsed
from argus_eval.core.results import Unparsed as UnparsedCount
from argus_eval.engine.score_categories import Category, read_categories, vocabulary
from argus_eval.engine.score_input import is_array, is_blank, is_json_lines
from argus_eval.engine.score_instances import instance_items, read_instances
from argus_eval.engine.score_metrics import Scored, metrics_of, sample_scores
from argus_eval.engine.score_report import ScoreReport, listed
from argus_eval.engine.score_results import score_results
from argus_eval.engine.score_settings import ScoreSettings
from argus_eval.engine.score_targets import Item, read_items
from argus_eval.engine.score_texts import Texts, native_items, read_texts
from argus_eval.errors import IncompatibleError, UsageError
from argus_eval.metrics.answer_text import MISSING
from argus_eval.metrics.box_statistics import fold_label
from argus_eval.parsing.answers import ANSWER_PARSERS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.parsing.protocol import AnswerParser, Dialect, ParseContext
from argus_eval.parsing.yes_no import NEITHER
from argus_eval.tasks.catalog import load_task
from argus_eval.tasks.perfect import perfect_answer, shows_ceiling
from argus_eval.tasks.reading import expressible, parse_context
from argus_eval.tasks.spec import TaskSpec

__all__ = ["score_files"]


def score_files(
    task: str,
    annotations: Path,
    predictions: Path,
    dialect: str | None = None,
    settings: ScoreSettings | None = None,
    say: Callable[[str], None] | None = None,
) -> ScoreReport:
    """Score a file of predictions against a file of annotations.

    Args:
        task: name of a task.
        annotations: JSON Lines with ``id`` and ``target``, or the task's native format.
        predictions: JSON Lines with ``id`` and ``text`` (raw model output), or the native results format.
        dialect: how boxes are written, for tasks that answer with boxes in text.
        settings: variants; the defaults are the official rules with intervals.
        say: told what takes long.

    Raises:
        UsageError: a file is not what it should be, or predictions belong to no item.
        EnvironmentError_: a file cannot be read.
    """
    spec = load_task(task).spec
    chosen = settings or ScoreSettings()
    tell = say or (lambda _: None)
    categories: tuple[Category, ...] = read_categories(chosen.categories) if chosen.categories else ()
    if is_blank(annotations):
        raise UsageError(f"{annotations}: no annotations")
    if is_json_lines(annotations):
        items = read_items(annotations, spec, tuple(entry.name for entry in categories))
    elif spec.kind == "detection":
        instances = read_instances(annotations, repeated_ids=chosen.extra == "ignore")
        if is_array(predictions) or is_blank(predictions):
            # Checked for its message: a variant that detection does not have.
            metrics_of(spec, chosen, (), categories)
            return score_results(task, instances, predictions, chosen, tell)
        items, categories = instance_items(instances), categories or instances.categories
    elif spec.answers_with_boxes:
        raise UsageError(f"{annotations}: expected JSON Lines with 'id' and 'target' for {task}")
    else:
        items = native_items(annotations)
    texts = read_texts(predictions, items, ignore_extra=chosen.extra == "ignore")
    scoring = _Scoring(spec=spec, settings=chosen, dialect=_dialect(spec, dialect), categories=categories)
    return scoring.report(task, items, texts, tell)


def _dialect(spec: TaskSpec, name: str | None) -> Dialect | None:
    if not spec.answers_with_boxes:
        return None
    if name is None:
        raise UsageError(
            f"{spec.name}: answers hold boxes; --dialect says how they are written, one of {', '.join(DIALECTS)}"
        )
    dialect = DIALECTS.get(name, "--dialect")
    if not expressible(spec, labels=dialect.labels, points=dialect.points):
        raise IncompatibleError(f"{spec.name}: the dialect {name!r} cannot express its answers")
    return dialect


@dataclass(slots=True, kw_only=True)
class _Scoring:
    """Reads answers and keeps count of what was odd about them."""

    spec: TaskSpec
    settings: ScoreSettings
    dialect: Dialect | None
    categories: tuple[Category, ...]
    unparsed: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    def report(self, task: str, items: Sequence[Item], texts: Texts, say: Callable[[str], None]) -> ScoreReport:
        """Everything about one file of texts."""
        samples = [sample for _, sample, _ in items]
        metrics = metrics_of(self.spec, self.settings, samples, self.categories)
        scored = [(self._read(item, texts), item[1]) for item in items]
        values = sample_scores(metrics, scored, self.settings, say)
        primary = self.spec.primary if self.spec.primary in values else next(iter(values))
        ceiling = {}
        if shows_ceiling(self.spec):
            found = sample_scores(metrics, self._perfect(items), _WITHOUT_INTERVALS, lambda _: None)
            ceiling = {name: value.value for name, value in found.items()}
        return ScoreReport(
            task=task,
            n=len(items),
            metrics={primary: values[primary], **values},
            unparsed=UnparsedCount(n=sum(self.unparsed.values()), reasons=dict(self.unparsed)),
            missing=listed(identity for identity, sample, _ in items if sample.key not in texts.by_key),
            extra=listed(texts.extra),
            dropped=self._dropped(scored),
            repairs=dict(self.repairs),
            ceiling=ceiling,
            notes=_notes(self.spec, scored, self.settings),
        )

    def _read(self, item: Item, texts: Texts) -> Prediction:
        _, sample, resized = item
        if sample.key not in texts.by_key:
            return Unparsed(reason=MISSING)
        text = texts.by_key[sample.key]
        if text is None:
            self.unparsed["no text"] += 1
            return Unparsed(reason="no text")
        context = parse_context(self.spec, sample, resized_size=texts.resized.get(sample.key, resized))
        prediction = self._parse(text, context)
        self._note(prediction)
        return prediction

    def _parse(self, text: str, context: ParseContext) -> Prediction:
        if self.dialect is not None:
            return self.dialect.decode(text, context)
        parser: AnswerParser = ANSWER_PARSERS.get(self.spec.parser)
        return parser(text, context)

    def _note(self, prediction: Prediction) -> None:
        if isinstance(prediction, Unparsed):
            self.unparsed[prediction.reason] += 1
            return
        for repair in prediction.repairs:
            # The official reading of yes/no has no third value; that the answer was neither is shown beside it.
            counter = self.unparsed if repair == NEITHER else self.repairs
            counter[repair.partition(":")[0]] += 1

    def _dropped(self, scored: Sequence[Scored]) -> dict[str, int]:
        if self.spec.kind != "detection":
            return {}
        words = vocabulary(self.categories)
        known = words or {fold_label(name): name for name in scored[0][1].options}
        labels = (region.label or "" for prediction, _ in scored for region in _regions(prediction))
        unknown = sum(fold_label(label) not in known for label in labels)
        return {"box with a label of no category": unknown} if unknown else {}

    def _perfect(self, items: Sequence[Item]) -> list[Scored]:
        """The reference itself, written and read in the dialect."""
        assert self.dialect is not None
        return [(perfect_answer(self.spec, sample, self.dialect, resized), sample) for _, sample, resized in items]


_WITHOUT_INTERVALS = ScoreSettings(ci=False)


def _regions(prediction: Prediction) -> tuple[Region, ...]:
    if isinstance(prediction, Parsed) and isinstance(prediction.value, Regions):
        return prediction.value.regions
    return ()


def _notes(spec: TaskSpec, scored: Sequence[Scored], settings: ScoreSettings) -> tuple[str, ...]:
    notes = []
    if spec.kind == "detection":
        scores = [region.score is not None for prediction, _ in scored for region in _regions(prediction)]
        model = settings.scores == "auto" and bool(scores) and all(scores)
        notes.append(f"scores: {'model' if model else 'constant (by image id, then as written)'}")
    several = sum(len(_regions(prediction)) > 1 for prediction, _ in scored) if spec.kind == "grounding" else 0
    if several:
        notes.append(f"{several:,} answers hold several boxes; the first counts")
    return tuple(notes)
