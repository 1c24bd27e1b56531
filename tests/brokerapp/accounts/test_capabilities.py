from typing import Any

import pytest

from brokerapp.accounts import capabilities
from brokerapp.accounts.capabilities import Capability
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import OPEN_ACCOUNT, AccountStatus

MONEY = {Capability.DEPOSIT, Capability.WITHDRAW}
OF_THE_OWNER = {Capability.CHANGE_PROFILE, Capability.SIGN_TAX_FORM}
TRADING = set(Capability) - MONEY - OF_THE_OWNER - {Capability.LINK_BANK, Capability.CLOSE}
DECIDED = ("REJECTED", "DISABLE_PENDING", "DISABLED", "ACCOUNT_CLOSED")


def account(**facts: Any) -> BrokerageAccount:
    return BrokerageAccount(**{"status": AccountStatus.ACTIVE, **facts})


def allowed(found: BrokerageAccount) -> set[Capability]:
    return {capability for capability in Capability if capabilities.can(found, capability)}


@pytest.mark.parametrize(
    "status",
    [status for status in AccountStatus if status not in OPEN_ACCOUNT],
)
def test_check_of_a_status_that_is_not_open_allows_nothing_but_a_tax_form_and_says_why(
    status: AccountStatus,
) -> None:
    waited_for = set() if status in DECIDED else {Capability.SIGN_TAX_FORM}
    assert allowed(account(status=status)) == waited_for
    with pytest.raises(capabilities.AccountRefused, match=r"\w+"):
        capabilities.check(account(status=status), Capability.TRADE)


def test_can_of_an_active_account_is_everything() -> None:
    assert allowed(account()) == set(Capability)


def test_can_while_a_change_is_in_review_is_all_but_withdrawing() -> None:
    updated = account(status=AccountStatus.ACCOUNT_UPDATED)
    assert allowed(updated) == set(Capability) - {Capability.WITHDRAW}
    with pytest.raises(capabilities.ChangeInReview, match="withdraw again once it is approved"):
        capabilities.check(updated, Capability.WITHDRAW)


@pytest.mark.parametrize(
    ("fact", "refused", "refusal"),
    [
        ("account_blocked", set(Capability) - OF_THE_OWNER, capabilities.AccountBlocked),
        ("trading_blocked", TRADING, capabilities.TradingBlocked),
        ("trade_suspended_by_user", TRADING, capabilities.TradingSuspended),
        ("transfers_blocked", MONEY, capabilities.TransfersBlocked),
    ],
)
def test_check_of_a_block_names_it_and_leaves_the_rest(
    fact: str, refused: set[Capability], refusal: type[capabilities.AccountRefused]
) -> None:
    blocked = account(**{fact: True})
    assert allowed(blocked) == set(Capability) - refused
    for capability in refused:
        with pytest.raises(refusal):
            capabilities.check(blocked, capability)


def test_check_of_an_unknown_word_allows_nothing_until_a_known_one_returns() -> None:
    odd = account(broker_status="PAPER_ONLY")
    assert allowed(odd) == set()
    with pytest.raises(capabilities.StatusNotKnown):
        capabilities.check(odd, Capability.SELL)
    odd.broker_status = "ACTIVE"
    assert allowed(odd) == set(Capability)


def test_check_of_what_is_not_offered_here(settings: Any) -> None:
    settings.NOT_OFFERED = frozenset({"WITHDRAW"})
    assert allowed(account()) == set(Capability) - {Capability.WITHDRAW}
    with pytest.raises(capabilities.NotOffered, match="Withdrawing is not offered"):
        capabilities.check(account(), Capability.WITHDRAW)


@pytest.mark.parametrize(
    ("kind", "never", "level"),
    [
        ("trading", set(), 3),
        ("ira", {Capability.BORROW, Capability.SHORT, Capability.CRYPTO}, 2),
        ("custodial", {Capability.BORROW, Capability.SHORT, Capability.CRYPTO, Capability.OPTIONS}, 0),
    ],
)
def test_check_of_a_kind_of_account(kind: str, never: set[Capability], level: int) -> None:
    found = account(account_type=kind)
    assert allowed(found) == set(Capability) - never
    assert capabilities.highest_options_level(found) == level
    for capability in never:
        with pytest.raises(capabilities.NotInThisKind, match="is not possible in"):
            capabilities.check(found, capability)


def test_every_refusal_has_words_of_its_own() -> None:
    refusals = [kind for kind in capabilities.AccountRefused.__subclasses__() if kind.words]
    assert len({kind.words for kind in refusals}) == len(refusals)
