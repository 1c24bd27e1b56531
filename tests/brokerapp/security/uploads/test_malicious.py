"""Files that somebody made to do harm: each is refused in words, or comes out without what was in it."""

import io
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pikepdf import Array, Dictionary, Encryption, Name, String
from PIL import Image

from brokerapp.security.uploads import files
from onboarding.forms.personal import DocumentsForm
from onboarding.models import KycApplication
from tests.brokerapp.security.uploads import samples
from tests.brokerapp.security.uploads.samples import MEGABYTE, SCRIPT, pdf, picture, raw_pdf, script_action

KIND, DAMAGED = "not a PDF, PNG, JPEG or HEIC", "cannot be read"
PIXELS, LOCKED, PROGRAM = "50 megapixels", "protected by a password", "has a program in it"
BY_ITSELF, CARRIES = "open or send something by itself", "carries other files"

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "html": (lambda: b"<!doctype html>" + SCRIPT, KIND),
    "svg": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", KIND),
    "program": (lambda: b"MZ\x90\x00" + bytes(100), KIND),
    "html before a pdf": (lambda: SCRIPT + samples.passport(), KIND),
    "tiff": (lambda: picture("TIFF"), KIND),
    "gif": (lambda: picture("GIF"), KIND),
    "avif": (lambda: b"\x00\x00\x00\x20ftypavif" + bytes(100), "an AVIF picture"),
    "webp": (lambda: b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a WebP picture"),
    "film": (lambda: b"\x00\x00\x00\x18ftypisom" + bytes(100), KIND),
    "png bomb": (lambda: samples.png_of(60000, 60000), PIXELS),
    "long png": (lambda: samples.png_of(2_000_000, 1), PIXELS),
    "jpeg bomb": (lambda: samples.jpeg_that_says_it_is(65500, 65500), PIXELS),
    "png with a text bomb": (lambda: samples.png_of(8, 8, samples.chunk(b"zTXt", text_bomb())), DAMAGED),
    "cut png": (lambda: picture("PNG", (300, 300))[:-60], DAMAGED),
    "cut jpeg": (lambda: picture("JPEG", (300, 300))[:-400], DAMAGED),
    "cut heic": (lambda: samples.heic()[:-200], DAMAGED),
    "heic of nothing": (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(500), DAMAGED),
    "png of noise": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, DAMAGED),
    "cut pdf": (lambda: samples.passport()[:-200], DAMAGED),
    "pdf of nothing": (lambda: b"%PDF-1.7\n%%EOF", DAMAGED),
    "pdf without pages": (lambda: pdf(pages=0), DAMAGED),
    "script by name": (
        lambda: samples.pdf_with_root(
            Names=Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script_action()])))
        ),
        PROGRAM,
    ),
    "script on opening": (lambda: samples.pdf_with_root(OpenAction=script_action()), PROGRAM),
    "script in other letters": (samples.pdf_with_script_in_other_letters, PROGRAM),
    "script behind a link": (lambda: samples.pdf_with_link(script_action()), PROGRAM),
    "script of a page": (lambda: samples.pdf_with_note("Widget", AA=Dictionary(E=script_action())), PROGRAM),
    "form program": (lambda: samples.pdf_with_root(AcroForm=Dictionary(XFA=String("<xdp/>"))), PROGRAM),
    "launch": (lambda: samples.pdf_with_link(Dictionary(S=Name.Launch, F=String("calc.exe"))), BY_ITSELF),
    "send form": (
        lambda: samples.pdf_with_link(Dictionary(S=Name.SubmitForm, F=String("https://evil.example"))),
        BY_ITSELF,
    ),
    "other file": (
        lambda: samples.pdf_with_link(Dictionary(S=Name.GoToR, F=String("//evil.example/share"))),
        BY_ITSELF,
    ),
    "file in a pdf": (samples.pdf_with_file, CARRIES),
    "file pinned to a page": (lambda: samples.pdf_with_note("FileAttachment"), CARRIES),
    "media": (lambda: samples.pdf_with_note("RichMedia"), CARRIES),
    "password": (lambda: pdf(encryption=Encryption(owner="o", user="u")), LOCKED),
    "rights": (lambda: pdf(encryption=Encryption(owner="o", user="")), LOCKED),
    "table that continues itself": (lambda: raw_pdf([samples.CATALOG], prev=True), DAMAGED),
    "pages in a ring": (
        lambda: raw_pdf(
            [
                samples.CATALOG,
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Pages /Kids [2 0 R] >>",
            ]
        ),
        DAMAGED,
    ),
    "deep nesting": (lambda: samples.pdf_nested(100_000), DAMAGED),
    "nesting": (lambda: samples.pdf_nested(200), DAMAGED),
    "many pages": (lambda: samples.pdf_with_many_pages(20_000), "more than 50 pages"),
    "packed page": (lambda: samples.pdf_with_stream(samples.packed_zeros(200)), "unpacks to more"),
    "packed twice": (lambda: samples.pdf_with_stream(samples.packed_zeros(200), 2), "unpacks to more"),
    "packed again and again": (lambda: samples.pdf_with_stream(zlib.compress(bytes(9)), 30), DAMAGED),
    "packed objects": (samples.pdf_that_unpacks_while_it_is_read, ""),
    "picture in a pdf": (lambda: samples.pdf_with_picture(60000, 60000), PIXELS),
}


