"""What can be said about an arm's accuracy."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["AccuracyStatus", "Verdict", "worst"]


class Verdict(StrEnum):
    """Outcome of an accuracy-preservation test (MEASUREMENT §18)."""

    PASS = "PASS"
    PASS_IDENTICAL = "PASS (identical)"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"
    NOT_MEASURED = "NOT_MEASURED"

    @property
    def preserved(self) -> bool:
        """Whether accuracy is shown to be preserved."""
        return self in (Verdict.PASS, Verdict.PASS_IDENTICAL)

    @property
    def published(self) -> str:
        """The word in ``results.json``, where being identical is a field of its own."""
        return Verdict.PASS.value if self is Verdict.PASS_IDENTICAL else self.value


class AccuracyStatus(StrEnum):
    """What stands behind the accuracy of an arm when its speed is judged (MEASUREMENT §11e).

    An L0 arm is judged by its hashes, an L1 or L2 arm by the gate.
    """

    HASH_EQUAL = "hash-equal"
    HASH_DIFFERS = "hashes differ"
    PASS = Verdict.PASS.value
    PASS_IDENTICAL = Verdict.PASS_IDENTICAL.value
    FAIL = Verdict.FAIL.value
    INCONCLUSIVE = Verdict.INCONCLUSIVE.value
    INVALID = Verdict.INVALID.value
    NOT_MEASURED = Verdict.NOT_MEASURED.value

    @classmethod
    def of(cls, verdict: Verdict) -> AccuracyStatus:
        """The status an L1 or L2 arm has under a gate's verdict."""
        return cls(verdict.value)

    @property
    def preserved(self) -> bool:
        """Whether a gain in speed may be claimed."""
        return self in (AccuracyStatus.HASH_EQUAL, AccuracyStatus.PASS, AccuracyStatus.PASS_IDENTICAL)


_ORDER = (
    Verdict.INVALID,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_MEASURED,
    Verdict.PASS,
    Verdict.PASS_IDENTICAL,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that decides: INVALID > FAIL > INCONCLUSIVE > NOT_MEASURED > PASS > PASS (identical).

    NOT_MEASURED for no verdict at all: nothing was shown.
    """
    return min(verdicts, key=_ORDER.index, default=Verdict.NOT_MEASURED)
