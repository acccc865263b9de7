"""The frontier, and what is drawn of it."""

from __future__ import annotations

import dataclasses
import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from argus_eval.report.axes import MARGIN, Axis
from argus_eval.report.pareto import dominators, pareto_view
from argus_eval.report.pareto_drawing import staircase
from argus_eval.report.published import PublishedScore, shipped_scores
from tests.report.fixtures import make_results


def axis(values, lower=True) -> Axis:
    ends = tuple(None if value is None else (value, value, value) for value in values)
    return Axis(name="a", title="a", values=ends, lower_is_better=lower)


points = st.lists(
    st.tuples(st.one_of(st.none(), st.floats(1, 1000)), st.one_of(st.none(), st.floats(0, 1))), max_size=12
)


@given(points, st.booleans())
def test_every_beaten_arm_is_beaten_by_one_on_the_frontier(pairs, lower: bool) -> None:
    x, y = axis([p[0] for p in pairs], lower), axis([p[1] for p in pairs])
    found = dominators(x, y)
    for index, by in enumerate(found):
        here = pairs[index]
        if by == -1:
            assert None in here
        elif by is not None:
            assert found[by] is None
            other = pairs[by]
            assert other[0] <= here[0] if lower else other[0] >= here[0]
            assert other[1] >= here[1] - MARGIN


@given(points)
def test_the_fastest_and_the_most_accurate_within_the_margin_are_on_the_frontier(pairs) -> None:
    known = [p for p in pairs if None not in p]
    found = dominators(axis([p[0] for p in pairs]), axis([p[1] for p in pairs]))
    if known:
        front = [pairs[i] for i, by in enumerate(found) if by is None]
        assert min(p[0] for p in front) == min(p[0] for p in known)
        assert max(p[1] for p in front) >= max(p[1] for p in known) - MARGIN


def test_a_chain_of_small_losses_does_not_beat_a_far_better_arm() -> None:
    speeds, scores = [400, 300, 200, 100], [0.730, 0.722, 0.714, 0.706]
    assert dominators(axis(speeds), axis(scores)) == [1, None, 3, None]


def test_both_coordinates_come_from_the_results() -> None:
    results = make_results()
    view = pareto_view(results)
    assert view.x_names[:3] == ("TTFT", "end to end", "TPOT")
    assert view.y_names == ("mean of the tasks", "refcoco[synthetic]", "textvqa[synthetic]")
    ttft = view.choices["x"][0]["values"]
    for arm, value in zip(results.arms, ttft, strict=False):
        assert value[0] == arm.efficiency[0].ttft_s.p50 * 1e3
    refcoco = view.choices["y"][1]["values"]
    assert [value[0] for value in refcoco] == [arm.tasks[0].metrics["acc@0.5"].value for arm in results.arms[:3]]


def test_the_twin_is_not_on_the_chart() -> None:
    assert len(pareto_view(make_results()).choices["arms"]) == 3


def test_without_accuracy_there_is_a_strip_and_no_point() -> None:
    view = pareto_view(make_results(trained=False))
    assert view.y_names == ()
    assert view.levels == ()
    assert "latency alone" in view.note
    assert view.chart is not None
    assert all("y" not in row for row in view.chart.spec["data"]["values"])


def test_without_latency_nothing_is_drawn() -> None:
    results = make_results()
    bare = dataclasses.replace(
        results, arms=tuple(dataclasses.replace(arm, efficiency=()) for arm in results.arms)
    )
    view = pareto_view(bare)
    assert view.chart is None
    assert "No latency" in view.note


def test_a_task_that_one_arm_lacks_leaves_it_out_of_the_mean() -> None:
    results = make_results()
    short = dataclasses.replace(results.arms[1], tasks=results.arms[1].tasks[:1])
    view = pareto_view(dataclasses.replace(results, arms=(results.arms[0], short, results.arms[2])))
    assert view.choices["y"][0]["values"][1] is None
    assert view.note == "Arms without both coordinates are left out."


