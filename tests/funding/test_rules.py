from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from funding import routing, rules
from funding.models import BankLink
from funding.statuses import BankLinkStatus, Direction

NO_FACTS = rules.TransferFacts()


def account(withdrawable: str = "100", status: AccountStatus = AccountStatus.ACTIVE) -> BrokerageAccount:
    return BrokerageAccount(status=status, cash_withdrawable=Decimal(withdrawable))


def bank(status: BankLinkStatus = BankLinkStatus.APPROVED) -> BankLink:
    return BankLink(status=status)


@pytest.mark.parametrize("number", [*routing.BANKS, "011401533"])
def test_check_routing_number_real_ones_pass(number: str) -> None:
    rules.check_routing_number(number)


@pytest.mark.parametrize(
    "number",
    [
        "123456789",
        "12100035",
        "1210003588",
        "000000000",
        "12100035a",
        "",
        "١٢١٠٠٠٣٥٨",
        "990000000",
        "500000005",
    ],
)
def test_check_routing_number_others_are_refused(number: str) -> None:
    with pytest.raises(rules.BankDetailRefused):
        rules.check_routing_number(number)


def test_check_routing_number_any_single_wrong_digit_is_found() -> None:
    good = "121000358"
    for place in range(9):
        wrong = good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :]
        with pytest.raises(rules.BankDetailRefused):
            rules.check_routing_number(wrong)


@pytest.mark.parametrize(
    ("number", "fine"), [("1234", True), ("1" * 17, True), ("123", False), ("1" * 18, False)]
)
def test_check_account_number_length(number: str, fine: bool) -> None:
    if fine:
        rules.check_account_number(number)
    else:
        with pytest.raises(rules.BankDetailRefused):
            rules.check_account_number(number)


def test_check_owner_name_ignores_case_and_spacing_only() -> None:
    holder = rules.Holder("Ada", "", "Byron")
    rules.check_owner_name("ada  BYRON", holder)
    with pytest.raises(rules.BankDetailRefused, match="Ada Byron"):
        rules.check_owner_name("Charles Babbage", holder)


@pytest.mark.parametrize(
    "name", ["Ada Byron", "Ada King Noel Byron", "ada k. n. byron", "Ada K Byron", "Ada King Byron"]
)
def test_check_owner_name_with_middle_names_or_initials(name: str) -> None:
    rules.check_owner_name(name, rules.Holder("Ada", "King Noel", "Byron"))


@pytest.mark.parametrize("name", ["Ada X Byron", "A Byron", "Ada", "Byron", "Ada Noel Byron", ""])
def test_check_owner_name_of_somebody_else(name: str) -> None:
    with pytest.raises(rules.BankDetailRefused):
        rules.check_owner_name(name, rules.Holder("Ada", "King Noel", "Byron"))


def test_check_transfer_account_in_review() -> None:
    with pytest.raises(AccountRefused):
        rules.check_transfer(
            account(status=AccountStatus.SUBMITTED), bank(), Direction.INCOMING, Decimal("5.00"), NO_FACTS
        )


@pytest.mark.parametrize("link", [None, bank(BankLinkStatus.QUEUED), bank(BankLinkStatus.CANCEL_REQUESTED)])
def test_check_transfer_without_approved_bank(link: BankLink | None) -> None:
    with pytest.raises(rules.NoApprovedBank):
        rules.check_transfer(account(), link, Direction.INCOMING, Decimal("5.00"), NO_FACTS)


def test_check_transfer_under_a_dollar() -> None:
    with pytest.raises(rules.AmountTooSmall):
        rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("0.99"), NO_FACTS)


def test_check_transfer_deposit_limit_counts_the_day() -> None:
    facts = replace(NO_FACTS, deposits_today=Decimal("49999.00"))
    rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("1.00"), facts)
    with pytest.raises(rules.OverDepositLimit, match=r"\$1\.00 is left"):
        rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("1.01"), facts)


def test_check_transfer_withdrawal_up_to_the_last_cent() -> None:
    facts = replace(NO_FACTS, withdrawals_unseen=Decimal("40.00"))
    rules.check_transfer(account("100.009"), bank(), Direction.OUTGOING, Decimal("60.00"), facts)
    with pytest.raises(rules.OverWithdrawable, match=r"\$60\.00"):
        rules.check_transfer(account("100.009"), bank(), Direction.OUTGOING, Decimal("60.01"), facts)


def test_withdrawable_is_never_negative() -> None:
    facts = replace(NO_FACTS, withdrawals_unseen=Decimal("140.00"))
    assert rules.withdrawable(account("100"), facts) == Decimal("0.00")


def test_check_transfer_same_amount_unsettled() -> None:
    facts = replace(NO_FACTS, unsettled_amounts=frozenset({(Direction.INCOMING.value, Decimal("50.00"))}))
    with pytest.raises(rules.SameTransferUnsettled):
        rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("50.00"), facts)
    rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("50.01"), facts)
    rules.check_transfer(account(), bank(), Direction.OUTGOING, Decimal("50.00"), facts)


@pytest.mark.parametrize("facts_of", ["unsettled_amounts", "undecided_amounts"])
def test_check_transfer_same_amount_is_named_to_the_cent(facts_of: str) -> None:
    same: Any = frozenset({(Direction.INCOMING.value, Decimal("1031"))})
    facts = replace(NO_FACTS, **{facts_of: same})
    with pytest.raises(rules.SameTransferUnsettled, match=r"exactly \$1,031\.00 "):
        rules.check_transfer(account(), bank(), Direction.INCOMING, Decimal("1031"), facts)
