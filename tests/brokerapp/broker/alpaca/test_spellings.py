import pytest

from brokerapp.broker.alpaca.scrub import REDACTED, scrub, scrub_members

SSN, BORN, PHONE, BANK = "124559876", "1971-02-17", "+12125550197", "000123456789"


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        *(
            (SSN, text)
            for text in ("124559876", "124-55-9876", "124 55 9876", "124.55.9876", "1 2 4 5 5 9 8 7 6")
        ),
        *(
            (BORN, text)
            for text in (
                "1971-02-17",
                "02/17/1971",
                "2/17/1971",
                "02-17-71",
                "2/17/71",
                "17.02.1971",
                "1971/2/17",
                "19710217",
                "02171971",
                "Feb 17, 1971",
                "FEB 17 1971",
                "February 17th, 1971",
                "17 February 1971",
                "17-Feb-1971",
                "17th of February, 1971",
                "1971 Feb 17",
            )
        ),
        *(
            (PHONE, text)
            for text in (
                "+12125550197",
                "2125550197",
                "(212) 555-0197",
                "212-555-0197",
                "212.555.0197",
                "+1 212 555 0197",
                "1-212-555-0197",
                "+1 (212) 555 0197",
            )
        ),
        *(
            (BANK, text)
            for text in (
                "000123456789",
                "123456789",
                "0001-2345-6789",
                "000 123 456 789",
                "000123 456789",
                "1234 56789",
            )
        ),
        ("12345", "12 345"),
        ("94401-1234", "944011234"),
        ("20 N San Mateo Dr", "20  N SAN MATEO DR"),
        ("Ada Byron", "ada\nbyron"),
        ("Byron", "BYRON"),
        ("ada.byron@example.com", "ADA.BYRON@example.com"),
        ("Müller", "MÜLLER"),
    ],
)
def test_scrub_finds_a_value_in_every_spelling(value: str, spelled: str) -> None:
    said = scrub(f"R03: no account of {spelled}; see the file.", {value})
    assert said == f"R03: no account of {REDACTED}; see the file."


@pytest.mark.parametrize("wide", ["１２４-５５-９８７６", "124\u00a055\u00a09876"])
def test_scrub_finds_a_number_in_other_digits_and_blanks(wide: str) -> None:
    assert scrub(f"tax id {wide} is known", {SSN}) == f"tax id {REDACTED} is known"


@pytest.mark.parametrize(
    "harmless",
    [
        "R01 insufficient funds",
        "returned on 2026-11-20, order 12345678-1234-1234-1234-124559876123",
        "amount 1245.59 of 876.00",
        "bird and Byronic are other words",
        "code 40910000, at most 100 characters",
        "since Feb 18, 1971",
        "at most 1000 2000 of 2026-11-23",
    ],
)
def test_scrub_leaves_what_only_looks_like_it(harmless: str) -> None:
    said = scrub(harmless, {SSN, BORN, PHONE, BANK, "Byron"})
    assert said == harmless.replace("40910000", REDACTED)


@pytest.mark.parametrize(
    "personal",
    ["124 55 9876", "124.55.9876", "(212) 555-0197", "212-555-0197", "0007-1829-3645", "000718 293645"],
)
def test_scrub_knows_numbers_of_people_whom_nobody_named(personal: str) -> None:
    assert scrub(f"not {personal}, sorry") == f"not {REDACTED}, sorry"


def test_scrub_members_looks_into_texts_only() -> None:
    body = {
        "id": "124559876",
        "identity": {"given_name": "Ada"},
        "reason": "Ada has R03",
        "kyc_results": {
            "additional_information": "tax id 124 55 9876",
            "reject": {"WATCHLIST_HIT": {"text": ["of Ada"]}},
        },
        "legs": [{"reason": "", "qty": 5}],
    }
    assert scrub_members(body, lambda: {SSN, "Ada"}) == {
        "id": "124559876",
        "identity": {"given_name": "Ada"},
        "reason": f"{REDACTED} has R03",
        "kyc_results": {
            "additional_information": f"tax id {REDACTED}",
            "reject": {"WATCHLIST_HIT": {"text": [f"of {REDACTED}"]}},
        },
        "legs": [{"reason": "", "qty": 5}],
    }


def test_scrub_members_of_nobody_we_know_removes_the_text() -> None:
    assert scrub_members({"reason": "Ada has R03"}, lambda: None) == {"reason": REDACTED}


def test_scrub_members_asks_once_and_only_when_there_is_a_text() -> None:
    asked: list[int] = []

    def known() -> set[str]:
        asked.append(1)
        return set()

    scrub_members({"status": "COMPLETE", "reason": ""}, known)
    assert asked == []
    scrub_members([{"reason": "a"}, {"reason": "b"}], known)
    assert asked == [1]
