"""What a scoring function of lmms-eval can call: judges over the network, and scorers too heavy for one sample.

Some tasks send every answer to a paid model. That has to be known before an answer is made, and from the code
alone: names that a function loads are followed through the functions and classes of the task's own files.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["HEAVY", "JUDGES", "reached_modules"]

#: Modules that talk to a judge
JUDGES = frozenset(
    ("openai", "anthropic", "requests", "httpx", "aiohttp", "litellm", "dashscope", "lmms_eval.llm_judge")
)
#: Modules that start processes or load models
HEAVY = frozenset(
    ("pycocoevalcap", "subprocess", "torch", "transformers", "evaluate", "sentence_transformers", "nltk", "spacy")
)
_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME"))


def reached_modules(functions: Iterable[Callable[..., Any] | None], folder: str) -> frozenset[str]:
    """Dotted names of the modules that ``functions`` use, directly or through code that lies under ``folder``."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Any] = [function for function in functions if function is not None]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, ModuleType):
            found.add(item.__name__)
            if _within(getattr(item, "__file__", None), folder):
                waiting.extend(value for value in vars(item).values() if isinstance(value, FunctionType))
        elif isinstance(item, FunctionType):
            if item.__module__:
                found.add(item.__module__)
            if _within(item.__code__.co_filename, folder):
                waiting.extend(_named_by(item, found))
        elif isinstance(item, type):
            found.add(item.__module__)
            waiting.extend(_methods(item, folder))
        elif type(item).__module__ != "builtins":
            waiting.append(type(item))
    return frozenset(found)


def _methods(kind: type, folder: str) -> Iterator[FunctionType]:
    """Methods written under ``folder``; others are patched in by anybody and say nothing of the task."""
    for value in vars(kind).values():
        if isinstance(value, FunctionType) and _within(value.__code__.co_filename, folder):
            yield value


def _named_by(function: FunctionType, found: set[str]) -> Iterator[Any]:
    """Values of the globals that ``function`` loads; modules it imports itself go to ``found``."""
    for code in _codes(function.__code__):
        for instruction in dis.get_instructions(code):
            if instruction.opname == "IMPORT_NAME":
                found.add(str(instruction.argval))
            elif instruction.opname in _LOADS and instruction.argval in function.__globals__:
                yield function.__globals__[instruction.argval]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _within(file: str | None, folder: str) -> bool:
    return file is not None and file.startswith(folder)


def belongs_to(modules: Iterable[str], roots: frozenset[str]) -> tuple[str, ...]:
    """Which of ``roots`` the dotted names lie in."""
    return tuple(sorted(root for root in roots if any(m == root or m.startswith(root + ".") for m in modules)))