def test_the_stair_climbs_through_the_frontier() -> None:
    rows = [
        {"x": 1.0, "y": 0.5, "ylo": 0.4, "frontier": True},
        {"x": 2.0, "y": 0.4, "ylo": 0.3, "frontier": False},
        {"x": 3.0, "y": 0.7, "ylo": 0.6, "frontier": True},
    ]
    corners = [(c["sx"], c["sy"]) for c in staircase(rows, True, [0.9, 4.0])]
    assert corners == [(1.0, 0.3), (1.0, 0.5), (3.0, 0.5), (3.0, 0.7), (4.0, 0.7)]


def test_the_drawing_has_no_style_that_a_strict_policy_would_block() -> None:
    for trained in (True, False):
        chart = pareto_view(make_results(trained=trained)).chart
        assert chart is not None
        assert not re.search(r"\sstyle=|<style|<script|href=", chart.svg)


def test_levels_answer_by_the_points_of_the_chart() -> None:
    view = pareto_view(make_results(arms=4))
    by_question = {level.question: level.arm for level in view.levels}
    assert by_question["fastest that keeps at least 99 % of its baseline's accuracy"] == "fused-tiles+token-splice"
    assert by_question["most accurate with a TTFT under 50 ms"] == "no arm of this run"


def test_an_answer_that_gained_nothing_over_its_baseline_says_so() -> None:
    results = make_results(arms=3)
    answers = {}
    for claim in (True, False):
        told = tuple(
            dataclasses.replace(c, speedup={"ttft": dataclasses.replace(c.speedup["ttft"], claim=claim)})
            for c in results.comparisons
        )
        levels = pareto_view(dataclasses.replace(results, comparisons=told)).levels
        answers[claim] = {level.arm for level in levels} - {"no arm of this run"}
    assert answers[True] == {"fused-tiles+token-splice", "token-splice"}
    assert answers[False] == {f"{name} (no gain over its baseline shown)" for name in answers[True]}


def test_a_gain_that_accuracy_keeps_from_being_claimed_was_shown_all_the_same() -> None:
    results = make_results(arms=3)
    told = tuple(
        dataclasses.replace(
            c, speedup={"ttft": dataclasses.replace(c.speedup["ttft"], claim=False, shown="faster")}
        )
        for c in results.comparisons
    )
    assert not any(
        "no gain" in level.arm for level in pareto_view(dataclasses.replace(results, comparisons=told)).levels
    )


def test_published_numbers_are_marks_on_their_task_s_axis_and_nothing_else() -> None:
    fits = PublishedScore(
        model="other", benchmark="b", task="textvqa[synthetic]", metric="vqa_accuracy", value=0.9,
        source="https://example.org", read="source",
    )  # fmt: skip
    metric = dataclasses.replace(fits, metric="anls")
    choices = pareto_view(make_results(), published=(fits, metric)).choices
    assert choices["published"] == [[], [], [{"label": "other, reported", "height": 0.9}]]
    assert len(choices["arms"]) == 3


def test_the_shipped_list_is_found() -> None:
    assert {score.model for score in shipped_scores()} >= {"argus-2b", "smolvlm-2.2b"}


def test_what_the_gate_accepts_is_shaded_towards_lower_cost() -> None:
    chart = pareto_view(make_results()).chart
    assert chart is not None
    shaded = next(layer for layer in chart.spec["layer"] if layer.get("name") == "acceptable")
    assert shaded["encoding"]["x2"] == {"value": 0}
    assert shaded["transform"][0] == {"filter": "datum.baseline"}
    assert str(MARGIN) in shaded["transform"][1]["calculate"]


def test_names_of_points_that_lie_together_do_not_run_into_each_other() -> None:
    """Also where every arm has the same accuracy and almost the same time."""
    results = make_results(arms=4)
    first = results.arms[0]
    close = [
        dataclasses.replace(arm, tasks=first.tasks, efficiency=first.efficiency)
        for arm in results.arms
        if arm.role != "aa"
    ]
    view = pareto_view(dataclasses.replace(results, arms=tuple(close)))
    assert view.chart is not None
    names = {view.chart.spec["data"]["values"][index]["name"] for index in range(len(close))}
    heights = {
        text: float(height)
        for height, text in re.findall(r"<text[^>]*translate\([^,]*,([^)]*)\)[^>]*>([^<]*)</text>", view.chart.svg)
        if text in names
    }
    assert len(heights) == len(names) == 4
    in_turn = sorted(heights.values())
    assert all(after - before >= 12 for before, after in itertools.pairwise(in_turn))
