"""Describing an object by what it is: name, colour, texture, writing."""

from __future__ import annotations

from dataclasses import dataclass

from argus_eval.data.scenes.scene import Scene, SceneObject, Texture

__all__ = ["Description", "descriptions_of", "article"]

#: Colours that also occur as fixed parts of drawings (sails, tyres, handles): no description by colour alone.
_SHARED_COLOURS = ("white", "black", "gray", "brown", "yellow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A conjunction of properties; None where a property is left open."""

    category: str | None = None
    colour: str | None = None
    texture: Texture | None = None
    text: str | None = None

    def fits(self, thing: SceneObject, scene: Scene) -> bool:
        """Whether an object has all the properties."""
        return (
            self.category in (None, thing.category)
            and self.colour in (None, thing.colour)
            and self.texture in (None, thing.texture)
            and (self.text is None or scene.text_on(thing.index) == self.text)
        )

    def candidates(self, scene: Scene) -> tuple[int, ...]:
        """Indices of all objects that fit."""
        return tuple(thing.index for thing in scene.objects if self.fits(thing, scene))

    def phrase(self, noun: str = "object") -> str:
        """English without an article.

        >>> Description(category="cup", colour="red", texture="striped").phrase()
        'striped red cup'
        """
        words = [word for word in (self.texture, self.colour) if word is not None]
        words.append(self.category or noun)
        if self.text is not None:
            words.append(f"that says {self.text}")
        return " ".join(words)


def descriptions_of(thing: SceneObject, scene: Scene) -> list[Description]:
    """Every way to describe an object, shortest first."""
    found = [
        Description(category=thing.category),
        Description(category=thing.category, colour=thing.colour),
    ]
    if thing.texture != "plain":
        found += [
            Description(category=thing.category, texture=thing.texture),
            Description(category=thing.category, colour=thing.colour, texture=thing.texture),
        ]
    if thing.colour not in _SHARED_COLOURS:
        found.append(Description(colour=thing.colour))
    text = scene.text_on(thing.index)
    if text is not None:
        found.append(Description(category=thing.category, text=text))
    return found


def article(phrase: str) -> str:
    """The indefinite article in front of a phrase.

    >>> article("orange cup"), article("red apple")
    ('an orange cup', 'a red apple')
    """
    return f"an {phrase}" if phrase[0].lower() in "aeio" or phrase.startswith("umb") else f"a {phrase}"
