from datetime import date

import pytest

from onboarding import rules
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus


@pytest.mark.parametrize("typed", ["661-01-0666", "912-34-5678"])
def test_normalize_ssn_accepts_what_is_issued(typed: str) -> None:
    assert rules.normalize_ssn(typed) == typed.replace("-", "")


@pytest.mark.parametrize(
    "typed",
    [
        "124-55-4321",
        "124554321",
        " 124 55 4321 ",
        " 124-55-4321",
        "124 - 55 - 4321",
        "124–55–4321",
        "124‑55‑4321",
        "124−55−4321",
        "124-55-4321\u200b",
        "\u202a124-55-4321\u202c",
        "124\u00a055\u00a04321",
        "124.55.4321",
        "１２４５５４３２１",
    ],
)
def test_normalize_ssn_accepts_what_people_type_and_paste(typed: str) -> None:
    assert rules.normalize_ssn(typed) == "124554321"


@pytest.mark.parametrize(
    "typed",
    [
        "000-00-0000",
        "000-12-3456",
        "666-55-4321",
        "124-00-4321",
        "124-55-0000",
        "111-11-1111",
        "123456789",
        "987-65-4321",
        "12455432",
        "1245543210",
        "12455432a",
        "١٢٤٥٥٤٣٢١",
    ],
)
def test_normalize_ssn_refuses_what_is_never_issued(typed: str) -> None:
    with pytest.raises(rules.AnswerRefused):
        rules.normalize_ssn(typed)


def test_tax_id_type_of_an_itin() -> None:
    assert rules.tax_id_type("912345678") == "USA_ITIN"
    assert rules.tax_id_type("124554321") == "USA_SSN"


@pytest.mark.parametrize(
    ("born", "today", "allowed"),
    [
        (date(2008, 3, 2), date(2026, 3, 2), True),
        (date(2008, 3, 3), date(2026, 3, 2), False),
        (date(2008, 2, 29), date(2026, 2, 28), False),
        (date(2008, 2, 29), date(2026, 3, 1), True),
        (date(2027, 1, 1), date(2026, 3, 2), False),
        (date(1900, 1, 1), date(2026, 3, 2), False),
        (date(1950, 1, 1), date(2026, 3, 2), True),
    ],
)
def test_check_age_on_the_birthday(born: date, today: date, allowed: bool) -> None:
    if allowed:
        rules.check_age(born, today)
    else:
        with pytest.raises(rules.AnswerRefused):
            rules.check_age(born, today)


@pytest.mark.parametrize(
    "street",
    [
        "PO Box 12",
        "P.O. Box 12",
        "p. o. box 9",
        "PO-Box 9",
        "P O Box",
        "Post Office Box 1",
        "Box # 4",
        "Box 65, RR 2",
        "POB 12",
        "# P.O.B. 12",
        "12 Main St, PO Box 4",
        "7",
        "1234",
    ],
)
def test_check_street_address_refuses(street: str) -> None:
    with pytest.raises(rules.AnswerRefused):
        rules.check_street_address(street)


@pytest.mark.parametrize(
    "street",
    [
        "20 N San Mateo Dr",
        "1 Boxwood Lane",
        "Poboxton Road 3",
        "12 Post Office Box Rd",
        "12 PO Box Road",
        "RR 2 Box 65",
        "1234 O'Farrell St",
        "3 Po St",
    ],
)
def test_check_street_address_accepts(street: str) -> None:
    rules.check_street_address(street)


@pytest.mark.parametrize(
    "head",
    [
        b"%PDF-1.7\n",
        b"\x89PNG\r\n\x1a\n\x00",
        b"\xff\xd8\xff\xe0",
        b"\xef\xbb\xbf%PDF-1.7\n",
        b"\x00\x00\x00\x18ftypheic",
    ],
)
def test_check_document_goes_by_the_first_bytes(head: bytes) -> None:
    rules.check_document(head, 100)


@pytest.mark.parametrize(
    ("head", "size", "words"),
    [
        (b"%PDF-1.7", 12_000_000, "12.0 MB"),
        (b"GIF89a", 10, "not a PDF"),
        (b"", 0, "not a PDF"),
        (b"\x00\x00\x00\x18ftypavif", 10, "AVIF"),
        (b"\x00\x00\x00\x18ftypisom", 10, "not a PDF"),
        (b"RIFF\x00\x00\x00\x00WEBP", 10, "WebP"),
    ],
)
def test_check_document_refuses(head: bytes, size: int, words: str) -> None:
    with pytest.raises(rules.AnswerRefused, match=words):
        rules.check_document(head, size)


def test_check_editable_after_sending() -> None:
    rules.check_editable(KycApplication(status=ApplicationStatus.NEEDS_CHANGES))
    with pytest.raises(rules.ApplicationFrozen):
        rules.check_editable(KycApplication(status=ApplicationStatus.UNKNOWN))
