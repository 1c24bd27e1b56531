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
