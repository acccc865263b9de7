"""English for referring expressions: short labels as people type them, and whole descriptions."""

from __future__ import annotations

from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.referring import (
    Between,
    Corner,
    Expression,
    Extreme,
    Extremity,
    Plain,
    Ranked,
    Related,
    Relation,
)

__all__ = ["short_words", "long_words"]

_EXTREME: dict[Extremity, tuple[str, ...]] = {
    "leftmost": ("{} on the left", "leftmost {}", "left {}", "{} on far left"),
    "rightmost": ("{} on the right", "rightmost {}", "right {}", "{} on far right"),
    "topmost": ("top {}", "{} at the top", "{} on top", "highest {}"),
    "bottommost": ("bottom {}", "{} at the bottom", "lowest {}"),
    "largest": ("biggest {}", "largest {}", "big {}", "the large {}"),
    "smallest": ("smallest {}", "small {}", "tiny {}", "little {}"),
}
_RELATION: dict[Relation, tuple[str, ...]] = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "next to": ("next to", "beside", "by"),
}
_LONG_RELATION: dict[Relation, tuple[str, ...]] = {
    "left of": ("to the left of", "on the left side of"),
    "right of": ("to the right of", "on the right side of"),
    "above": ("above", "higher up than"),
    "below": ("below", "lower down than"),
    "next to": ("right next to", "close to"),
}
_ORDINALS = {2: "second", 3: "third", 4: "fourth"}


def short_words(expression: Expression, draws: Draws) -> str:
    """A few lower-case words, as in RefCOCO and RefCOCO+."""
    match expression:
        case Plain(what=what):
            phrase = what.phrase(draws.choice(("one", "thing", "object")))
        case Extreme(what=what, which=which):
            phrase = draws.choice(_EXTREME[which]).format(what.phrase(draws.choice(("one", "object"))))
        case Ranked(what=what, rank=rank, side=side):
            phrase = f"{_ORDINALS[rank]} {what.phrase()} from {draws.choice(('the ', ''))}{side}"
        case Corner(what=what, left=left, top=top):
            phrase = f"{what.phrase()} in {'top' if top else 'bottom'} {'left' if left else 'right'} corner"
        case Related(what=what, relation=relation, anchor=anchor):
            phrase = f"{what.phrase()} {draws.choice(_RELATION[relation])} the {anchor.phrase()}"
        case Between(what=what, first=first, second=second):
            phrase = f"{what.phrase()} between the {first.phrase()} and the {second.phrase()}"
    return f"the {phrase}" if draws.chance(0.3) and not phrase.startswith("the ") else phrase


def long_words(expression: Expression, draws: Draws) -> str:
    """A full noun phrase, as in RefCOCOg."""
    match expression:
        case Plain(what=what):
            opening = draws.choice(("the {}", "the {} in the picture", "the only {} in the image"))
            return opening.format(what.phrase())
        case Extreme(what=what, which=which):
            if which in ("largest", "smallest"):
                return f"the {which} {what.phrase()} of all"
            side = {"leftmost": "to the left", "rightmost": "to the right", "topmost": "up", "bottommost": "down"}
            return f"the {what.phrase()} that is farthest {side[which]}"
        case Ranked(what=what, rank=rank, side=side):
            return f"the {_ORDINALS[rank]} {what.phrase()} counting from the {side}"
        case Corner(what=what, left=left, top=top):
            place = f"{'top' if top else 'bottom'} {'left' if left else 'right'}"
            return f"the {what.phrase()} in the {place} corner of the picture"
        case Related(what=what, relation=relation, anchor=anchor):
            verb = draws.choice(("that is", "which is", "standing"))
            return f"the {what.phrase()} {verb} {draws.choice(_LONG_RELATION[relation])} the {anchor.phrase()}"
        case Between(what=what, first=first, second=second):
            return f"the {what.phrase()} that stands between the {first.phrase()} and the {second.phrase()}"
