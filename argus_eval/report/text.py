"""Untrusted text made safe to show: cut, with invisible and direction-changing characters spelled out.

Escaping for HTML is the template's business (autoescape); this is about what escaping does not change.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["CUT_BYTES", "ShownText", "printable", "shown"]

#: Longest text kept on a page, in UTF-8 bytes.
CUT_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """A text as the page has it; ``full_bytes`` is its whole length, ``cut`` says whether some is missing."""

    text: str
    full_bytes: int
    cut: bool


def printable(text: str) -> str:
    """``text`` with control, format and surrogate characters spelled out (``\\x1b``, ``\\u202e``).

    New lines and tabs stay. A terminal obeys escape sequences and a browser obeys direction marks, so a model
    that writes them could change how the page reads.

    >>> printable("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    if text.isprintable():
        return text
    return "".join(_spelled(character) for character in text)


def shown(text: str, limit_bytes: int = CUT_BYTES) -> ShownText:
    """``text`` cut at ``limit_bytes`` of UTF-8, at a character's border, then made printable."""
    # A page never shows more than limit_bytes characters, so a 100 kB answer is not walked twice.
    encoded = text.encode("utf-8", "surrogatepass")
    cut = len(encoded) > limit_bytes
    kept = encoded[:limit_bytes].decode("utf-8", "ignore") if cut else text
    return ShownText(text=printable(kept), full_bytes=len(encoded), cut=cut)


def _spelled(character: str) -> str:
    if character in "\n\t":
        return character
    # Cc control, Cf format (bidi marks, zero width), Cs lone surrogates, Co private, Zl/Zp separators
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character
