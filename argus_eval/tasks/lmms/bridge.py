"""One task of lmms-eval: read, refused where it cannot run here, opened on its data, asked one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import datasets

from argus_eval.core.sample import EncodedImage
from argus_eval.data.fresh_seed import fresh_seed
from argus_eval.data.hub import unreachable_because
from argus_eval.errors import EnvironmentError_, SampleError, UsageError
from argus_eval.metrics.protocol import Metric
from argus_eval.tasks.lmms.answering import DEFAULT_MAX_NEW_TOKENS, greedy_note, stop_strings
from argus_eval.tasks.lmms.dataset import LocalCopy, data_from, offline
from argus_eval.tasks.lmms.index import task_file
from argus_eval.tasks.lmms.library import LibraryError, OpenTask, guest, read_config
from argus_eval.tasks.lmms.metrics import TaskScoring, metrics_of
from argus_eval.tasks.lmms.question import Turn, encode_picture, turn_from_messages, turn_from_parts
from argus_eval.tasks.lmms.reach import JUDGES, belongs_to, reached_modules

__all__ = ["Bridge", "Document", "Found"]

_KINDS = {
    "loglikelihood": "compares the likelihoods of given answers, which a pipeline that generates does not give",
    "multiple_choice": "compares the likelihoods of given answers, which a pipeline that generates does not give",
    "generate_until_multi_round": "asks in several rounds; one request here is one round",
    "generate_until_agentic": "drives tools over several rounds; one request here is one round",
    "generate_visual_cot": "makes the model draw an image in between",
}


class Found(NamedTuple):
    """Where data came from."""

    how: Literal["local", "cache", "hub"]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document as it is asked."""

    images: tuple[EncodedImage, ...]
    text: str
    system: str | None
    targets: tuple[str, ...]


class Bridge:
    """A task of lmms-eval. :meth:`load` reads it, :meth:`open` gives it data; the rest needs both."""

    def __init__(self, name: str, path: Path, config: dict[str, Any]) -> None:
        self.name, self._path, self._config = name, path, config
        self.hub = str(config.get("dataset_path"))
        named = config.get("dataset_name")
        self.hub_config = None if named is None else str(named)
        note = greedy_note(self._generation)
        self.notes: tuple[str, ...] = (note,) if note else ()
        self._task: Any = None
        self._encoded: Any = None
        self._turn: Callable[[int], Turn] = self._chat_turn
        self.metrics: tuple[Metric, ...] = ()

    @staticmethod
    def load(name: str) -> Bridge:
        """Read the task ``lmms:NAME``.

        Raises:
            UnknownNameError: lmms-eval has no such task.
            UsageError: it cannot be run here.
            EnvironmentError_: lmms-eval, or a package this task needs, is not installed.
        """
        path = task_file(name)
        try:
            config = read_config(path)
        except LibraryError as problem:
            raise _unreadable(name, problem) from problem
        _refuse(name, path, config)
        return Bridge(name, path, config)

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits the task names, the one it is scored on first."""
        keys = ("test_split", "validation_split", "training_split", "fewshot_split")
        found = tuple(str(self._config[key]) for key in keys if self._config.get(key) is not None)
        return tuple(dict.fromkeys(found))

    @property
    def max_new_tokens(self) -> int:
        """Limit of an answer."""
        return int(self._generation.get("max_new_tokens") or DEFAULT_MAX_NEW_TOKENS)

    @property
    def count(self) -> int:
        """Number of documents."""
        return len(self._task.eval_docs)

    @property
    def _generation(self) -> Mapping[str, Any]:
        return self._config.get("generation_kwargs") or {}

    def prompt_facts(self) -> dict[str, object]:
        """What the wording of questions depends on besides the task's code."""
        kwargs = self._config.get("lmms_eval_specific_kwargs") or {}
        return {
            "form": "chat" if self._turn == self._chat_turn else "simple",
            "around": {str(key): str(value) for key, value in kwargs.items()},
            "stops": list(stop_strings(self._generation)),
        }

    def open(self, requested: str | None) -> Found:
        """Load the data and build the task.

        Args:
            requested: a path, "hub", or ``None`` for cache and hub.

        Raises:
            UsageError: the copy is missing or not the task's, or the task cannot be asked here.
            EnvironmentError_: the data are nowhere.
        """
        if requested == "bundled" or (requested is not None and fresh_seed(requested) is not None):
            raise UsageError(
                f"--data {requested}: {self.name} has no synthetic scenes; give --data {self.name}=PATH"
            )
        local = None
        if requested not in (None, "hub"):
            local = LocalCopy(path=Path(str(requested)).expanduser(), splits=self.splits)
        reason = None if local is not None else unreachable_because()
        if requested == "hub" and reason is not None:
            raise EnvironmentError_(f"--data hub: {reason}; {self.hub} cannot be loaded")
        try:
            self._build(local, reason)
        except LibraryError as problem:
            raise self._not_loaded(local, reason, problem) from problem
        scoring = TaskScoring(self.name, self._task, stop_strings(self._generation))
        self.metrics = metrics_of(scoring, str(self._path.parents[1]))
        if not self.metrics:
            raise UsageError(f"{self.name}: it writes a file for an evaluation server; there is no score here")
        if local is not None:
            return Found("local", str(local.path))
        return Found("cache" if reason is not None else "hub", self.hub)

    def document(self, number: int) -> Document:
        """Document ``number``, with its images compressed.

        Raises:
            SampleError: it cannot be put as one request.
            LibraryError: the task's code fails on it.
        """
        with guest(f"{self.name}: document {number}"):
            turn = self._turn(number)
            targets = self._task.references(number)
        originals = self._originals(number)
        return Document(
            images=tuple(encode_picture(picture, originals) for picture in turn.pictures),
            text=turn.text,
            system=turn.system,
            targets=targets,
        )

    def _build(self, local: LocalCopy | None, reason: str | None) -> None:
        with ExitStack() as stack:
            stack.enter_context(guest(self.name))
            stack.enter_context(data_from(self.hub, local))
            stack.enter_context(offline(reason))
            # Read again: a module of the task that says `from datasets import load_dataset` must say it now.
            config = read_config(self._path)
            kwargs = dict(config.get("dataset_kwargs") or {})
            if local is not None:
                kwargs = {key: value for key, value in kwargs.items() if key not in ("token", "load_from_disk")}
            config["dataset_kwargs"] = kwargs
            self._task = OpenTask(config)
        docs = self._task.eval_docs
        self._encoded = docs
        for column, feature in docs.features.items():
            if isinstance(feature, datasets.Image):
                self._encoded = self._encoded.cast_column(column, datasets.Image(decode=False))
        self._turn = self._asked_as()

    def _asked_as(self) -> Callable[[int], Turn]:
        """Chat messages where they fit into one request, else lmms-eval's simple form with the images in front."""
        try:
            with guest(f"{self.name}: document 0"):
                self._chat_turn(0)
        except SampleError as problem:
            if self._task.config.doc_to_messages is None:
                raise UsageError(f"{self.name}: {problem}") from problem
            self.notes = (*self.notes, f"asked in lmms-eval's simple form (--force_simple): {problem}")
        else:
            return self._chat_turn
        try:
            with guest(f"{self.name}: document 0"):
                self._simple_turn(0)
        except SampleError as problem:
            raise UsageError(f"{self.name}: {problem}") from problem
        return self._simple_turn

    def _chat_turn(self, number: int) -> Turn:
        return turn_from_messages(self._task.doc_to_messages(self._task.eval_docs[number]))

    def _simple_turn(self, number: int) -> Turn:
        task = self._task
        text = task.fewshot_context(task.eval_docs_no_media[number], task.config.num_fewshot)
        return turn_from_parts(task.doc_to_visual(task.eval_docs[number]), text)

    def _originals(self, number: int) -> tuple[bytes, ...]:
        """The document's own compressed images."""
        row = self._encoded[number]
        return tuple(
            value["bytes"]
            for value in row.values()
            if isinstance(value, dict) and value.keys() == {"bytes", "path"} and value["bytes"]
        )

    def _not_loaded(self, local: LocalCopy | None, reason: str | None, problem: LibraryError) -> Exception:
        if isinstance(problem.__cause__, ImportError):
            return _unreadable(self.name, problem)
        if local is not None:
            return UsageError(f"--data {local.path}: not the data of {self.name} ({problem})")
        why = f"no local copy, and {reason}" if reason else str(problem)
        return EnvironmentError_(
            f"data of {self.hub} not found: {why}; give a local copy with --data {self.name}=PATH"
        )


