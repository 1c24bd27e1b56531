import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerapp.broker.alpaca.sse import (
    MAX_MESSAGE,
    Comment,
    Message,
    SseParser,
)

line_text = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x00\ufeff"), min_size=1, max_size=12
).map(lambda text: "x" + text)
messages = st.builds(lambda lines: Message("\n".join(lines)), st.lists(line_text, min_size=1, max_size=3))
comments = st.builds(lambda text: Comment(text.strip()), line_text)


def encode(items, newline):
    lines = []
    for item in items:
        if isinstance(item, Comment):
            lines.append(f": {item.text}")
        else:
            lines.extend(f"data: {line}" for line in item.data.split("\n"))
            lines.append("")
    return "".join(line + newline for line in lines).encode()


@given(
    items=st.lists(messages | comments, max_size=8),
    newline=st.sampled_from(["\n", "\r", "\r\n"]),
    bom=st.booleans(),
    data=st.data(),
)
def test_feed_gives_the_same_for_any_cut(items, newline, bom, data):
    wire = (b"\xef\xbb\xbf" if bom else b"") + encode(items, newline)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=20)))
    parser = SseParser()

    found = []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        found.extend(parser.feed(wire[start:end]))

    assert found == items


@given(chunks=st.lists(st.binary(max_size=40), max_size=20))
def test_feed_survives_any_bytes(chunks):
    parser = SseParser()
    for chunk in chunks:
        parser.feed(chunk)


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (b'data: {"a":\ndata: 1}\n\n', [Message('{"a":\n1}')]),
        (b"data:no space\n\n", [Message("no space")]),
        (b"data:  two spaces\n\n", [Message(" two spaces")]),
        (b"data\n\n", [Message("")]),
        (b"event: fill\nid: 7\ndata: x\nretry: 5\nnonsense\n\n", [Message("x", "fill", "7")]),
        (b"event: only\n\ndata: x\n\n", [Message("x")]),
        (b"id: 7\ndata: x\n\ndata: y\n\n", [Message("x", "", "7"), Message("y")]),
        (b":heartbeat\n\n", [Comment("heartbeat")]),
        (b":\n", [Comment("")]),
        (b"data: unfinished\n", []),
    ],
)
def test_feed_follows_the_format(wire, expected):
    assert SseParser().feed(wire) == expected


def test_feed_does_not_end_a_message_at_a_crlf_cut_in_two():
    parser = SseParser()
    assert parser.feed(b"data: x\r") == []
    assert parser.feed(b"\ndata: y\r\n") == []
    assert parser.feed(b"\r\n") == [Message("x\ny")]


@pytest.mark.parametrize("line", [b"x", b"data: x\n"])
def test_feed_refuses_what_never_ends(line):
    parser = SseParser()
    parser.feed(line * 1024)
    with pytest.raises(ValueError, match="too long"):
        parser.feed(line * (MAX_MESSAGE + 1))
