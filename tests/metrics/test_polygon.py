"""Shared areas of quadrilaterals against integration over slices."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from argus_eval.metrics.polygon import Point, area, intersection_area, quad_points

coordinate = st.integers(0, 12).map(float)
corners = st.lists(st.tuples(coordinate, coordinate).map(lambda p: Point(*p)), min_size=4, max_size=4, unique=True)


def edges(quad: list[Point]) -> list[tuple[Point, Point]]:
    return list(zip(quad, quad[1:] + quad[:1], strict=True))


def crossing(first: tuple[Point, Point], second: tuple[Point, Point]) -> float | None:
    """x where two edges meet, if they are not parallel and do meet."""
    (a, b), (c, d) = first, second
    bottom = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x)
    if bottom == 0:
        return None
    t = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / bottom
    u = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / bottom
    return a.x + t * (b.x - a.x) if 0 <= t <= 1 and 0 <= u <= 1 else None


def is_simple(quad: list[Point]) -> bool:
    one, two, three, four = edges(quad)
    return crossing(one, three) is None and crossing(two, four) is None and area(quad) > 0


def slices(quad: list[Point], x: float) -> list[tuple[float, float]]:
    heights = sorted(
        a.y + (x - a.x) / (b.x - a.x) * (b.y - a.y) for a, b in edges(quad) if min(a.x, b.x) < x < max(a.x, b.x)
    )
    return list(zip(heights[0::2], heights[1::2], strict=True))


def shared_by_slices(first: list[Point], second: list[Point]) -> float:
    """Between two neighbouring critical x the length of a slice is linear, so its middle value is its mean."""
    meeting = (crossing(e, f) for e in edges(first) for f in edges(second))
    critical = sorted({p.x for p in [*first, *second]} | {x for x in meeting if x is not None})
    total = 0.0
    for low, high in itertools.pairwise(critical):
        middle = (low + high) / 2
        pairs = itertools.product(slices(first, middle), slices(second, middle))
        total += (high - low) * sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in pairs)
    return total


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(corners, corners)
def test_shared_area(first: list[Point], second: list[Point]) -> None:
    assume(is_simple(first) and is_simple(second))
    shared = intersection_area(first, second)
    assert shared == pytest.approx(shared_by_slices(first, second), abs=1e-7)
    assert shared == pytest.approx(intersection_area(second[::-1], first), abs=1e-7)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(corners)
def test_a_quadrilateral_shares_all_of_itself(quad: list[Point]) -> None:
    assume(is_simple(quad))
    assert intersection_area(quad, quad) == pytest.approx(area(quad))


def test_apart_and_degenerate() -> None:
    square = quad_points([0, 0, 1, 0, 1, 1, 0, 1])
    assert intersection_area(square, quad_points([1, 0, 2, 0, 2, 1, 1, 1])) == 0
    assert intersection_area(square, quad_points([0.5, 0, 0.5, 0, 0.5, 1, 0.5, 1])) == 0
    assert area(quad_points([0, 0, 1, 1, 2, 2, 3, 3])) == 0
