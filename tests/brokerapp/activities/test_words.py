from decimal import Decimal
from typing import Any

import pytest

from brokerapp.activities import words
from brokerapp.activities.words import Entry, Kind
from tests.brokerapp.records.conftest import activity, fill


@pytest.mark.parametrize(
    ("kind", "columns", "title"),
    [
        ("CSD", {}, "Deposit"),
        ("CSD", {"previous_id": "x"}, "Withdrawal returned"),
        ("CSW", {"amount": "-5"}, "Withdrawal"),
        ("CSW", {"amount": "-5", "previous_id": "x"}, "Deposit taken back"),
        ("JNLC", {}, "Credit"),
        ("JNLC", {"amount": "-5", "previous_id": "x"}, "Credit taken back"),
        ("JNLS", {"amount": "0", "qty": Decimal(2), "symbol": "AAPL"}, "Shares added, AAPL"),
        ("DIV", {"symbol": "AAPL"}, "Dividend, AAPL"),
        ("DIV", {"amount": "-1", "symbol": "AAPL"}, "Dividend owed on shares sold short, AAPL"),
        ("DIV", {"subtype": "SPD", "symbol": "AAPL"}, "Payment in place of a dividend, AAPL"),
        ("DIVNRA", {"amount": "-1", "symbol": "AAPL"}, "Tax withheld from a dividend, AAPL"),
        ("INT", {"subtype": "MGN", "amount": "-1"}, "Interest on borrowed money"),
        ("INT", {"amount": "-1"}, "Interest charged"),
        ("FEE", {"subtype": "TAF", "amount": "-0.01"}, "Trading activity fee (FINRA)"),
        ("FEE", {"amount": "25"}, "Fee, given back"),
        ("SPLIT", {"amount": "0", "qty": Decimal(3), "symbol": "AAPL"}, "Split, AAPL"),
        ("SPLIT", {"amount": "0", "qty": Decimal(-3), "symbol": "AAPL"}, "Reverse split, AAPL"),
        ("QQQQ", {}, "Other entry, “QQQQ” at the broker"),
    ],
)
def test_title_of(kind: str, columns: dict[str, Any], title: str) -> None:
    assert words.title_of(activity(None, kind, **columns)) == title


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        ({}, "Bought AAPL"),
        ({"side": "sell"}, "Sold AAPL"),
        ({"side": "sell_short"}, "Sold short AAPL"),
        ({"qty": Decimal(-2), "amount": "400"}, "Trade taken back: bought AAPL"),
        ({"previous_id": "x"}, "Corrected trade: bought AAPL"),
    ],
)
def test_title_of_execution(columns: dict[str, Any], title: str) -> None:
    assert words.title_of(fill(None, **columns)) == title


def test_detail_of() -> None:
    assert words.detail_of(fill(None)) == "2 shares at $200.00 a share"
    assert words.detail_of(fill(None, subtype="partial_fill")).endswith(", part of the order")
    paid = activity(
        None, "DIV", qty=Decimal(4), per_share_amount=Decimal("0.25"), description="Cash DIV @ 0.25"
    )
    assert words.detail_of(paid) == "$0.25 a share on 4 shares"
    assert words.detail_of(activity(None, "SPLIT", "0", qty=Decimal(-3))) == "3 shares fewer than before"
    assert words.detail_of(activity(None, "FEE", "-1", description="TAF fee")) == "TAF fee"


def test_entry_of_shares_says_how_many() -> None:
    assert Entry(activity(None, "SPLIT", "0", qty=Decimal(3))).shares_text == "+3 shares"
    assert Entry(activity(None, "JNLS", "0", qty=Decimal(-1))).shares_text == "−1 share"
    assert Entry(fill(None)).shares_text == ""


def test_every_named_type_is_of_one_kind_and_has_a_title_and_an_icon() -> None:
    named = [name for names in words.TYPES.values() for name in names]
    assert len(named) == len(set(named))
    for name in named:
        entry = Entry(activity(None, name))
        assert "Other entry" not in entry.title
        assert entry.icon
    assert words.kind_of(activity(None, "QQQQ")) == Kind.OTHER
