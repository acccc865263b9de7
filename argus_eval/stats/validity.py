"""When two arms cannot be compared at all (MEASUREMENT §18).

A wrong, empty or unparsable answer is a wrong answer and makes nothing invalid; another question, another prompt
or a missing sample does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from argus_eval.errors import ArgusEvalError

__all__ = ["MOST_ERRORS", "Join", "invalid_reasons"]

#: Share of requests that may fail for reasons of infrastructure
MOST_ERRORS = 0.01

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """What came of joining the samples of an arm with those of its baseline.

    Attributes:
        matched: pairs.
        only_baseline, only_arm: keys of samples that the other side lacks.
        duplicates: keys that occur more than once on one side.
        fingerprints: fingerprints of data set and prompt found on either side; one where all is well.
        errors: requests of either side that failed for reasons of infrastructure.
        requests: requests of both sides.
        requested, resolved: the data source that was asked for and the one that was read.
    """

    matched: int
    only_baseline: Sequence[str] = ()
    only_arm: Sequence[str] = ()
    duplicates: Sequence[str] = ()
    fingerprints: frozenset[str] = field(default_factory=frozenset)
    errors: int = 0
    requests: int = 0
    requested: str | None = None
    resolved: str | None = None


def invalid_reasons(join: Join, *, most_errors: float = MOST_ERRORS) -> tuple[str, ...]:
    """Why the comparison is invalid; empty where it is sound.

    Args:
        join: what was joined.
        most_errors: share of requests that may fail.

    Raises:
        ArgusEvalError: more errors than requests.
    """
    if join.errors > join.requests:
        raise ArgusEvalError(
            f"validity: {join.errors} errors among {join.requests} requests; count both the same way"
        )
    reasons = []
    if join.matched == 0:
        reasons.append("no sample of the arm matches one of the baseline")
    for keys, where in (
        (join.only_baseline, "missing from the arm"),
        (join.only_arm, "missing from the baseline"),
    ):
        if keys:
            reasons.append(f"{len(keys):,} sample(s) {where}: {_some(keys)}")
    if join.duplicates:
        reasons.append(f"{len(join.duplicates):,} duplicated sample(s): {_some(join.duplicates)}")
    if len(join.fingerprints) > 1:
        reasons.append(f"mixed fingerprints of data or prompt: {_some(sorted(join.fingerprints))}")
    if join.requests and join.errors > most_errors * join.requests:
        reasons.append(f"{join.errors:,} of {join.requests:,} requests failed, more than {100 * most_errors:g} %")
    if join.requested is not None and join.requested != join.resolved:
        reasons.append(f"data requested ({join.requested}) is not data resolved ({join.resolved})")
    return tuple(reasons)


def _some(keys: Sequence[str]) -> str:
    more = len(keys) - _NAMED
    return ", ".join(keys[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