def text_bomb() -> bytes:
    return b"Comment\0\0" + samples.packed_zeros(104)


def uploaded(name: str, content: bytes) -> DocumentsForm:
    return DocumentsForm(
        {"document_type": "identity_verification"},
        {"file": SimpleUploadedFile(name, content)},
        application=KycApplication(),
    )


@pytest.mark.parametrize("name", REFUSED)
def test_upload_of_harm_is_refused_in_words(name: str) -> None:
    make, words = REFUSED[name]
    content = make()
    assert len(content) < 7_500_000
    form = uploaded("passport.pdf", content)
    assert not form.is_valid()
    assert words in form.errors["file"][0]


def kept(content: bytes, name: str = "passport.pdf") -> files.CleanFile:
    form = uploaded(name, content)
    assert form.is_valid(), form.errors
    made: files.CleanFile = form.cleaned_data["file"]
    return made


def opened(made: files.CleanFile) -> Image.Image:
    image = Image.open(io.BytesIO(made.content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("make", "without"),
    [
        (samples.jpeg_with_exif, [SCRIPT, b"Exif", b"<?php"]),
        (samples.png_with_text, [SCRIPT, b"iTXt"]),
        (lambda: picture() + samples.zip_file(), [b"PK\x03\x04", SCRIPT]),
        (lambda: picture("PNG") + samples.zip_file(), [b"PK\x03\x04", SCRIPT]),
        (lambda: picture() + b"<html>" + SCRIPT, [SCRIPT]),
        (lambda: picture(icc_profile=b"ICC" + SCRIPT), [SCRIPT]),
    ],
)
def test_picture_comes_out_without_what_was_hidden_in_it(
    make: Callable[[], bytes], without: list[bytes]
) -> None:
    content = make()
    assert all(part in content for part in without)
    made = kept(content)
    assert not any(part in made.content for part in without)
    assert opened(made).size in ((64, 48), (48, 64))
    assert not opened(made).getexif()


def test_picture_is_turned_as_its_metadata_said() -> None:
    turned = opened(kept(samples.jpeg_with_exif()))
    assert turned.size == (48, 64)
    red, _, blue = turned.getpixel((24, 4))  # type: ignore[misc]
    assert red > 200 > 50 > blue


@pytest.mark.parametrize("frames", [1, 40])
def test_heic_becomes_a_jpeg_of_its_first_picture(frames: int) -> None:
    made = kept(samples.heic(frames), "IMG_0001.HEIC")
    assert made.mime_type == "image/jpeg"
    image = opened(made)
    assert (image.format, image.size, getattr(image, "n_frames", 1)) == ("JPEG", (64, 48), 1)
    assert image.getpixel((5, 5))[0] < 10  # type: ignore[index]


def test_animated_png_is_kept_as_its_first_picture() -> None:
    image = opened(kept(samples.animated_png()))
    assert (image.format, getattr(image, "n_frames", 1)) == ("PNG", 1)
    assert image.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_picture_of_any_colors_is_kept(mode: str) -> None:
    out = io.BytesIO()
    Image.new("RGB" if mode in ("P", "RGBA") else mode.replace("CMYK", "RGB"), (9, 9)).convert(
        mode if mode != "I;16" else "I;16"
    ).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(kept(out.getvalue())).size == (9, 9)


def set_author(document: pikepdf.Pdf) -> None:
    document.docinfo["/Author"] = "Ada Byron"
    with document.open_metadata() as metadata:
        metadata["dc:creator"] = ["Ada Byron"]


def pdf_text(made: files.CleanFile) -> bytes:
    """Everything in a PDF, unpacked."""
    with pikepdf.open(io.BytesIO(made.content)) as document:
        objects = list(document.objects)
        streams = [thing.read_bytes() for thing in objects if isinstance(thing, pikepdf.Stream)]
        return b"\n".join([thing.unparse() for thing in objects] + streams)


@pytest.mark.parametrize(
    ("make", "without"),
    [
        (lambda: samples.pdf_with_link(link_out()), [b"evil.example"]),
        (lambda: samples.passport() + SCRIPT + b"\n%%EOF\n", [SCRIPT]),
        (lambda: with_comment(samples.passport()), [SCRIPT]),
        (lambda: samples.passport() + samples.zip_file() + b"\n%%EOF", [b"PK\x03\x04"]),
        (lambda: pdf(set_author), [b"Ada Byron"]),
        (lambda: samples.pdf_with_root(OpenAction=Array([Name.Fit])), [b"OpenAction"]),
        (lambda: samples.pdf_with_note("Text", Contents=String("a secret note")), [b"a secret note"]),
    ],
)
def test_pdf_comes_out_without_what_its_pages_do_not_show(
    make: Callable[[], bytes], without: list[bytes]
) -> None:
    made = kept(make())
    assert made.mime_type == "application/pdf"
    text = pdf_text(made)
    assert b"(page 0)" in text
    assert not any(part in text or part in made.content for part in without)


def link_out() -> Dictionary:
    return Dictionary(S=Name.URI, URI=String("https://evil.example/track"))


def with_comment(content: bytes) -> bytes:
    first, rest = content.split(b"\n", 1)
    return first + b"\n%" + SCRIPT + b"\n" + rest


def test_pdf_of_fifty_pages_is_kept_whole() -> None:
    with pikepdf.open(io.BytesIO(kept(pdf(pages=50)).content)) as document:
        assert len(document.pages) == 50


@pytest.mark.parametrize("name", ["passport.pdf", "passport.exe", "passport", ".htaccess", "a.pdf.jpg.svg"])
def test_upload_goes_by_content_not_by_name(name: str) -> None:
    assert kept(picture(), name).mime_type == "image/jpeg"


def test_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SECONDS", 0.001)
    with pytest.raises(files.FileRefused, match="too long"):
        files.clean_file(picture(), most_bytes=MEGABYTE)


def test_file_that_crashes_its_reader_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os; os.kill(os.getpid(), 11)")
    monkeypatch.setattr(files, "CLEANER", crash)
    with pytest.raises(files.FileRefused, match="cannot be read"):
        files.clean_file(picture(), most_bytes=MEGABYTE)


def test_file_is_read_without_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    shows = tmp_path / "shows.py"
    shows.write_text("import json, os; print(json.dumps({'mime_type': ' '.join(os.environ)}))")
    monkeypatch.setattr(files, "CLEANER", shows)
    monkeypatch.setenv("SECRET_KEY", "a secret")
    assert "SECRET_KEY" not in files.clean_file(picture(), most_bytes=MEGABYTE).mime_type


def test_picture_that_is_too_large_is_made_smaller() -> None:
    import random

    noise = random.Random(7).randbytes(300 * 300 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (300, 300), noise).save(out, "PNG")
    made = files.clean_file(out.getvalue(), most_bytes=100_000)
    assert (made.mime_type, len(made.content) <= 100_000) == ("image/jpeg", True)
    with pytest.raises(files.FileRefused, match="too large for the broker"):
        files.clean_file(out.getvalue(), most_bytes=10_000)
