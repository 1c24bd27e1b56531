"""Makes an uploaded picture or PDF anew, in a process of its own: `python cleaner.py MOST_BYTES < in > out`.

Imports nothing of ours: it starts in a fraction of a second, has none of our secrets, and its time and memory
are limited before it reads the first byte. The answer is a line of JSON, `{"mime_type": …}` or
`{"refused": …}`, and after that the new file. A process that ends in any other way could not read the file.

Each library is imported where a file of its kind is read: that is most of what a small file takes.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pikepdf
    from PIL import Image

CPU_SECONDS = 20
MEMORY_BYTES = 1536 * 1024 * 1024
"""Of addresses, which is more than is used: 50 megapixels are 150 MB, and a turned copy as much again."""
OPEN_FILES = 32

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 20_000
QUALITIES = (90, 80, 70, 55)
"""Of JPEG, one after the other until it fits."""

MOST_PAGES = 50
MOST_OBJECTS = 50_000
MOST_UNPACKED = 150 * 1024 * 1024
"""Bytes of all streams of a PDF when they are unpacked."""
LARGEST_OF_LZW = 1400
"""How many times longer what it packs can be; so it is counted, as nothing bounds its unpacking."""
MOST_FILTERS = 3
DEEPEST = 60


class Refused(Exception):
    """The file is not taken; its text is a key of `WORDS` in `brokerapp.security.uploads.files`."""


def limit_this_process() -> None:
    """No more time, memory or files than a picture needs, and nothing written to disk."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def clean_picture(content: bytes, kind: str, most_bytes: int) -> tuple[str, bytes]:
    """Decode a JPEG, PNG or HEIC picture and encode what it shows: its MIME type and bytes.

    Of several pictures in a file the first is kept, as the pictures of phones have further ones. Metadata is
    left out; how the picture is turned is applied. Raises `Refused`.
    """
    from PIL import Image, ImageOps

    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # our own limit is lower, and looked at before anything is decoded
    try:
        picture = Image.open(io.BytesIO(content), formats=[kind])
        if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
            raise Refused("too_many_pixels")
        picture.load()
        shown = _plain(ImageOps.exif_transpose(picture))
    except Refused:
        raise
    except Exception as error:  # decoders raise whatever they like about bytes that are wrong
        raise Refused("damaged") from error
    return _encoded(shown, kind, most_bytes)


def _plain(picture: Image.Image) -> Image.Image:
    """The pixels in 8-bit colors or greys, perhaps with transparency, and nothing else."""
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    has_alpha = picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "L" if picture.mode in ("1", "L") else "RGB"
    plain = picture.convert(mode)
    plain.info = {}
    return plain


def _encoded(picture: Image.Image, kind: str, most_bytes: int) -> tuple[str, bytes]:
    """As PNG what was one and fits, everything else as JPEG. Raises `Refused` for what does not fit."""
    if kind == "PNG":
        out = io.BytesIO()
        picture.save(out, "PNG")
        if out.tell() <= most_bytes:
            return "image/png", out.getvalue()
    if picture.mode == "RGBA":
        from PIL import Image

        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= most_bytes:
            return "image/jpeg", out.getvalue()
    raise Refused("too_large_anew")


FORBIDDEN_KEYS = {
    "/JS": "script",
    "/JavaScript": "script",
    "/XFA": "script",
    "/RichMedia": "embedded",
    "/EmbeddedFile": "embedded",
    "/EmbeddedFiles": "embedded",
    "/EF": "embedded",
}
FORBIDDEN_ACTIONS = {
    "/JavaScript": "script",
    "/Launch": "launch",
    "/SubmitForm": "launch",
    "/ImportData": "launch",
    "/GoToE": "embedded",
    "/GoToR": "launch",
    "/Rendition": "embedded",
    "/RichMediaExecute": "embedded",
    "/Movie": "embedded",
    "/Sound": "embedded",
}
FORBIDDEN_KINDS = {
    "/FileAttachment": "embedded",
    "/RichMedia": "embedded",
    "/3D": "embedded",
    "/Screen": "embedded",
    "/Movie": "embedded",
    "/Sound": "embedded",
    "/EmbeddedFile": "embedded",
}
"""Values of `/Subtype` and `/Type`."""


def clean_pdf(content: bytes, most_bytes: int) -> tuple[str, bytes]:
    """Parse a PDF and write its pages into a new one: links, actions, metadata and the rest stay behind.

    Raises `Refused` for one that is locked, does something, carries files, is too long, or cannot be read.
    """
    import pikepdf

    if b"%%EOF" not in content[-2048:]:
        raise Refused("damaged")  # its end is missing, and with it perhaps pages
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise Refused("locked")
            if not 0 < len(pdf.pages) <= MOST_PAGES:
                raise Refused("too_many_pages" if len(pdf.pages) else "damaged")
            _check_objects(pdf)
            result = _pages_alone(pdf)
    except pikepdf.PasswordError as error:
        raise Refused("locked") from error
    except Refused:
        raise
    except Exception as error:  # what a parser says of bytes that are wrong
        raise Refused("damaged") from error
    if len(result) > most_bytes:
        raise Refused("too_large_anew")
    return "application/pdf", result


