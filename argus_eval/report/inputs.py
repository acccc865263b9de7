"""What a page is made of: the numbers of a run, its records as a stream, and a way to its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from argus_eval.core.geometry import ImageSize
from argus_eval.core.record import Record
from argus_eval.core.results import Results
from argus_eval.core.sample import Target
from argus_eval.report.published import PublishedScore

__all__ = ["ReportInput", "SampleView", "no_records", "no_samples"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """What a page shows of one sample beside the models' answers. Every text is untrusted.

    Attributes:
        image: encoded bytes as the data set has them, or ``None`` where there is none to show.
        image_size: size in pixels that target boxes refer to.
        prompt: the user turn as it was sent.
        target: boxes are drawn from it.
        target_text: the reference in words (accepted answers, the label of a region).
    """

    image: bytes | None
    image_size: ImageSize | None
    prompt: str
    target: Target | None
    target_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """One finished run.

    Attributes:
        results: the numbers; the page prints these and derives none of its own where they have one.
        records: a fresh iterator over records.jsonl at each call. It is read twice and never held as a whole.
        samples: the sample of a task (by the name it has in ``results``) and a key; ``None`` if it is not at hand.
        published: other people's accuracies, shown as marks on the axis of their task and combined with nothing.
    """

    results: Results
    records: Callable[[], Iterator[Record]]
    samples: Callable[[str, str], SampleView | None]
    published: tuple[PublishedScore, ...] = ()


def no_records() -> Iterator[Record]:
    """The stream of a run whose records are not at hand."""
    return iter(())


def no_samples(_task: str, _key: str) -> SampleView | None:
    """The samples of a run whose data are not at hand."""
    return None
