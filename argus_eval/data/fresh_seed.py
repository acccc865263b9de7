"""How fresh synthetic scenes are asked for, for modules that must not import the generator."""

from __future__ import annotations

__all__ = ["fresh_seed"]

_PREFIX = "fresh:"
_MOST_DIGITS = 9


def fresh_seed(requested: str) -> int | None:
    """The seed of ``fresh:SEED``; ``None`` for anything else."""
    digits = requested.removeprefix(_PREFIX)
    is_seed = requested.startswith(_PREFIX) and digits.isascii() and digits.isdigit()
    return int(digits) if is_seed and len(digits) <= _MOST_DIGITS else None
