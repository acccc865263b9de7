"""How an answer is made and where it ends, by a task's ``generation_kwargs``: the same in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["DEFAULT_MAX_NEW_TOKENS", "cut_at", "greedy_note", "stop_strings"]

#: Where a task states no limit; what most adapters of lmms-eval take then
DEFAULT_MAX_NEW_TOKENS = 1024

# Of lmms-eval's few-shot prompts; its own adapters leave it alone too, and answers have paragraphs.
_FEW_SHOT_DELIMITER = "\n\n"


def stop_strings(generation: Mapping[str, Any]) -> tuple[str, ...]:
    """Strings at which an answer ends."""
    until = generation.get("until") or ()
    listed = [until] if isinstance(until, str) else list(until)
    return tuple(text for text in listed if text and text != _FEW_SHOT_DELIMITER)


def cut_at(text: str, stops: Sequence[str]) -> str:
    """``text`` up to the first of ``stops``.

    >>> cut_at("blue ASSISTANT: red", ["ASSISTANT:"])
    'blue '
    """
    for stop in stops:
        text = text.split(stop, 1)[0]
    return text


def greedy_note(generation: Mapping[str, Any]) -> str | None:
    """What a greedy answer does differently from what the task asks for; ``None`` where nothing.

    >>> greedy_note({"do_sample": True, "temperature": 0.7})
    'asks for sampling at temperature 0.7; answered greedily'
    """
    asked = []
    temperature = generation.get("temperature")
    if generation.get("do_sample") and temperature != 0:
        asked.append("sampling" if temperature is None else f"sampling at temperature {temperature:g}")
    if (beams := generation.get("num_beams") or 1) > 1:
        asked.append(f"{beams} beams")
    return f"asks for {' and '.join(asked)}; answered greedily" if asked else None
