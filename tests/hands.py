"""What hands produce, and how a person reads it: shared by the tests of everything that is typed in."""

import re
from decimal import Decimal

from hypothesis import strategies as st

from brokerapp.units.typed import fold

AMOUNTS = st.one_of(
    st.text("0123456789.,'_ $-eE+\u00a0１５٣½²", max_size=12),
    st.from_regex(r"\A[0-9]{1,4}([.,' ][0-9]{1,4}){0,3}\Z"),
    st.text(max_size=8),
)
"""What fingers and clipboards make of an amount."""


def as_a_person_reads(text: str) -> Decimal | None:
    """The number in a text by the rules of a school book, written apart from the code: None if unclear."""
    text = fold(text).removeprefix("$").strip()
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, decimals = text.removeprefix("$").strip().partition(".")
    if not re.fullmatch("[0-9]*", decimals) or not (whole or decimals):
        return None
    for separator in (",", " "):
        if separator in whole:
            first, *groups = whole.split(separator)
            if not re.fullmatch("[1-9][0-9]{0,2}", first):
                return None
            if not all(re.fullmatch("[0-9]{3}", group) for group in groups):
                return None
            whole = first + "".join(groups)
    return sign * Decimal(f"{whole or 0}.{decimals or 0}") if re.fullmatch("[0-9]*", whole) else None
