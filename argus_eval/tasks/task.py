"""A task at work: samples from rows, prompts from samples."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from argus_eval.core.fingerprint import fingerprint
from argus_eval.core.sample import Sample
from argus_eval.data.fingerprint import sample_fingerprint
from argus_eval.data.resolution import ResolvedData, resolve
from argus_eval.data.rows import BadRow, Row
from argus_eval.data.schemas.registry import SCHEMAS
from argus_eval.errors import UnknownNameError
from argus_eval.metrics.protocol import Metric
from argus_eval.metrics.registry import METRICS
from argus_eval.parsing.dialects import DIALECTS
from argus_eval.tasks.prompts import PROMPTS, STYLES, Prompt
from argus_eval.tasks.spec import TaskSpec

__all__ = ["PromptText", "Task"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptText:
    """What a model is told about one sample.

    ``user`` holds no image placeholder and no chat template; ``prefix`` is the forced beginning of the answer.
    """

    user: str
    system: str | None = None
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark, ready to make samples and prompts."""

    spec: TaskSpec

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return self.spec.name

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it is scored by, in order."""
        return tuple(METRICS.get(name) for name in self.spec.metrics)

    def open(self, requested: str | None, *, strict: bool, ci: bool) -> ResolvedData:
        """Find the data; see :func:`~argus_eval.data.resolution.resolve`."""
        return resolve(self.spec.source, requested, strict=strict, ci=ci, bundled=self.spec.bundled)

    def samples(self, rows: Iterable[Row | BadRow]) -> Iterator[Sample | BadRow]:
        """The samples of ``rows``, in order; what no sample can be made of comes as a :class:`BadRow`.

        Keys are unique: a sample that repeats another word for word is a bad row ("repeats another sample");
        one that shares its key but not its content gets ``#2`` appended.
        """
        schema = SCHEMAS.get(self.spec.source.schema)
        seen = _Seen()
        for index, row in enumerate(rows):
            for item in schema.read(row, index):
                yield item if isinstance(item, BadRow) else seen.admit(item)

    def prompt_for(self, sample: Sample, style: str) -> PromptText:
        """The prompt of ``sample`` in the words of a model family.

        Args:
            sample: one of this task's.
            style: a dialect ("qwen2.5-vl"), or "plain".

        Raises:
            UnknownNameError: no such style.
        """
        prompt = self._prompt(style, open_question=not sample.options)
        fields = _fields(sample, prompt.separator)
        return PromptText(user=prompt.user.format_map(fields), system=prompt.system, prefix=prompt.prefix)

    def prompt_fingerprint(self, style: str) -> str:
        """``sha256:…`` of the templates that ``style`` uses, their name and version.

        Raises:
            UnknownNameError: no such style.
        """
        templates = [dataclasses.asdict(self._prompt(style, open_question=flag)) for flag in (False, True)]
        return fingerprint(
            {"prompt": self.spec.prompt, "version": self.spec.prompt_version, "templates": templates}
        )

    def _prompt(self, style: str, *, open_question: bool) -> Prompt:
        name = "short_answer" if self.spec.prompt == "choice" and open_question else self.spec.prompt
        return PROMPTS[name].for_style(_family(style))


def _family(style: str) -> str:
    """The family whose words ``style`` uses: a variant of a dialect ("paligemma-1023") uses its family's."""
    if style in STYLES:
        return style
    if style not in DIALECTS:
        raise UnknownNameError("prompt style", style, (*STYLES, *DIALECTS))
    return max((family for family in STYLES if style.startswith(family)), key=len, default="plain")


def _fields(sample: Sample, separator: str) -> dict[str, str]:
    letters = string.ascii_uppercase
    lines = (f"{letters[i]}. {option}" for i, option in enumerate(sample.options[: len(letters)]))
    hint = sample.inputs.get("hint")
    return {
        **sample.inputs,
        "options": "\n".join(lines),
        "categories": separator.join(sample.options),
        "context": f"Context: {hint}\n" if hint else "",
    }


class _Seen:
    """Samples so far: how often each key occurred, and 64 bits of each content."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._contents: set[int] = set()

    def admit(self, sample: Sample) -> Sample | BadRow:
        content = int(sample_fingerprint(sample)[-16:], 16)
        if content in self._contents:
            return BadRow(key=sample.key, reason="repeats another sample")
        self._contents.add(content)
        times = self._times[sample.key] = self._times.get(sample.key, 0) + 1
        return sample if times == 1 else dataclasses.replace(sample, key=f"{sample.key}#{times}")
