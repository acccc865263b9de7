"""Synthetic scenes that nobody has seen, painted while they are read: ``--data fresh:SEED``.

They come from the validation stream, which shares no scene with the training stream or the bundled samples.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from argus_eval.data.bundled.plan import KINDS, PLANS
from argus_eval.data.rows import Row
from argus_eval.data.scenes.annotate.registry import annotate
from argus_eval.data.scenes.draws import Stream, draws_for
from argus_eval.data.scenes.generate import generate_scene
from argus_eval.data.scenes.profile import only
from argus_eval.data.scenes.scene import Scene, SceneKind

__all__ = ["FRESH_ITEMS", "FreshTable"]

FRESH_ITEMS = 2000
_SCENES_A_SEED = 10_000_000  # far more than any task looks at, so that seeds share no scene
_TRIED_A_KIND = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshTable:
    """`FRESH_ITEMS` rows of one task: one of a scene in turn, or all of a scene where the task asks in groups.

    Attributes:
        name: what a message calls it.
        sample: name of the task, as among the bundled samples.
        seed: of the scenes; each seed has scenes of its own, and they are the same for every task.
        shared: columns that a native file says once for all images ("categories"); they are added to every row.
    """

    name: str
    sample: str
    seed: int
    shared: tuple[str, ...] = ()

    def columns(self) -> tuple[str, ...]:
        """Keys of the first row."""
        return next((tuple(row) for row in self.rows()), ())

    def count(self) -> int:
        """Number of rows."""
        return FRESH_ITEMS

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Every row, in order; scenes are painted only where the image column is asked for."""
        from argus_eval.data.bundled import bundled_categories, image_column
        from argus_eval.data.scenes.render import choose_encoding, encode, render

        column = image_column(self.sample)
        with_image = columns is None or column in columns
        shared = {"categories": bundled_categories(self.sample)} if "categories" in self.shared else {}
        found = itertools.groupby(itertools.islice(self._annotated(), FRESH_ITEMS), key=lambda pair: pair[0])
        for scene, pairs in found:
            image: dict[str, object] = {}
            if with_image:
                encoding = choose_encoding(scene)
                data = encode(render(scene), encoding)
                image = {column: {"bytes": data, "path": f"{scene.id}.{encoding.suffix}"}}
            for _, row in pairs:
                yield {**image, **row, **shared}

    def _annotated(self) -> Iterator[tuple[Scene, Row]]:
        """Scenes with the rows chosen of each, without an end."""
        plan = PLANS[self.sample]
        kinds = _kinds(self.sample)
        for number in itertools.count(self.seed * _SCENES_A_SEED):
            kind = draws_for(Stream.VALIDATION, number, "kind").weighted(kinds)
            scene = generate_scene(number, only(kind), stream=Stream.VALIDATION)
            rows = annotate(self.sample, scene)
            if not plan.whole:
                rows = draws_for(Stream.VALIDATION, number, f"{self.sample}/order").shuffled(rows)[:1]
            for row in rows:
                yield scene, _one_item(row) if plan.unit == "answers" else row


def _one_item(row: Row) -> Row:
    """A row of several referring expressions with the first of them."""
    answers = row["answer"]
    assert isinstance(answers, list), "a row of expressions"
    return {**row, "answer": answers[:1]}


@functools.cache
def _kinds(sample: str) -> tuple[tuple[SceneKind, float], ...]:
    """Kinds of scenes that a task asks about, weighted as in the bundled pool."""
    found: list[tuple[SceneKind, float]] = []
    for kind, count in KINDS.items():
        scenes = (generate_scene(seed, only(kind), stream=Stream.VALIDATION) for seed in range(_TRIED_A_KIND))
        if any(annotate(sample, scene) for scene in scenes):
            found.append((kind, float(count)))
    return tuple(found)
