"""Multiple-choice questions about scenes, before a benchmark gives them its form."""

from __future__ import annotations

from typing import NamedTuple

from argus_eval.data.scenes.catalogue import CATEGORIES
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.language.describing import Description
from argus_eval.data.scenes.language.finding import unique_description
from argus_eval.data.scenes.language.referring import Extreme, Extremity, refers_to
from argus_eval.data.scenes.scene import Diagram, Scene

__all__ = ["Choice", "about_chart", "about_diagram", "about_objects"]

_OPTIONS = 4


class Choice(NamedTuple):
    """A question with options and the index of the right one; ``topic`` says what it asks for."""

    question: str
    options: tuple[str, ...]
    right: int
    topic: str

    @property
    def answer(self) -> str:
        return self.options[self.right]


def _choice(question: str, answer: str, others: list[str], topic: str, draws: Draws) -> Choice:
    wrong = draws.sample([other for other in dict.fromkeys(others) if other != answer], _OPTIONS - 1)
    options = draws.shuffled([answer, *wrong])
    return Choice(question, tuple(options), options.index(answer), topic)


def _fill(names: list[str], draws: Draws) -> list[str]:
    """The names, then others up to four."""
    others = [category.name for category in CATEGORIES if category.name not in names]
    return names + draws.sample(others, max(0, _OPTIONS - len(names)))


def about_diagram(diagram: Diagram, scene: Scene, draws: Draws) -> list[Choice]:
    """Questions about letters that point at things, or about the order of a chain."""
    names = [thing.category for thing in scene.objects]
    if diagram.kind == "parts":
        letters = list(diagram.labels)
        spare = [letter for letter in "ABCDE" if letter not in letters]
        found = []
        for letter, name in zip(letters, names, strict=True):
            question = f"Which letter points to the {name}?"
            found.append(_choice(question, letter, [*letters, *spare], "letter", draws))
            question = f"What does the label {letter} show?"
            found.append(_choice(question, name, _fill(names, draws), "label", draws))
        return draws.shuffled(found)
    found = []
    for start, end in diagram.arrows:
        question = f"What comes right after the {names[start]}?"
        found.append(_choice(question, names[end], _fill(names, draws), "order", draws))
        question = f"From which stage does the arrow to the {names[end]} start?"
        found.append(_choice(question, names[start], _fill(names, draws), "order", draws))
    count = str(len(diagram.arrows))
    found.append(_choice("How many arrows are in the diagram?", count, ["1", "2", "3", "4", "5"], "count", draws))
    return draws.shuffled(found)


def about_objects(scene: Scene, draws: Draws) -> list[Choice]:
    """Questions about size, position and colour of things."""
    named = [
        (thing, what)
        for thing in scene.objects
        if (what := unique_description(thing, scene)) is not None and what.text is None
    ]
    if len(named) < 3:
        return []
    phrases = [what.phrase() for _, what in named]
    words: dict[Extremity, tuple[str, str]] = {
        "largest": ("Which of these things is the largest in the picture?", "size"),
        "smallest": ("Which of these things is the smallest in the picture?", "size"),
        "topmost": ("Which of these things is highest in the picture?", "position"),
        "leftmost": ("Which of these things is farthest to the left?", "position"),
    }
    found = []
    for which, (question, topic) in words.items():
        best = refers_to(Extreme(what=Description(), which=which), scene)
        answer = next((what.phrase() for thing, what in named if thing.index == best), None)
        if answer is not None:
            found.append(_choice(question, answer, phrases, topic, draws))
    for thing, what in named:
        if what.colour is None:
            colours = ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"]
            question = f"What is the color of the {what.phrase()}?"
            found.append(_choice(question, thing.colour, draws.shuffled(colours), "color", draws))
    return draws.shuffled(found)


def about_chart(scene: Scene, draws: Draws) -> list[Choice]:
    """Which category has the highest or lowest value."""
    chart = scene.chart
    if chart is None or (len(chart.series) > 1 and chart.kind != "pie"):
        return []
    if chart.kind == "pie":
        table = [(series.name, series.values[0]) for series in chart.series]
    else:
        table = list(zip(chart.categories, chart.series[0].values, strict=True))
    names = [name for name, _ in table]
    highest, lowest = max(table, key=lambda row: row[1])[0], min(table, key=lambda row: row[1])[0]
    found = [
        _choice("Which category has the highest value?", highest, names, "highest", draws),
        _choice("Which category has the lowest value?", lowest, names, "lowest", draws),
    ]
    if len(table) > 3:
        ranked = sorted(table, key=lambda row: -row[1])
        found.append(_choice("Which category comes second?", ranked[1][0], names, "rank", draws))
    return draws.shuffled(found)
