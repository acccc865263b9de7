"""All formatting of quantities, in one place: pages, tables and sentences agree."""

from __future__ import annotations

__all__ = [
    "format_bytes",
    "format_duration",
    "format_percent",
    "format_ratio",
    "format_seconds",
    "parse_duration",
]

_MINUS = "−"


def format_seconds(seconds: float | None) -> str:
    """A latency with three significant digits.

    >>> format_seconds(0.0228), format_seconds(1.5), format_seconds(None)
    ('22.8 ms', '1.50 s', '–')
    """
    if seconds is None:
        return "–"
    magnitude = abs(seconds)
    if magnitude >= 1:
        return f"{_digits(seconds)} s"
    if magnitude >= 1e-3 or magnitude == 0:
        return f"{_digits(seconds * 1e3)} ms"
    return f"{_digits(seconds * 1e6)} µs"


def format_duration(seconds: float) -> str:
    """A waiting time for people.

    >>> format_duration(42), format_duration(192), format_duration(7500)
    ('42 s', '3 min 12 s', '2 h 5 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def format_bytes(count: float | None) -> str:
    """Binary units.

    >>> format_bytes(5 * 1024**3), format_bytes(None)
    ('5.00 GiB', '–')
    """
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024 or unit == "GiB":
            return f"{value:.0f} B" if unit == "B" else f"{_digits(value)} {unit}"
        value /= 1024
    raise AssertionError("unreachable")


def format_percent(share: float | None, signed: bool = False) -> str:
    """A share as per cent, one decimal.

    >>> format_percent(-0.473, signed=True), format_percent(0.5)
    ('−47.3 %', '50.0 %')
    """
    if share is None:
        return "–"
    text = f"{abs(share) * 100:.1f} %"
    if share < 0 and text != "0.0 %":
        return _MINUS + text
    return f"+{text}" if signed and share > 0 and text != "0.0 %" else text


def format_ratio(ratio: float | None) -> str:
    """A speed-up.

    >>> format_ratio(1.9), format_ratio(15.1)
    ('1.90×', '15.1×')
    """
    return "–" if ratio is None else f"{_digits(ratio)}×"


def parse_duration(text: str) -> float:
    """Seconds of ``90``, ``90s``, ``10m``, ``1.5h``.

    Raises:
        ValueError: anything else, or a value that is not positive and finite.

    >>> parse_duration("10m"), parse_duration("30s")
    (600.0, 30.0)
    """
    factors = {"s": 1.0, "m": 60.0, "h": 3600.0}
    stripped = text.strip().lower()
    number, factor = (stripped[:-1], factors[stripped[-1]]) if stripped[-1:] in factors else (stripped, 1.0)
    seconds = float(number) * factor
    if not 0 < seconds < float("inf"):
        raise ValueError(f"a duration must be positive, got {text!r}")
    return seconds


def _digits(value: float) -> str:
    magnitude = abs(value)
    decimals = 0 if magnitude >= 99.95 else 1 if magnitude >= 9.995 else 2
    return f"{value:.{decimals}f}".replace("-", _MINUS)
