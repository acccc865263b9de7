"""Two arms' answers to one task, joined on the sample's key, and whether they may be compared at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from argus_eval.gate.answers import ArmTask
from argus_eval.stats.pairs import PairedScores
from argus_eval.stats.validity import MOST_ERRORS, Join, invalid_reasons

__all__ = ["JoinedTask", "join_task"]

Indices = npt.NDArray[np.intp]
_OWN_WORDS = ("auto", "hub", "bundled")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JoinedTask:
    """Both arms on one task.

    Attributes:
        baseline, arm: the two sides.
        before, after: places of the samples that both answered, in one order; shape (pairs,).
        only_baseline, only_arm: keys that the other side lacks.
        join: what was joined, for the rules of validity.
        content_differs: pairs whose question, image or reference is not the same on both sides.
    """

    baseline: ArmTask
    arm: ArmTask
    before: Indices
    after: Indices
    only_baseline: tuple[str, ...]
    only_arm: tuple[str, ...]
    join: Join
    content_differs: int

    @property
    def task(self) -> str:
        """Display name."""
        return self.arm.task

    @property
    def metric(self) -> str:
        """Primary metric."""
        return self.arm.metric

    @property
    def n(self) -> int:
        """Samples that both arms answered."""
        return int(self.before.size)

    @property
    def clusters(self) -> npt.NDArray[np.str_]:
        """Image of each pair."""
        return self.arm.images[self.after]

    @property
    def absence(self) -> str | None:
        """Why there is nothing to compare; ``None`` where there is."""
        return self.baseline.absence or self.arm.absence

    @property
    def scores(self) -> PairedScores | None:
        """Paired scores; ``None`` where no single sample has one."""
        if self.baseline.scores is None or self.arm.scores is None:
            return None
        return PairedScores(
            baseline=self.baseline.scores[self.before],
            arm=self.arm.scores[self.after],
            clusters=self.clusters,
        )

    @property
    def readable(self) -> PairedScores:
        """1 where an answer could be read, 0 where not: what an arm that writes garbage loses first."""
        return PairedScores(
            baseline=(~self.baseline.unparsed[self.before]).astype(np.float64),
            arm=(~self.arm.unparsed[self.after]).astype(np.float64),
            clusters=self.clusters,
        )

    @property
    def same_output(self) -> npt.NDArray[np.bool_]:
        """Which pairs were answered with the same tokens (or the same text, where no tokens are known)."""
        left, right = self.baseline.outputs, self.arm.outputs
        places = zip(self.before, self.after, strict=True)
        return np.array([bool(left[i]) and _same_hash(left[i], right[j]) for i, j in places], dtype=np.bool_)

    @property
    def equal_outputs(self) -> int:
        """How many pairs were answered alike."""
        return int(self.same_output.sum())

    @property
    def identical(self) -> bool:
        """Every pair was answered alike."""
        return self.n > 0 and self.equal_outputs == self.n

    def invalid(self, *, most_errors: float = MOST_ERRORS, allow_synthetic: bool = False) -> tuple[str, ...]:
        """Why no verdict may be given; empty where one may.

        Args:
            most_errors: share of requests that may fail for reasons that are not the model's.
            allow_synthetic: the bundled sample may stand for the benchmark.
        """
        reasons = [*invalid_reasons(self.join, most_errors=most_errors)]
        own = [_own_problems(side, allow_synthetic) for side in (self.baseline, self.arm)]
        reasons += [problem for problem in own[0] if problem in own[1]]
        for where, problems, others in (("baseline", own[0], own[1]), ("arm", own[1], own[0])):
            reasons += [f"{where}: {problem}" for problem in problems if problem not in others]
        if self.content_differs:
            reasons.append(f"{self.content_differs:,} sample(s) ask something else on the two sides")
        if self.baseline.metric != self.arm.metric:
            reasons.append(f"scored by {self.baseline.metric} on one side and by {self.arm.metric} on the other")
        return tuple(dict.fromkeys(reasons))


def join_task(baseline: ArmTask, arm: ArmTask) -> JoinedTask:
    """Join two arms on one task."""
    if baseline.samples == arm.samples:
        places = np.arange(arm.n)
        found = places, places
        only_baseline: tuple[str, ...] = ()
        only_arm: tuple[str, ...] = ()
    else:
        where = {key: index for index, key in enumerate(baseline.samples)}
        shared = [(where[key], index) for index, key in enumerate(arm.samples) if key in where]
        found = (
            np.array([i for i, _ in shared], dtype=np.intp),
            np.array([j for _, j in shared], dtype=np.intp),
        )
        there = frozenset(arm.samples)
        only_baseline = tuple(key for key in baseline.samples if key not in there)
        only_arm = tuple(key for key in arm.samples if key not in where)
    both = baseline.answered[found[0]] & arm.answered[found[1]]
    fingerprints = {side.fingerprint for side in (baseline, arm) if side.fingerprint}
    prompts = {side.prompt for side in (baseline, arm) if side.prompt}
    return JoinedTask(
        baseline=baseline,
        arm=arm,
        before=found[0][both],
        after=found[1][both],
        only_baseline=only_baseline,
        only_arm=only_arm,
        join=Join(
            # A sample whose request failed has its pair; errors are counted on their own.
            matched=int(found[0].size),
            only_baseline=only_baseline,
            only_arm=only_arm,
            duplicates=tuple(dict.fromkeys((*baseline.duplicates, *arm.duplicates))),
            fingerprints=frozenset(fingerprints if len(fingerprints) > 1 else prompts),
            errors=int((~baseline.answered).sum() + (~arm.answered).sum()),
            requests=baseline.n + arm.n,
        ),
        content_differs=_content_differs(baseline, arm, found),
    )


def _content_differs(baseline: ArmTask, arm: ArmTask, places: tuple[Indices, Indices]) -> int:
    """Pairs with another content or another image; hashes that one side lacks say nothing."""
    count = 0
    for i, j in zip(*places, strict=True):
        left, right = baseline.contents[i], arm.contents[j]
        if left and right:
            count += not _same_hash(left, right)
        else:
            count += not _same_hash(str(baseline.images[i]), str(arm.images[j]))
    return count


def _own_problems(side: ArmTask, allow_synthetic: bool) -> list[str]:
    """What is wrong with one side, whatever it is compared with."""
    found = list(side.problems)
    if side.synthetic and not allow_synthetic:
        found.append("the data are a bundled synthetic sample; the policy does not allow it (allow_synthetic)")
    elif not side.synthetic and not _as_requested(side):
        found.append(f"data requested ({side.requested}) is not data resolved ({side.resolved})")
    return found


def _same_hash(left: str, right: str) -> bool:
    """Stored baselines keep the beginning of a hash."""
    left, right = left.removeprefix("sha256:"), right.removeprefix("sha256:")
    return left.startswith(right) if len(left) > len(right) else right.startswith(left)


def _as_requested(side: ArmTask) -> bool:
    """The source that was asked for is the one that was read; "auto" asks for the benchmark, wherever it lies."""
    if side.requested in ("", "auto", side.resolved):
        return True
    return side.requested not in _OWN_WORDS and side.resolved not in _OWN_WORDS
