"""What is said about a scene is true, and expressions mean one object only."""

from __future__ import annotations

import dataclasses

import pytest

from argus_eval.core.geometry import PixelBox
from argus_eval.data.scenes import Stream, draws_for, generate_scene, only
from argus_eval.data.scenes.catalogue import BY_NAME, LOOKALIKES, THEMES, category_id, plural
from argus_eval.data.scenes.language.captioning import Mention, captions
from argus_eval.data.scenes.language.describing import Description, article, descriptions_of
from argus_eval.data.scenes.language.finding import expressions_for, unique_description
from argus_eval.data.scenes.language.referring import (
    Between,
    Corner,
    Extreme,
    Plain,
    Ranked,
    Related,
    judge,
    refers_to,
)
from argus_eval.data.scenes.language.wording import long_words, short_words

_PLACE_WORDS = ("left", "right", "top", "bottom", "above", "below", "under", "over", "high", "low", "corner")


@pytest.fixture(scope="module")
def scenes():
    return [generate_scene(seed, only(kind)) for kind in ("objects", "signs", "crowd") for seed in range(8)]


def _row(*places, category="cup", colours=None):
    """A scene of equal cups, one at each given box."""
    scene = generate_scene(0, only("objects"))
    model = scene.objects[0]
    things = tuple(
        dataclasses.replace(
            model, index=at, category=category, colour=(colours or ["red"] * len(places))[at], texture="plain",
            box=PixelBox(*box),
        )
        for at, box in enumerate(places)
    )  # fmt: skip
    return dataclasses.replace(scene, width=600, height=400, objects=things, texts=())


LEFT, MIDDLE, RIGHT = (20, 180, 80, 240), (270, 190, 330, 250), (500, 170, 560, 230)
CUP = Description(category="cup")


def test_extremes_take_the_farthest_and_refuse_near_ties():
    scene = _row(LEFT, MIDDLE, RIGHT)
    assert refers_to(Extreme(what=CUP, which="leftmost"), scene) == 0
    assert refers_to(Extreme(what=CUP, which="rightmost"), scene) == 2
    assert refers_to(Extreme(what=CUP, which="topmost"), scene) is None  # 10 px are not told apart
    assert refers_to(Extreme(what=CUP, which="largest"), scene) is None
    assert refers_to(Extreme(what=CUP, which="largest"), _row(LEFT, (270, 150, 370, 260))) == 1
    assert refers_to(Extreme(what=CUP, which="leftmost"), _row(LEFT)) is None  # nothing to compare with


def test_ranks_count_from_either_side():
    scene = _row(RIGHT, LEFT, MIDDLE)
    assert refers_to(Ranked(what=CUP, rank=2, side="left"), scene) == 2
    assert refers_to(Ranked(what=CUP, rank=2, side="right"), scene) == 2
    assert refers_to(Ranked(what=CUP, rank=3, side="left"), scene) is None  # that is simply the rightmost


def test_corners_are_the_outer_third_and_nobody_else_may_be_near():
    what = Corner(what=CUP, left=True, top=True)
    assert refers_to(what, _row((10, 10, 70, 70), RIGHT)) == 0
    assert refers_to(what, _row((10, 10, 70, 70), (180, 60, 240, 120))) is None


def test_relations_need_one_anchor_and_a_clear_direction():
    scene = _row(LEFT, MIDDLE, RIGHT, colours=["red", "blue", "red"])
    blue = Description(category="cup", colour="blue")
    red = Description(category="cup", colour="red")
    assert refers_to(Related(what=red, relation="left of", anchor=blue), scene) == 0
    assert refers_to(Related(what=red, relation="right of", anchor=blue), scene) == 2
    assert refers_to(Related(what=CUP, relation="above", anchor=blue), scene) is None
    assert refers_to(Related(what=blue, relation="left of", anchor=red), scene) is None  # two red ones
    # A cup that is a little to the left but mostly above is not clearly left of it.
    steep = _row((250, 20, 310, 80), MIDDLE, colours=["red", "blue"])
    assert judge(Related(what=red, relation="left of", anchor=blue), steep).definite == frozenset()
    assert judge(Related(what=red, relation="above", anchor=blue), steep).definite == {0}