def _check_objects(pdf: pikepdf.Pdf) -> None:
    """Look at every object of the file, used or not. Raises `Refused`."""
    import pikepdf

    if len(pdf.objects) > MOST_OBJECTS:
        raise Refused("damaged")
    unpacked = 0
    for thing in pdf.objects:
        for part in _parts(thing):
            _check_dictionary(part)
        if isinstance(thing, pikepdf.Stream):
            unpacked += _unpacked_size(thing, MOST_UNPACKED - unpacked)


def _parts(thing: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """The dictionaries in an object, itself among them; what it only refers to is an object of its own."""
    import pikepdf

    left = [(thing, 0)]
    while left:
        part, depth = left.pop()
        if depth > DEEPEST:
            raise Refused("damaged")
        if isinstance(part, (pikepdf.Dictionary, pikepdf.Stream)):
            yield part
            values = [part.get(key) for key in part.keys()]  # noqa: SIM118  streams are no mappings
        elif isinstance(part, pikepdf.Array):
            values = list(part)
        else:
            continue
        left += [
            (value, depth + 1)
            for value in values
            if isinstance(value, (pikepdf.Dictionary, pikepdf.Array)) and not value.is_indirect
        ]


def _check_dictionary(part: pikepdf.Object) -> None:
    for key in part.keys():  # noqa: SIM118
        if key in FORBIDDEN_KEYS:
            raise Refused(FORBIDDEN_KEYS[key])
    for key, forbidden in (
        ("/S", FORBIDDEN_ACTIONS),
        ("/Subtype", FORBIDDEN_KINDS),
        ("/Type", FORBIDDEN_KINDS),
    ):
        value = str(part.get(key, ""))
        if value in forbidden:
            raise Refused(forbidden[value])
    if str(part.get("/Subtype", "")) == "/Image":
        width, height = int(part.get("/Width", 0)), int(part.get("/Height", 0))
        if width * height > MOST_PIXELS or max(width, height) > 2 * LONGEST_SIDE:
            raise Refused("too_many_pixels")


def _unpacked_size(stream: pikepdf.Object, most: int) -> int:
    """How large a stream is when it is unpacked; pictures as they are, since their pixels are counted."""
    import pikepdf

    filters: object = stream.get("/Filter", [])
    names = [str(name) for name in (filters if isinstance(filters, pikepdf.Array) else [filters])]
    if len(names) > MOST_FILTERS:
        raise Refused("damaged")
    content = stream.read_raw_bytes()
    for name in names:
        if name in ("/FlateDecode", "/Fl"):
            content = _inflated(content, most)
        elif name in ("/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"):
            return _counted(len(content) * LARGEST_OF_LZW, most)
    return _counted(len(content), most)


def _counted(size: int, most: int) -> int:
    if size > most:
        raise Refused("unpacks_too_large")
    return size


def _inflated(content: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        inflated = unpacker.decompress(content, max(most, 1))
    except zlib.error:
        return content  # qpdf keeps what it cannot unpack as it is; viewers show nothing of it
    if unpacker.unconsumed_tail:
        raise Refused("unpacks_too_large")
    return inflated


def _pages_alone(pdf: pikepdf.Pdf) -> bytes:
    """A new file with what the pages show, their notes and filled fields drawn on them."""
    import pikepdf

    if "/AcroForm" in pdf.Root:
        pdf.generate_appearance_streams()
    pdf.flatten_annotations("screen")
    with pikepdf.new() as anew:
        anew.pages.extend(pdf.pages)
        for page in anew.pages:
            for key in ("/AA", "/Annots", "/Metadata", "/PieceInfo", "/B", "/PresSteps", "/Tabs"):
                if key in page:
                    del page[key]
        out = io.BytesIO()
        anew.save(out, deterministic_id=True)
    return out.getvalue()


def kind_of(content: bytes) -> str:
    """What the first bytes say that a file is: PDF, PNG, JPEG or HEIF. Raises `Refused`."""
    if content.startswith(b"%PDF-"):
        return "PDF"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content[4:8] == b"ftyp":
        return "HEIF"
    raise Refused("damaged")


def clean(content: bytes, most_bytes: int) -> tuple[str, bytes]:
    """A file's MIME type and bytes, made anew. Raises `Refused`."""
    kind = kind_of(content)
    return clean_pdf(content, most_bytes) if kind == "PDF" else clean_picture(content, kind, most_bytes)


def main() -> None:
    """Standard input to standard output."""
    limit_this_process()
    try:
        mime_type, made = clean(sys.stdin.buffer.read(), int(sys.argv[1]))
        answer = {"mime_type": mime_type}
    except Refused as refusal:
        answer, made = {"refused": str(refusal)}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + made)


if __name__ == "__main__":
    main()