def _refuse(name: str, path: Path, config: Mapping[str, Any]) -> None:
    """Say why a task cannot be run here, before any data is touched."""
    kind = config.get("output_type") or "generate_until"
    if "class" in config:
        raise UsageError(f"{name}: it is a Python class of its own, not a YAML task, and brings its own loop")
    if kind in _KINDS:
        raise UsageError(f"{name}: a {kind} task: it {_KINDS[kind]}")
    kwargs = config.get("dataset_kwargs") or {}
    if kwargs.get("video") or kwargs.get("From_YouTube"):
        raise UsageError(f"{name}: a video task; requests here carry images only")
    if (repeats := config.get("repeats") or 1) > 1:
        raise UsageError(f"{name}: it samples {repeats} answers a question; answers here are greedy, so one")
    aggregations = [item.get("aggregation") for item in config.get("metric_list") or ()]
    scorers = [scorer for scorer in (config.get("process_results"), *aggregations) if callable(scorer)]
    if judges := belongs_to(reached_modules(scorers, str(path.parents[1])), JUDGES):
        raise UsageError(
            f"{name}: its scoring asks a judge over the network ({', '.join(judges)}), which needs a key "
            "and gives another score tomorrow; run it with lmms-eval --model argus_eval"
        )


def _unreadable(name: str, problem: LibraryError) -> Exception:
    cause = problem.__cause__
    if isinstance(cause, ImportError) and cause.name:
        return EnvironmentError_(f"{name}: lmms-eval needs {cause.name!r} for it, which is not installed")
    if cause is not None and type(cause).__module__.partition(".")[0] in JUDGES:
        return UsageError(f"{name}: its scoring asks a judge over the network and wants a key at once ({problem})")
    return UsageError(f"{name}: lmms-eval cannot load it ({problem})")
