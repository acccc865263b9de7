"""ChartQA: questions by people (reasoning) and generated ones (look-up), one short answer.

Schema: hub ``lmms-lab-encoder/ChartQA`` (was ``lmms-lab/ChartQA``), test: ``type`` human_test or augmented_test,
``question``, ``answer``, ``image``.
"""

from __future__ import annotations

from argus_eval.data.scenes.annotate.identity import Row
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.scene import Chart, Scene

__all__ = ["rows"]

_MOST = 2  # of each type


def rows(scene: Scene, draws: Draws) -> list[Row]:
    """Up to two questions of each type about a chart."""
    if scene.chart is None:
        return []
    asked = {"human_test": _reasoning(scene.chart, draws), "augmented_test": _look_up(scene.chart, draws)}
    return [
        {"type": kind, "question": question, "answer": answer}
        for kind, pairs in asked.items()
        for question, answer in draws.sample(pairs, _MOST)
    ]


def _number(value: float) -> str:
    return f"{value:.0f}"


def _table(chart: Chart) -> list[tuple[str, float]]:
    """Names and values of the first series, or of the slices of a pie."""
    if chart.kind == "pie":
        return [(series.name, series.values[0]) for series in chart.series]
    return list(zip(chart.categories, chart.series[0].values, strict=True))


def _look_up(chart: Chart, draws: Draws) -> list[tuple[str, str]]:
    """What is written or can be seen at a glance."""
    thing = {"bar": "bar", "hbar": "bar", "line": "point", "pie": "slice"}[chart.kind]
    table = _table(chart)
    highest, lowest = max(table, key=lambda row: row[1]), min(table, key=lambda row: row[1])
    found = [("What is the title of the chart?", chart.title)]
    if len(chart.series) == 1 or chart.kind == "pie":
        found += [
            (f"Which {thing} is the highest?" if thing != "slice" else "Which slice is the largest?", highest[0])
        ]
        found += [
            (f"Which {thing} is the lowest?" if thing != "slice" else "Which slice is the smallest?", lowest[0])
        ]
    if chart.valued and chart.kind == "pie":
        found += [(f"What percentage does {name} have?", f"{_number(value)}%") for name, value in table]
    elif chart.valued and len(chart.series) == 1:
        found += [(f"What is the value of {name}?", _number(value)) for name, value in table]
    elif chart.valued and chart.kind == "bar":
        for series in chart.series:
            pairs = zip(chart.categories, series.values, strict=True)
            found += [(f"What is the value of {series.name} for {name}?", _number(value)) for name, value in pairs]
    return found


def _reasoning(chart: Chart, draws: Draws) -> list[tuple[str, str]]:
    """What has to be counted, compared or computed."""
    table = _table(chart)
    noun = {
        "bar": "groups" if len(chart.series) > 1 else "bars",
        "hbar": "bars",
        "line": "points",
        "pie": "slices",
    }
    found = []
    if chart.kind != "line" or len(chart.series) == 1:
        found.append((f"How many {noun[chart.kind]} are in the chart?", str(len(chart.categories))))
    if len(chart.series) == 1:
        found.append(
            (f"What is the color of the {'line' if chart.kind == 'line' else 'bars'}?", chart.series[0].colour)
        )
    else:
        series = draws.choice(chart.series)
        found.append((f"What color represents {series.name}?", series.colour))
    if len(chart.series) == 1 or chart.kind == "pie":
        (first, one), (second, two) = draws.sample(table, 2)
        found.append((f"Is the value of {first} greater than that of {second}?", "Yes" if one > two else "No"))
        if chart.valued:
            unit = "%" if chart.kind == "pie" else ""
            found.append(
                (f"What is the difference between {first} and {second}?", f"{_number(abs(one - two))}{unit}")
            )
            found.append((f"What is the sum of {first} and {second}?", f"{_number(one + two)}{unit}"))
    return found
