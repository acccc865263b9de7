"""The samples behind a run's records, for pages that show them."""

from __future__ import annotations

from collections.abc import Sequence

from argus_eval.core.sample import AnswersTarget, BoxTarget, RegionsTarget, Sample
from argus_eval.engine.plan import TaskPlan

__all__ = ["SampleIndex", "target_text"]

# Encoded images kept for a page; what lies beyond is shown without its picture.
_IMAGE_BYTES = 256 * 1024 * 1024


class SampleIndex:
    """Samples by task and key. A task's data are read once, when its first sample is asked for."""

    def __init__(self, tasks: Sequence[TaskPlan]) -> None:
        self._tasks = {task.display: task for task in tasks}
        self._samples: dict[str, dict[str, Sample]] = {}
        self._image_bytes = 0

    def get(self, task: str, key: str) -> Sample | None:
        """The sample, or ``None`` if the run's data are not at hand any more."""
        if task not in self._tasks:
            return None
        if task not in self._samples:
            self._samples[task] = self._read(self._tasks[task])
        return self._samples[task].get(key)

    def prompt(self, task: str, sample: Sample, style: str) -> str:
        """The user turn a model of ``style`` was given."""
        return self._tasks[task].task.prompt_for(sample, style).user

    def _read(self, plan: TaskPlan) -> dict[str, Sample]:
        found: dict[str, Sample] = {}
        for item in plan.samples():
            if isinstance(item, Sample):
                self._image_bytes += sum(len(image.data) for image in item.images)
                found[item.key] = item if self._image_bytes <= _IMAGE_BYTES else _without_images(item)
        return found


def _without_images(sample: Sample) -> Sample:
    import dataclasses

    return dataclasses.replace(sample, images=())


def target_text(sample: Sample) -> str:
    """The reference in words."""
    target = sample.target
    if isinstance(target, AnswersTarget):
        return " | ".join(dict.fromkeys(target.answers))
    if isinstance(target, BoxTarget):
        return sample.inputs.get("expression", "")
    assert isinstance(target, RegionsTarget)
    return ", ".join(region.label for region in target.regions)
