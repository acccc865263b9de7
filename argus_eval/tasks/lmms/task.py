"""A task of lmms-eval as a task of ours: prompts, limits and scoring theirs, the loop ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.request import Decoding
from argus_eval.core.sample import AnswersTarget, EncodedImage, Sample
from argus_eval.data.resolution import ResolvedData
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.source import SourceSpec
from argus_eval.errors import SampleError
from argus_eval.metrics.protocol import Metric
from argus_eval.tasks.lmms.bridge import Bridge
from argus_eval.tasks.lmms.library import VERSION, LibraryError
from argus_eval.tasks.spec import TaskSpec
from argus_eval.tasks.task import PromptText, Task

__all__ = ["LmmsData", "LmmsTask", "load_lmms_task"]


def load_lmms_task(name: str) -> LmmsTask:
    """The task ``lmms:NAME``; its data are opened later.

    Raises:
        UnknownNameError: lmms-eval has no such task.
        UsageError: it is of a kind that cannot be run here; the message says why.
        EnvironmentError_: lmms-eval, or a package this task needs, is not installed.
    """
    bridge = Bridge.load(name)
    spec = TaskSpec(
        name=name,
        title=f"{name.partition(':')[2]} (lmms-eval {VERSION})",
        kind="vqa",
        version=1,
        source=SourceSpec(
            schema="lmms", split=bridge.splits[0], checked="", hub=bridge.hub, config=bridge.hub_config
        ),
        prompt="lmms-eval",
        prompt_version=1,
        decoding=Decoding(max_new_tokens=bridge.max_new_tokens),
        parser="verbatim",
        metrics=(),
        primary="",
        notes=bridge.notes,
    )
    return LmmsTask(spec, bridge)


@dataclass(frozen=True, slots=True)
class LmmsTask(Task):
    """See :class:`~argus_eval.tasks.task.Task`; samples are numbered as lmms-eval numbers its documents."""

    bridge: Bridge

    def open(self, requested: str | None, *, strict: bool, ci: bool) -> ResolvedData:
        """The data, by lmms-eval's own loading; there is no bundled sample to fall back to.

        Raises:
            UsageError: the local copy is missing or not the task's, or the task cannot be asked here.
            EnvironmentError_: neither a local copy nor the hub has it.
        """
        resolved = self.bridge.open(requested)
        notes = self.bridge.notes
        return LmmsData(
            requested=requested or "auto",
            resolved=resolved.how,
            source=resolved.source,
            spec=self.spec.source,
            table=_Numbers(name=resolved.source, total=self.bridge.count),
            banner=f"{self.name}: {'; '.join(notes)}" if notes else None,
        )

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """lmms-eval's, the first of its list first."""
        return self.bridge.metrics

    def samples(self, rows: Iterable[Row | BadRow]) -> Iterator[Sample | BadRow]:
        """The documents numbered in ``rows``."""
        for row in rows:
            number = int(str(row["doc_id"]))  # type: ignore[index]
            try:
                yield self._sample(number)
            except (SampleError, LibraryError) as problem:
                yield BadRow(key=str(number), reason=str(problem))

    def prompt_for(self, sample: Sample, style: str) -> PromptText:
        """lmms-eval's wording, whatever the model's family."""
        return PromptText(user=sample.inputs["prompt"], system=sample.inputs.get("system"))

    def prompt_fingerprint(self, style: str) -> str:
        """``sha256:…`` of lmms-eval's version, the task and the words it puts around each question."""
        return fingerprint({"lmms_eval": VERSION, "task": self.name, **self.bridge.prompt_facts()})

    def _sample(self, number: int) -> Sample:
        document = self.bridge.document(number)
        system = {} if document.system is None else {"system": document.system}
        return Sample(
            key=str(number),
            images=document.images,
            inputs={"prompt": document.text, **system},
            target=AnswersTarget(answers=document.targets),
            cluster=_cluster(document.images, number),
            attributes={"doc_id": number},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LmmsData(ResolvedData):
    """Numbers of documents; lmms-eval holds what is in them."""

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        """One row a document: its number."""
        return self.table.rows()

    def count(self) -> int | None:
        """Number of documents."""
        return self.table.count()

    def count_samples(self) -> int | None:
        """Number of documents."""
        return self.table.count()

    def references(self) -> Iterator[tuple[str, ...]]:
        """None: no metric of ours sees them."""
        return iter(())

    def categories(self) -> tuple[dict[str, Any], ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbers:
    """A :class:`~argus_eval.data.rows.RowSource` of document numbers."""

    name: str
    total: int = field(repr=False)

    def columns(self) -> tuple[str, ...]:
        return ("doc_id",)

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row | BadRow]:
        return ({"doc_id": number} for number in range(self.total))

    def count(self) -> int:
        return self.total


def _cluster(images: Sequence[EncodedImage], number: int) -> str:
    return images[0].sha256 if images else f"document {number}"