def test_next_to_is_about_the_gap():
    blue = Description(category="cup", colour="blue")
    beside = Related(what=Description(colour="red"), relation="next to", anchor=blue)
    assert refers_to(beside, _row(MIDDLE, (340, 190, 400, 250), LEFT, colours=["blue", "red", "red"])) == 1
    doubtful = _row(MIDDLE, (340, 190, 400, 250), (170, 190, 230, 250), colours=["blue", "red", "red"])
    assert refers_to(beside, doubtful) is None  # somebody might call the other one close as well


def test_between_is_on_the_line():
    scene = _row(LEFT, MIDDLE, RIGHT, colours=["red", "green", "blue"])
    ends = {"first": Description(colour="red"), "second": Description(colour="blue")}
    assert refers_to(Between(what=CUP, **ends), scene) == 1
    aside = _row(LEFT, (270, 20, 330, 80), RIGHT, colours=["red", "green", "blue"])
    assert refers_to(Between(what=CUP, **ends), aside) is None


def test_expressions_found_mean_their_object_and_no_other(scenes):
    kinds = set()
    for scene in scenes:
        draws = draws_for(Stream.TRAINING, scene.seed, "test")
        for thing in scene.objects:
            for expression in expressions_for(thing, scene, draws):
                judgement = judge(expression, scene)
                assert judgement.possible == judgement.definite == {thing.index}
                kinds.add(type(expression))
    assert kinds == {Plain, Extreme, Ranked, Corner, Related, Between}


def test_a_twin_takes_plain_expressions_away(scenes):
    scene = scenes[1]
    thing = scene.objects[0]
    twin = dataclasses.replace(thing, index=len(scene.objects))
    doubled = dataclasses.replace(scene, objects=(*scene.objects, twin), texts=())
    assert unique_description(thing, doubled) is None
    found = expressions_for(thing, doubled, draws_for(Stream.TRAINING, 1, "test"))
    assert found == []  # the twin stands in the same place: nothing can tell them apart


def test_without_places_no_word_names_one(scenes):
    for scene in scenes:
        draws = draws_for(Stream.TRAINING, scene.seed, "test")
        for thing in scene.objects:
            for expression in expressions_for(thing, scene, draws, places=False):
                words = short_words(expression, draws).lower().split()
                if not isinstance(expression, Plain) or expression.what.text is None:
                    assert not {"left", "right", "top", "bottom", "corner"}.intersection(words)


def test_words_name_what_is_described(scenes):
    for scene in scenes:
        draws = draws_for(Stream.TRAINING, scene.seed, "test")
        for thing in scene.objects:
            for expression in expressions_for(thing, scene, draws)[:3]:
                for words in (short_words(expression, draws), long_words(expression, draws)):
                    assert expression.what.category is None or expression.what.category in words
                    assert expression.what.colour is None or expression.what.colour in words
                    assert "  " not in words


def test_descriptions_fit_their_object(scenes):
    for scene in scenes:
        for thing in scene.objects:
            assert all(what.fits(thing, scene) for what in descriptions_of(thing, scene))


def test_captions_are_different_and_their_mentions_true(scenes):
    numbers = {"two": 2, "three": 3, "four": 4, "five": 5}
    for scene in scenes:
        said = captions(scene, draws_for(Stream.TRAINING, scene.seed, "test"), 5)
        assert len({caption.text for caption in said}) == len(said) == 5
        for caption in said:
            assert caption.text[0].isupper()
            assert caption.text.endswith(".")
            for piece in caption.pieces:
                if isinstance(piece, Mention):
                    things = [scene.objects[at] for at in piece.things]
                    first = piece.phrase.split()[0]
                    assert len(things) == numbers.get(first, len(things))
                    assert len({thing.category for thing in things}) == 1
                    name = things[0].category
                    assert (name if len(things) == 1 else plural(name)) in piece.phrase
                    for colour in ("red", "green", "blue", "yellow", "black"):
                        if f" {colour} " in f" {piece.phrase.split(' that ')[0]} ":
                            assert all(thing.colour == colour for thing in things)


def test_articles_and_plurals():
    assert article("umbrella") == "an umbrella"
    assert article("blue umbrella") == "a blue umbrella"
    assert [plural(name) for name in ("bus", "cross", "fish", "bowl")] == ["buses", "crosses", "fish", "bowls"]


def test_the_catalogue_refers_to_itself():
    names = set(BY_NAME)
    assert {name for theme in THEMES.values() for name in theme} <= names
    assert {name for pair in LOOKALIKES.items() for name in (pair[0], *pair[1])} <= names
    assert sorted(category_id(name) for name in names) == list(range(1, len(names) + 1))
