"""Sentences about a scene, with what each phrase in them means."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from argus_eval.data.scenes.catalogue import plural
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.describing import Description, article
from argus_eval.data.scenes.language.referring import Related, Relation, judge
from argus_eval.data.scenes.scene import Scene, SceneObject

__all__ = ["Caption", "Mention", "captions"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLACES = {
    "shapes": "on a plain surface",
    "street": "in a street",
    "kitchen": "in a kitchen",
    "room": "in a room",
    "garden": "in a garden",
    "harbour": "by the sea",
}
_BETWEEN: dict[Relation, tuple[str, ...]] = {
    "left of": ("to the left of", "left of"),
    "right of": ("to the right of", "right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "next to": ("next to", "beside", "near"),
}


class Mention(NamedTuple):
    """A noun phrase and the objects it means."""

    phrase: str
    things: tuple[int, ...]


class Caption(NamedTuple):
    """A sentence in pieces: plain text and mentions, joined by blanks; the last piece ends the sentence."""

    pieces: tuple[str | Mention, ...]

    @property
    def text(self) -> str:
        words = " ".join(piece if isinstance(piece, str) else piece.phrase for piece in self.pieces)
        return words[0].upper() + words[1:].replace(" ,", ",") + "."


def captions(scene: Scene, draws: Draws, count: int) -> list[Caption]:
    """Different sentences about what stands in the scene; fewer only if there is nothing more to say."""
    found: dict[str, Caption] = {}
    for _ in range(count * 12):
        caption = _caption(scene, draws)
        found.setdefault(caption.text, caption)
        if len(found) == count:
            break
    return list(found.values())


def _caption(scene: Scene, draws: Draws) -> Caption:
    form = draws.integer(0, 3)
    if form == 0:
        related = _relation(scene, draws)
        if related is not None:
            return related
    groups = _groups(scene, draws)
    few = groups[: draws.integer(1, min(3, len(groups)))]
    listed = _listed([_mention(group, scene, draws) for group in few])
    place = _PLACES.get(scene.theme, "on a page")
    if form == 1:
        verb = "is" if len(few) == 1 and len(few[0]) == 1 else "are"
        return Caption((f"there {verb}", *listed, place))
    if form == 2:
        opening = draws.choice(("a picture of", "an image of", "a drawing of", "a drawing that shows"))
        return Caption((opening, *listed))
    tone = "dark" if sum(scene.background.first) < 330 else "light"
    backing = draws.choice((f"on a {tone} background", f"in front of a {tone} background", place))
    return Caption((*listed, backing))


def _groups(scene: Scene, draws: Draws) -> list[list[SceneObject]]:
    """Objects of one category together; what fills most of the image comes first, mostly."""
    by_name: dict[str, list[SceneObject]] = {}
    for thing in scene.objects:
        by_name.setdefault(thing.category, []).append(thing)
    weight = {
        name: sum(thing.area_px for thing in things) * draws.uniform(0.3, 1.0) for name, things in by_name.items()
    }
    return sorted(by_name.values(), key=lambda things: -weight[things[0].category])


def _mention(group: list[SceneObject], scene: Scene, draws: Draws) -> Mention:
    indices = tuple(thing.index for thing in group)
    name = group[0].category
    colours = Counter(thing.colour for thing in group)
    textures = Counter(thing.texture for thing in group)
    adjectives: list[str] = []
    if len(textures) == 1 and group[0].texture != "plain" and draws.chance(0.6):
        adjectives.append(group[0].texture)
    if len(colours) == 1 and draws.chance(0.8):
        adjectives.append(group[0].colour)
    if len(group) == 1:
        text = scene.text_on(group[0].index)
        written = f" that says {text}" if text is not None and draws.chance(0.7) else ""
        return Mention(article(" ".join([*adjectives, name]) + written), indices)
    exact = len(group) < 3 or (len(group) < len(_NUMBERS) and draws.chance(0.75))
    number = _NUMBERS[len(group)] if exact else "several"
    return Mention(" ".join([number, *adjectives, plural(name)]), indices)


def _listed(mentions: list[Mention]) -> list[str | Mention]:
    if len(mentions) < 3:
        return [mentions[0], *(piece for mention in mentions[1:] for piece in ("and", mention))]
    return [mentions[0], ",", mentions[1], "and", mentions[2]]


def _relation(scene: Scene, draws: Draws) -> Caption | None:
    if len(scene.objects) < 2:
        return None
    first, second = draws.sample(scene.objects, 2)
    what = Description(category=first.category, colour=first.colour)
    anchor = Description(category=second.category, colour=second.colour)
    if len(what.candidates(scene)) > 1 or len(anchor.candidates(scene)) > 1:
        return None
    for relation in draws.shuffled(list(_BETWEEN)):
        if first.index in judge(Related(what=what, relation=relation, anchor=anchor), scene).definite:
            words = draws.choice(_BETWEEN[relation])
            verb = draws.choice(("", "is ", "stands "))
            return Caption(
                (
                    Mention(article(what.phrase()), (first.index,)),
                    f"{verb}{words}",
                    Mention(article(anchor.phrase()), (second.index,)),
                )
            )
    return None
