"""Files to upload: good ones, and those that somebody made to do harm. Each is made here, byte by byte."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pikepdf
import pillow_heif
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, PngImagePlugin

SCRIPT = b"<script>alert(1)</script>"
MEGABYTE = 1024 * 1024


@cache
def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A picture, its left half red and its right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def heic(frames: int = 1) -> bytes:
    pillow_heif.register_heif_opener()
    images = [Image.new("RGB", (64, 48), (number % 256, 0, 0)) for number in range(frames)]
    out = io.BytesIO()
    images[0].save(out, "HEIF", save_all=True, append_images=images[1:])
    return out.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], None] | None = None, pages: int = 1, **options: Any) -> bytes:
    """A PDF with a word on each page, after `change` has been at it."""
    with pikepdf.new() as document:
        for number in range(pages):
            page = document.add_blank_page(page_size=(200, 100))
            page.Contents = document.make_stream(b"BT /F1 12 Tf 20 50 Td (page %d) Tj ET" % number)
            page.Resources = Dictionary(
                Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
            )
        if change:
            change(document)
        out = io.BytesIO()
        document.save(out, **options)
        return out.getvalue()


@cache
def passport() -> bytes:
    """What an honest person uploads."""
    return pdf()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *extra: bytes) -> bytes:
    """A PNG that says it is so large, of as little data as that takes."""
    rows = zlib.compress(bytes(min(height * (width // 8 + 1), 8 * MEGABYTE)), 9)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_that_says_it_is(width: int, height: int) -> bytes:
    content = bytearray(picture())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def jpeg_with_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x8769] = SCRIPT.decode(), {0x9286: SCRIPT}
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (40.0, 42.0, 46.0)}
    return picture(exif=exif.tobytes(), comment=b"<?php system($_GET['c']); ?>")


def png_with_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    out = io.BytesIO()
    Image.open(io.BytesIO(picture("PNG"))).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def zip_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", SCRIPT)
    return out.getvalue()


def animated_png() -> bytes:
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "blue", "green")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


def script_action() -> Dictionary:
    return Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("app.alert(1)"))


def pdf_with_root(**entries: Any) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        for name, value in entries.items():
            document.Root[f"/{name}"] = value

    return pdf(change)


def pdf_with_link(action: Dictionary) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        link = Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 50, 50]), A=action, Border=Array([0, 0, 0])
        )
        document.pages[0].Annots = Array([document.make_indirect(link)])

    return pdf(change)


def pdf_with_note(subtype: str, **entries: Any) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        note = Dictionary(Type=Name.Annot, Subtype=Name(f"/{subtype}"), Rect=Array([0, 0, 9, 9]), **entries)
        document.pages[0].Annots = Array([document.make_indirect(note)])

    return pdf(change)


def pdf_with_file() -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        document.attachments["run.exe"] = pikepdf.AttachedFileSpec(document, b"MZ harm")

    return pdf(change)


@cache
def packed_zeros(megabytes: int, head: bytes = b"") -> bytes:
    """`head` and that many million zero bytes after it, packed."""
    block, blocks = bytes(8 * MEGABYTE), megabytes // 8
    packer = zlib.compressobj(9)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush equal blocks are packed into equal bytes, so one is packed for all.
    packed += (packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)) * blocks
    # Of the two sums of the checksum, zeros leave the lower as it is and add it to the upper each time.
    upper, lower = divmod(zlib.adler32(head), 1 << 16)
    upper = (upper + lower * blocks * len(block)) % 65521
    return packed + b"\x03\x00" + (upper << 16 | lower).to_bytes(4, "big")


def pdf_with_stream(data: bytes, times: int = 1, **entries: Any) -> bytes:
    """`data`, which is packed already, packed until that was done `times` times: the contents of the page."""

    def change(document: pikepdf.Pdf) -> None:
        packed = data
        for _ in range(times - 1):
            packed = zlib.compress(packed, 9)
        names = Array([Name.FlateDecode] * times)
        document.pages[0].Contents = pikepdf.Stream(document, packed, Filter=names, **entries)

    return pdf(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def pdf_with_picture(width: int, height: int) -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        image = pikepdf.Stream(document, zlib.compress(bytes(100)), Filter=Name.FlateDecode)
        image.Type, image.Subtype, image.Width, image.Height = Name.XObject, Name.Image, width, height
        image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 1
        document.pages[0].Resources.XObject = Dictionary(Im0=image)

    return pdf(change, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def raw_pdf(objects: list[bytes], trailer: bytes = b"/Root 1 0 R", prev: bool = False) -> bytes:
    """A PDF of numbered objects, written by hand, whose table may say that it continues itself."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    back = b" /Prev %d" % table if prev else b""
    out += b"trailer\n<< /Size %d %s%s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        back,
        table,
    )
    return bytes(out)


CATALOG, PAGES = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"


def pdf_that_unpacks_while_it_is_read() -> bytes:
    """Objects in a packed stream of three gigabytes, which a reader unpacks to find them."""
    packed = packed_zeros(3072, b"4 0 5 3 1 2   ")
    stream = b"<< /Type /ObjStm /N 2 /First 10 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    page = PAGE[:-2] + b"/Contents 5 0 R >>"
    return raw_pdf([CATALOG, PAGES, page, stream + packed + b"\nendstream"])


def pdf_with_many_pages(count: int) -> bytes:
    kids = b" ".join([b"3 0 R"] * count)
    return raw_pdf([CATALOG, b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count), PAGE])


def pdf_with_script_in_other_letters() -> bytes:
    catalog = CATALOG[:-2] + b"/OpenAction << /#53 /J#61vaScript /#4a#53 (app.alert(1)) >> >>"
    return raw_pdf([catalog, PAGES, PAGE])


def pdf_nested(depth: int) -> bytes:
    return raw_pdf([CATALOG[:-2] + b"/Deep " + b"[" * depth + b"]" * depth + b" >>", PAGES, PAGE])
