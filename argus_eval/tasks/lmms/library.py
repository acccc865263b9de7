"""lmms-eval itself. Importing this module takes seconds and most of a gigabyte; only an ``lmms:`` name does it.

Its code runs inside :func:`guest`, so that what it does to the process (printing to standard output, drawing from
the global random generators, letting Pillow pass truncated images) ends with the call.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ImageFile

_TRUNCATED_BEFORE = ImageFile.LOAD_TRUNCATED_IMAGES  # the import below switches it on for the whole process

from lmms_eval import utils  # noqa: E402
from lmms_eval.api.metrics import mean as MEAN  # noqa: E402, N812
from lmms_eval.api.reasoning import parse_reasoning_tags_config, strip_reasoning_tags  # noqa: E402
from lmms_eval.api.task import ConfigurableMessagesTask, ConfigurableTask  # noqa: E402
from lmms_eval.filters.transformation import StripThinkingFilter  # noqa: E402

from argus_eval.errors import ArgusEvalError  # noqa: E402
from argus_eval.tasks.lmms.log import quiet_log  # noqa: E402

ImageFile.LOAD_TRUNCATED_IMAGES = _TRUNCATED_BEFORE

__all__ = [
    "MEAN",
    "MODEL_NAME",
    "VERSION",
    "LibraryError",
    "OpenTask",
    "guest",
    "read_config",
    "strip_reasoning",
]

#: The name under which tasks choose prompts for a model; both directions of the bridge use it.
MODEL_NAME = "argus_eval"
VERSION = version("lmms-eval")

#: What its command line strips from every answer unless told otherwise
_COMMAND_LINE_REASONING_TAGS = [["<think>", "</think>"], ["<analysis>", "</analysis>"]]


class LibraryError(ArgusEvalError):
    """lmms-eval, or a task's own code in it, raised; the message says where and what."""


class OpenTask(ConfigurableMessagesTask):  # type: ignore[misc]  # lmms-eval is untyped
    """A task of lmms-eval that fails at once instead of trying five times with pauses."""

    download = ConfigurableTask.download.__wrapped__
    process_results = ConfigurableTask.process_results.__wrapped__

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config=config, model_name=MODEL_NAME)
        if self.config.num_fewshot is None:
            self.set_config(key="num_fewshot", value=0)
        if self.config.auto_strip_thinking and self.config.reasoning_tags is None:
            for ensemble in self._filters:
                ensemble.filters.insert(0, StripThinkingFilter())

    def references(self, number: int) -> tuple[str, ...]:
        """The accepted answers of a document as texts, at least one."""
        doc = self.eval_docs_no_media[number]
        target = self.doc_to_target(doc)
        if target == self.config.doc_to_target:
            # The name of a column that the data do not have comes back as it is (textvqa's "answer").
            target = doc.get("answers", doc.get("answer", target))
        if isinstance(target, list | tuple) and all(isinstance(item, str) for item in target):
            return tuple(dict.fromkeys(target)) or ("",)
        return (str(target),)


quiet_log()


@contextmanager
def guest(what: str) -> Iterator[None]:
    """Run code of lmms-eval; ``what`` names it in the error.

    The same call gives the same result whenever it is made: the random generators, to which some tasks turn where
    an answer names no choice, start from the seeds of lmms-eval's command line.

    Raises:
        LibraryError: whatever was raised in there.
    """
    python, numpy, truncated = random.getstate(), np.random.get_state(), ImageFile.LOAD_TRUNCATED_IMAGES
    random.seed(0)
    np.random.seed(1234)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with redirect_stdout(sys.stderr):
            yield
    except ArgusEvalError:
        raise
    except Exception as problem:
        first = next(iter(str(problem).splitlines()), "")
        raise LibraryError(f"{what}: {type(problem).__name__}: {first}"[:600]) from problem
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated


def read_config(path: Path) -> dict[str, Any]:
    """A task's YAML file with its includes; names of functions become the functions.

    Raises:
        LibraryError: the file or a module it names cannot be loaded.
    """
    with guest(f"{path.name}"):
        config = utils.load_yaml_config(str(path), mode="full")
    return dict(config)


def strip_reasoning(text: str, task: Any) -> str:
    """``text`` without the blocks that lmms-eval's command line removes before scoring."""
    tags = parse_reasoning_tags_config(task_value=task.config.reasoning_tags)
    if task.config.reasoning_tags is None:
        tags = _COMMAND_LINE_REASONING_TAGS
    return text if tags is None else str(strip_reasoning_tags(text, tags))
