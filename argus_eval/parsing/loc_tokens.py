"""Runs of location tokens and the text between them: ``cat<loc_1><loc_2><loc_3><loc_4>dog<loc_5>…``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.regions import CLAMPED, RegionCollector

__all__ = ["LocRun", "decode_bins", "location_pattern", "read_runs"]

_LONGEST_INDEX = 6  # digits; more is no token of any vocabulary


class LocRun(NamedTuple):
    """Consecutive location tokens.

    Attributes:
        before: text since the run before.
        numbers: the tokens' numbers; ``None`` for one that is no number of any vocabulary.
        after: text up to the next run.
    """

    before: str
    numbers: tuple[int, ...]
    after: str


def location_pattern(prefix: str) -> re.Pattern[str]:
    """The pattern of one token, ``<`` + ``prefix`` + digits + ``>``; group 1 is the number."""
    return re.compile(rf"<{re.escape(prefix)}([0-9]{{1,{_LONGEST_INDEX}}})>")


def read_runs(text: str, pattern: re.Pattern[str]) -> Iterator[LocRun]:
    """Every run; white space between tokens does not end one."""
    before, numbers, start = "", list[int](), 0
    runs: list[tuple[str, tuple[int, ...]]] = []
    for match in pattern.finditer(text):
        gap = text[start : match.start()]
        if gap.strip() or not numbers:
            if numbers:
                runs.append((before, tuple(numbers)))
                numbers = []
            before = gap
        numbers.append(int(match.group(1)))
        start = match.end()
    if numbers:
        runs.append((before, tuple(numbers)))
    for index, (text_before, values) in enumerate(runs):
        after = runs[index + 1][0] if index + 1 < len(runs) else text[start:]
        yield LocRun(text_before, values, after)


def decode_bins(numbers: Sequence[int], bins: Bins, collector: RegionCollector) -> list[float]:
    """Fractions of the image; numbers beyond the last bin are clamped and counted."""
    beyond = sum(number > bins.highest for number in numbers)
    if beyond:
        collector.count(CLAMPED, beyond)
    return [bins.decode(min(number, bins.highest)) for number in numbers]
