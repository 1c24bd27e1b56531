"""What has to be done before an account is closed, as plain functions."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.closing import checklist
from brokerapp.closing.checklist import Facts

EMPTY = Facts(orders=0, positions=0, transfers=0)


def account(**columns: Any) -> BrokerageAccount:
    return BrokerageAccount(**{"status": "ACTIVE", "balances_at": timezone.now(), **columns})


def state_of(found: BrokerageAccount, facts: Facts = EMPTY) -> dict[str, bool | None]:
    return {item.title: item.done for item in checklist.items(found, facts)}


def test_items_of_an_empty_account_are_done_but_for_what_only_the_person_knows() -> None:
    assert state_of(account()) == {
        "Open orders": True,
        "What you hold": True,
        "Transfers on their way": True,
        "Money": True,
        "Statements and tax papers": None,
        "Activity": None,
    }
    checklist.check(account(), EMPTY)


@pytest.mark.parametrize(
    ("facts", "columns", "words"),
    [
        (Facts(1, 0, 0), {}, "open orders"),
        (Facts(0, 2, 0), {}, "what you hold"),
        (Facts(0, 0, 1), {}, "transfers on their way"),
        (EMPTY, {"cash": Decimal("0.01")}, "money"),
        (EMPTY, {"cash": Decimal("-5")}, "money"),
        (EMPTY, {"memoposts": Decimal("5")}, "money"),
        (EMPTY, {"balances_at": None}, "money"),
    ],
)
def test_check_names_what_is_still_to_be_done(facts: Facts, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(checklist.CannotClose, match=f"Still to do: {words}."):
        checklist.check(account(**columns), facts)


def test_check_passes_over_less_than_a_cent() -> None:
    checklist.check(account(cash=Decimal("0.004")), EMPTY)


def test_money_says_how_much_can_be_withdrawn_and_what_it_means() -> None:
    found = account(cash=Decimal(100), cash_withdrawable=Decimal(40), account_type="ira")
    (money,) = [item for item in checklist.items(found, EMPTY) if item.title == "Money"]
    assert "$100.00 of cash" in money.text
    assert "$40.00 can be withdrawn now" in money.text
    assert "59½" in money.text
    assert money.page == "funding:withdraw"


def test_several_are_counted() -> None:
    texts = [item.text for item in checklist.items(account(), Facts(2, 3, 4))]
    assert texts[:3] == [
        "2 open orders. Cancel them, or wait until they are filled.",
        "3 positions. Sell them. What you gain may be taxed.",
        "4 transfers. Wait until they are complete.",
    ]
