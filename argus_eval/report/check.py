"""One thing the trust panel says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "State"]

State = Literal["good", "bad", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: ``good`` holds, ``bad`` does not, ``open`` could not be told."""

    name: str
    state: State
    words: str

    @property
    def sign(self) -> str:
        """The state's sign."""
        return {"good": "✓", "bad": "✕", "open": "–"}[self.state]

    @property
    def state_words(self) -> str:
        """The state, for those who cannot see the sign."""
        return {"good": "holds", "bad": "does not hold", "open": "not told"}[self.state]
