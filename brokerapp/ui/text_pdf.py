"""A text of headings and paragraphs as a PDF file, in the fonts that every reader has."""

import io
import textwrap
from collections.abc import Iterator
from html.parser import HTMLParser

WIDTH, HEIGHT, MARGIN = 612, 792, 54
"""US letter, in points."""
SIZES = {"h1": 18, "h2": 13, "p": 11}
CHARACTERS = {"h1": 48, "h2": 66, "p": 86}
"""That fit on a line of each size: a little fewer than do on average, so that wide letters do too."""


class _Parts(HTMLParser):
    """The headings and paragraphs of a piece of HTML, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, str]] = []
        self._open = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in SIZES:
            self._open, self._text = tag, []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self.parts.append((tag, " ".join("".join(self._text).split())))
            self._open = ""


def text_pdf(title: str, subtitle: str, html: str) -> bytes:
    """A PDF file with a title, a line under it, and the `h2` and `p` elements of some HTML."""
    # Asked for rarely, and slow to load.
    import pikepdf
    from pikepdf import Dictionary, Name

    def font(name: str) -> pikepdf.Object:
        members = Dictionary(Type=Name.Font, Subtype=Name.Type1, Encoding=Name.WinAnsiEncoding)
        members.BaseFont = Name(f"/{name}")
        return document.make_indirect(members)

    reader = _Parts()
    reader.feed(html)
    document = pikepdf.new()
    fonts = Dictionary(Regular=font("Helvetica"), Bold=font("Helvetica-Bold"))
    for content in _pages([("h1", title), ("p", subtitle), *reader.parts]):
        page = document.add_blank_page(page_size=(WIDTH, HEIGHT))
        page.obj.Resources = Dictionary(Font=fonts)
        page.obj.Contents = document.make_stream(content)
    document.Root.Lang = pikepdf.String("en-US")
    document.docinfo["/Title"] = title
    written = io.BytesIO()
    document.save(written, deterministic_id=True)
    return written.getvalue()


def _pages(parts: list[tuple[str, str]]) -> Iterator[bytes]:
    """The content of each page."""
    lines: list[bytes] = []
    at = HEIGHT - MARGIN
    for kind, text in parts:
        size = SIZES[kind]
        at -= size // 2
        for line in textwrap.wrap(text, CHARACTERS[kind]):
            if at < MARGIN + size:
                yield b"\n".join(lines)
                lines, at = [], HEIGHT - MARGIN
            at -= round(size * 1.4)
            lines.append(_line(line, kind, at))
    yield b"\n".join(lines)


def _line(text: str, kind: str, at: int) -> bytes:
    font = b"Regular" if kind == "p" else b"Bold"
    shown = text.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        shown = shown.replace(special, b"\\" + special)
    return b"BT /%b %d Tf %d %d Td (%b) Tj ET" % (font, SIZES[kind], MARGIN, at, shown)
