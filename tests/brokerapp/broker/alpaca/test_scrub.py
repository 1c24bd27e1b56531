import base64
import random
import tracemalloc

import pytest

from brokerapp.broker.alpaca.scrub import (
    MAX_LENGTH,
    REDACTED,
    scrub,
    sensitive_values,
)


@pytest.mark.parametrize(
    "personal",
    [
        "123-45-6789",
        "123456789",
        "32131231abc",
        "01020304",
        "ann.o'hara+x@mail.example.com",
        "12345678901234567",
    ],
)
def test_scrub_removes_what_looks_personal(personal):
    assert scrub(f"field {personal} is invalid") == f"field {REDACTED} is invalid"


@pytest.mark.parametrize(
    "harmless",
    [
        "insufficient qty available for order (requested: 1000, available: 0.5)",
        "cost basis 680930026.5 above 558660.03",
        "order not found for 12345678-1234-1234-1234-123456789012",
        "must be before 2026-11-23",
    ],
)
def test_scrub_leaves_the_rest(harmless):
    assert scrub(harmless) == harmless


def test_scrub_removes_given_secrets_as_whole_words():
    assert scrub("Ann cannot, said ANN", {"Ann"}) == f"{REDACTED} cannot, said {REDACTED}"


def test_scrub_shortens():
    assert len(scrub("x" * 2000)) == MAX_LENGTH


def test_sensitive_values_finds_them_at_any_depth():
    body = {
        "identity": {"tax_id": "1", "country_of_birth": "USA"},
        "contact": {"street_address": ["2", "3"], "unit": None},
        "documents": [{"content": "4", "mime_type": "image/png"}],
    }
    assert sensitive_values(body) == {"1", "2", "3", "4"}
    assert sensitive_values([{"content": "4"}]) == {"4"}
    assert sensitive_values(None) == set()


DOCUMENT = base64.b64encode(random.Random(7).randbytes(7_500_000)).decode()
"""What a file of the largest size is sent as: ten million characters."""


@pytest.mark.parametrize(
    "echo", [DOCUMENT, DOCUMENT[:300] + "...", DOCUMENT[-60:], DOCUMENT[5000:5100], f'"{DOCUMENT[:80]}"']
)
def test_scrub_removes_a_document_and_pieces_of_it(echo):
    said = scrub(f"cannot decode {echo} of file", {DOCUMENT, "Okonkwo"})

    assert said.startswith("cannot decode ")
    assert not any(DOCUMENT[at : at + 24] in said for at in (0, 4, 276, 5000, 5050, len(DOCUMENT) - 60))


def test_scrub_leaves_other_long_words():
    path = "/v1/accounts/activities/account/activities/of/another"
    assert scrub(f"no {path}", {DOCUMENT}) == f"no {path}"


def test_scrub_of_a_document_needs_little_memory():
    scrub("warm", {"up"})
    tracemalloc.start()
    try:
        scrub(f"content {DOCUMENT} is not an image", {DOCUMENT})
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 4 * len(DOCUMENT)


def test_scrub_leaves_no_half_of_a_secret_where_a_long_text_is_cut():
    text = "x" * 3990 + " Adaeze Okonkwo"
    assert "Ada" not in scrub(text.replace("x" * 3990, "1" * 3990), {"Adaeze Okonkwo"})


def test_scrub_of_a_long_word_without_an_at_sign_ends():
    assert len(scrub("a." * 2_000_000)) == MAX_LENGTH
