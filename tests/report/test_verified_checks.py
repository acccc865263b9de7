"""What a page says of published scores."""

from __future__ import annotations

import dataclasses

from argus_eval.core.results import Results
from argus_eval.report.published import shipped_scores
from argus_eval.report.verified_checks import verified_check
from tests.report.fixtures import make_results

SCORE = next(score for score in shipped_scores() if score.task is not None and score.tolerance is not None)


def results(resolved: str = "local", trained: bool = True) -> Results:
    """A run of the model and task that a score is on file for."""
    made = make_results(tasks=1, trained=trained)
    arms = tuple(
        dataclasses.replace(
            arm,
            model=SCORE.model,
            tasks=tuple(
                dataclasses.replace(
                    task, task=str(SCORE.task), data=dataclasses.replace(task.data, resolved=resolved)
                )
                for task in arm.tasks
            ),
        )
        for arm in made.arms
    )
    return dataclasses.replace(made, arms=arms)


def test_an_unmeasured_cell_is_unverified() -> None:
    (check,) = verified_check(results(), [SCORE], {})
    assert check.state == "open"
    assert check.words == f"{SCORE.model} × {SCORE.task}: unverified (never measured)"


def test_synthetic_data_and_random_weights_have_no_cell() -> None:
    assert verified_check(results("bundled"), [SCORE], {}) == ()
    assert verified_check(results(trained=False), [SCORE], {}) == ()


def test_a_pair_without_a_published_score_says_so() -> None:
    (check,) = verified_check(results(), [], {})
    assert "no published score on file" in check.words
