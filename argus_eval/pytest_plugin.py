"""A pytest plugin with which a model's repository tests that accuracy is preserved.

    def test_accuracy(argus_eval_run):
        run = argus_eval_run()                       # pytest --argus-eval-run runs/…
        assert run.preserves_accuracy("baselines/main.baseline.json", margin=0.01)

Nothing heavy is imported until a test asks for a run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from argus_eval.api import Run

__all__ = ["argus_eval_run", "pytest_addoption", "pytest_runtest_makereport"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--argus-eval-run`` and ``--argus-eval-runs-dir``."""
    group = parser.getgroup("argus-eval", "accuracy preservation of vision-language models")
    group.addoption("--argus-eval-run", metavar="RUN", help="path or id of the run that tests look at")
    group.addoption(
        "--argus-eval-runs-dir", metavar="FOLDER", default="runs", help="where runs are (default: runs)"
    )


@pytest.fixture(scope="session")
def argus_eval_run(request: pytest.FixtureRequest) -> Callable[..., Run]:
    """A function that gives a finished run, loaded or made.

    ``argus_eval_run()`` loads the run of ``--argus-eval-run``; ``argus_eval_run("runs/…")`` loads another;
    ``argus_eval_run(model=…, tasks=…, …)`` evaluates, with the arguments of `argus_eval.evaluate`, and an equal
    call does not evaluate again.
    """
    named: str | None = request.config.getoption("--argus-eval-run")
    runs_dir: str = request.config.getoption("--argus-eval-runs-dir")

    def run(path: str | None = None, **evaluation: Any) -> Run:
        import argus_eval

        if evaluation:
            if path is not None:
                raise pytest.UsageError("argus_eval_run: give a path to load or arguments to evaluate, not both")
            return argus_eval.evaluate(**{"runs_dir": runs_dir, **evaluation})
        wanted = path or named
        if wanted is None:
            raise pytest.UsageError("argus_eval_run: which run? give --argus-eval-run RUN, a path, or a model")
        return argus_eval.load_run(wanted, runs_dir)

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add every rule to the report of a test that failed on ``preserves_accuracy``."""
    report = yield
    if call.excinfo is not None and call.excinfo.errisinstance(AssertionError):
        for outcome in _outcomes(call.excinfo):
            report.sections.append(("accuracy preservation", str(outcome)))
    return report


def _outcomes(failure: pytest.ExceptionInfo[BaseException]) -> list[object]:
    """What the assertion asked: pytest keeps it among the locals of the frame that failed."""
    import sys

    module = sys.modules.get("argus_eval.gate.preserved")
    if module is None or not failure.traceback:
        return []
    found = failure.traceback[-1].frame.f_locals.values()
    unique = {id(value): value for value in found if isinstance(value, module.AccuracyPreserved)}
    return list(unique.values())
