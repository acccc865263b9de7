"""A score that others published, as a noun: read by reports, leaderboards and ``argus-eval verify``."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PublishedScore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedScore:
    """One published number.

    Attributes:
        model: our name of the model.
        benchmark: what the source calls the benchmark and its split.
        task: our task over the same split; ``None`` where we have none, so that nothing is compared with it.
        metric: our name of the metric.
        value: a share in [0, 1]; CIDEr on its own scale.
        source: address of the publication.
        read: "source" where the publication itself was read, else who quotes it.
        dated: ISO date of the publication; a month or a year where no more is known.
        split: the split it was measured on, as far as the source says; empty where it does not.
        n: samples of that split, counted as our task counts them; ``None`` where unknown.
        tolerance: largest absolute difference that is still agreement; ``None`` where nobody has said, and then
            nothing can be verified against it.
        prompt_difference: how what the authors asked differs from what our task asks, or that they do not say.
        note: anything else a reader must know.
    """

    model: str
    benchmark: str
    task: str | None
    metric: str
    value: float
    source: str
    read: str
    dated: str = ""
    split: str = ""
    n: int | None = None
    tolerance: float | None = None
    prompt_difference: str = ""
    note: str = ""
