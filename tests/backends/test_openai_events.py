from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.backends.openai.events import EventParser, OversizedEventError


def parse(*chunks: bytes) -> list[tuple[str, bytes]]:
    parser = EventParser()
    return [(event.name, event.data) for chunk in chunks for event in parser.feed(chunk)]


def reference(stream: bytes) -> list[tuple[str, bytes]]:
    """The specification read line by line over the whole stream at once."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found, data, name = [], None, ""
    for line in text.split(b"\n")[:-1]:
        if line == b"":
            if data is not None:
                found.append((name or "message", data))
            data, name = None, ""
            continue
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"data":
            data = value if data is None else data + b"\n" + value
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return found


pieces = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data",
        b"event: x",
        b": note",
        b"id: 1",
        b"\n",
        b"\r",
        b"\r\n",
        "data: é".encode(),
        b"\n\n",
    ]
)


@given(st.lists(pieces, max_size=30), st.lists(st.integers(0, 200), max_size=20))
def test_however_it_is_cut_the_events_are_those_of_the_whole(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    chunks = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert parse(*chunks) == reference(stream)


def test_byte_by_byte_inside_utf8() -> None:
    stream = "data: „Größe“ 你好\r\n\r\n".encode()
    (found,) = parse(*(stream[i : i + 1] for i in range(len(stream))))
    assert found[1].decode() == "„Größe“ 你好"


def test_several_data_lines_are_joined_and_comments_left_out() -> None:
    assert parse(b": ping\n\ndata: 1\n: no\ndata: 2\n\n") == [("message", b"1\n2")]


def test_byte_order_mark_and_names() -> None:
    assert parse(b"\xef\xbb\xbfevent: error\ndata: x\n\n") == [("error", b"x")]


def test_an_event_without_its_blank_line_is_incomplete() -> None:
    assert parse(b"data: 1\n\ndata: 2\n") == [("message", b"1")]


@pytest.mark.parametrize("line", [b"data: " + b"x" * 2000, b"x" * 2000, b"data: 1\n" * 600])
def test_what_has_no_end_is_given_up(line: bytes) -> None:
    parser = EventParser(largest_bytes=1000)

    def feed_all() -> None:
        for start in range(0, len(line), 100):
            parser.feed(line[start : start + 100])

    with pytest.raises(OversizedEventError, match="1,000 bytes"):
        feed_all()
