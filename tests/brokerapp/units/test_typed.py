import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerapp.units import typed
from brokerapp.units.typed import NotANumber, fold, foreign, read_decimal, spelling
from tests.hands import AMOUNTS, as_a_person_reads


@pytest.mark.parametrize(
    ("pasted", "folded"),
    [
        ("O’Neil", "O'Neil"),
        ("Smith‑Jones", "Smith-Jones"),
        ("De\u00a0La\u202fCruz", "De La Cruz"),
        ("St. Mary’s", "St. Mary's"),
        ("1210‑00358", "1210-00358"),
        ("94401–1234", "94401-1234"),
        ("\ufeffAda\u200b\u2060", "Ada"),
        ("“Ada”", '"Ada"'),
        ("１２３ ｆｕｌｌ", "123 full"),
        ("Garﬁeld", "Garfield"),
        ("a\tb\r\nc\x00", "a b  c"),
        ("  Ada  ", "Ada"),
        ("Núñez", "Núñez"),
    ],
)
def test_fold_turns_typographic_characters_into_ascii(pasted: str, folded: str) -> None:
    assert fold(pasted) == folded


@given(st.text())
def test_fold_is_at_rest_after_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_fold_changes_no_plain_text_but_blanks_at_its_ends(text: str) -> None:
    assert fold(text) == text.strip()


@pytest.mark.parametrize(
    ("name", "offered", "named"),
    [
        ("Núñez", "Nunez", ["ú", "ñ"]),
        ("Estée", "Estee", ["é"]),
        ("Groß", "Gross", ["ß"]),
        ("Łukasz Ångström", "Lukasz Angstrom", ["Ł", "Å", "ö"]),
        ("Cafe\u0301", "Cafe", ["é"]),
        ("李", "", ["李"]),
        ("Ada", "Ada", []),
    ],
)
def test_spelling_offers_plain_letters(name: str, offered: str, named: list[str]) -> None:
    assert spelling(fold(name)) == offered
    assert foreign(fold(name)) == named


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", "0.5"), (".5", "0.5"), ("5.", "5"), ("100", "100"), ("1,000", "1000"),
        ("1,000.50", "1000.50"),
        ("12,345", "12345"), ("1,234,567.89", "1234567.89"), (" 1 234.56 ", "1234.56"), ("１２", "12"),
        ("1\u00a0000", "1000"), ("−3", "-3"), ("007", "7"), ("5\u200b", "5"),
    ],
)  # fmt: skip
def test_read_decimal_reads_what_is_plain(text: str, number: str) -> None:
    assert read_decimal(text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0,5", "0.5"), ("1,5", "1.5"), ("100,50", "100.50"), ("10,50", "10.50"), ("0,500", "0.500"),
        ("1,2,3", "123"), ("1.234,56", "1,234.56"), ("1 000,50", "1,000.50"), ("1.000.000", "1,000,000"),
        ("1_000", "1,000"), ("1'000", "1,000"), ("1,,000", "1,000"), ("1000,000", "1,000,000"),
        ("1e3", "1,000"), ("$2", "2"), ("+5", "5"), ("2 shares", "2"), ("10 USD", "10"),
        ("1E+400000000", ""), ("", ""), ("-", ""), (".", ""), ("abc", ""), ("NaN", ""), ("Infinity", ""),
        ("1.5.2", ""), ("5%", ""), ("1½", ""), ("٣", ""), ("5²", ""), ("9" * 41, ""),
    ],
)  # fmt: skip
def test_read_decimal_refuses_with_the_reading_offered(text: str, meant: str) -> None:
    with pytest.raises(NotANumber) as refused:
        read_decimal(text)
    assert refused.value.meant == meant
    if meant:
        read_decimal(meant)  # what is offered is taken


@pytest.mark.parametrize("text", ["$1,234.56", "$ 1,234.56", "1,234.56", "＄1,234.56"])
def test_read_decimal_of_money_takes_the_sign(text: str) -> None:
    assert read_decimal(text, currency=True) == Decimal("1234.56")


@given(AMOUNTS, st.booleans())
def test_read_decimal_reads_as_a_person_does_or_refuses(text: str, currency: bool) -> None:
    try:
        number = read_decimal(text, currency=currency)
    except NotANumber as refused:
        if refused.meant:
            read_decimal(refused.meant)
    else:
        assert number == as_a_person_reads(text)
        assert "," not in text or re.search(r",[0-9]{3}", typed.fold(text))
