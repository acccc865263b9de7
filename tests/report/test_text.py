"""Untrusted text: what is shown can change neither the page's direction nor a terminal's state."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from argus_eval.report.text import CUT_BYTES, printable, shown


@given(st.text())
def test_nothing_invisible_survives(text: str) -> None:
    kept = printable(text)
    assert all(
        character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs") for character in kept
    )


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_visible_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
def test_a_cut_keeps_a_prefix_and_tells_the_whole_length(text: str, limit: int) -> None:
    result = shown(text, limit)
    size = len(text.encode("utf-8", "surrogatepass"))
    assert result.full_bytes == size
    assert result.cut == (size > limit)
    if not result.cut:
        assert result.text == printable(text)
    elif "\\" not in text:
        assert printable(text).startswith(result.text)


def test_a_cut_falls_between_characters() -> None:
    assert shown("é" * 2000).text == "é" * (CUT_BYTES // 2)


def test_escape_sequences_and_direction_marks_are_spelled_out() -> None:
    assert printable("a\x1b[31m\u202eb\u200b\x00") == "a\\x1b[31m\\u202eb\\u200b\\x00"
