"""Money into and out of an IRA: the yearly limit, the reason, the taxes, and how the broker is told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from brokerapp.accounts.models import BrokerageAccount
from funding import ira, payloads, rules
from funding.forms import ContributionForm
from funding.models import Transfer
from funding.services import transfers
from funding.statuses import Direction
from tests.account_pages import AccountClient, short
from tests.factories import BankLinkFactory, BrokerageAccountFactory, TransferFactory, UserFactory

FACTS = ira.Facts(
    "roth",
    early=True,
    limits={2026: Decimal(7500), 2025: Decimal(7000)},
    paid_in={2026: Decimal("7000.01")},
)
EARLY = ira.Details(
    distribution_reason="early_roth_no_exception",
    fed_withholding_pct=Decimal(10),
    state_withholding_pct=Decimal("2.5"),
)


@pytest.mark.parametrize(
    ("amount", "year", "field"),
    [
        ("499.99", 2026, ""),
        ("500.00", 2026, "amount"),
        ("7000.00", 2025, ""),
        ("7000.01", 2025, "amount"),
        ("1.00", 2024, "tax_year"),
        ("1.00", None, "tax_year"),
    ],
)
def test_check_contribution_keeps_to_the_limit_of_an_open_year(
    amount: str, year: int | None, field: str
) -> None:
    details = ira.Details(tax_year=year)
    if not field:
        rules.check_contribution(Decimal(amount), FACTS, details)
        return
    with pytest.raises(rules.AskIra) as refused:
        rules.check_contribution(Decimal(amount), FACTS, details)
    assert refused.value.field == field


def test_limit_of_a_year_that_is_not_known_yet_is_named_as_the_one_of_the_year_before() -> None:
    facts = ira.Facts(
        "roth",
        early=True,
        limits={2027: Decimal(7500), 2026: Decimal(7500)},
        limits_of={2027: 2026, 2026: 2026},
        deadlines={2027: date(2028, 4, 18), 2026: date(2027, 4, 15)},
    )
    words = "The limit for 2027 is not entered here yet, so we go by that for 2026."
    form = ContributionForm(
        account=BrokerageAccount(), bank=None, direction="INCOMING", facts=rules.TransferFacts(ira=facts)
    )
    assert str(form.fields["tax_year"].help_text).count("is not entered here yet") == 1
    assert words in str(form.fields["tax_year"].help_text)
    for year, is_said in ((2027, True), (2026, False)):
        with pytest.raises(rules.AskIra) as refused:
            rules.check_contribution(Decimal(7501), facts, ira.Details(tax_year=year))
        assert (words in str(refused.value)) is is_said


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, ""),
        ({"fed_withholding_pct": Decimal(0), "state_withholding_pct": Decimal(0)}, ""),
        ({"fed_withholding_pct": Decimal("97.5")}, ""),
        ({"fed_withholding_pct": Decimal("97.51")}, "state_withholding_pct"),
        ({"fed_withholding_pct": Decimal("100.01")}, "fed_withholding_pct"),
        ({"fed_withholding_pct": None}, "fed_withholding_pct"),
        ({"state_withholding_pct": None}, "state_withholding_pct"),
        ({"distribution_reason": ""}, "distribution_reason"),
        ({"distribution_reason": "normal_roth"}, "distribution_reason"),  # not before 59 and a half
        ({"distribution_reason": "early_no_exception"}, "distribution_reason"),  # of a traditional one
    ],
)
def test_check_distribution(change: dict[str, Any], field: str) -> None:
    details = ira.Details(**{**EARLY.__dict__, **change})
    if not field:
        rules.check_distribution(FACTS, details)
        return
    with pytest.raises(rules.AskIra) as refused:
        rules.check_distribution(FACTS, details)
    assert refused.value.field == field


def test_reasons_are_those_of_kind_and_age() -> None:
    offered = {
        (kind, early): [reason.word for reason in ira.Facts(kind, early=early).reasons]
        for kind in ("traditional", "roth")
        for early in (True, False)
    }
    assert offered["traditional", True] == [
        "early_no_exception",
        "excess_removal_current_year_under_59.5",
        "excess_removal_1_year_prior_under_59.5",
    ]
    assert offered["roth", False] == [
        "normal_roth",
        "excess_removal_roth",
        "excess_removal_1_year_prior_roth",
    ]
    assert {word for words in offered.values() for word in words} == set(ira.LABELS)
    assert not set(offered["traditional", True]) & set(offered["traditional", False])


@pytest.mark.parametrize("details", [ira.NOTHING, ira.Details(tax_year=2025), EARLY])
def test_details_come_back_from_their_words(details: ira.Details) -> None:
    assert ira.Details.read(details.words) == details


@pytest.fixture
def account() -> BrokerageAccount:
    account = BrokerageAccountFactory.create(
        account_type="ira", account_sub_type="roth", cash=Decimal(500), cash_withdrawable=Decimal(500)
    )
    BankLinkFactory.create(account)
    return account


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


SPRING = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def ask(owner: AccountClient, page: str, **typed: str) -> Transfer:
    """The transfer of a form that is accepted, reviewed and confirmed."""
    reply = owner.post(short(f"funding:{page}"), typed)
    assert reply.status_code == 302, reply.context["form"].errors
    owner.post(reply.url)
    return Transfer.objects.latest("created_at")


@pytest.mark.django_db
def test_deposit_asks_for_the_year_and_shows_it_on_the_receipt(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    with time_machine.travel(SPRING, tick=False):
        page = owner.get(short("funding:deposit")).content.decode()
        assert "2026: up to $7,500.00 more, until April 15, 2027" in page
        assert "2025: up to $7,000.00 more, until April 15, 2026" in page
        refused = owner.post(short("funding:deposit"), {"amount": "100"})
        assert refused.context["form"].errors["tax_year"]

        transfer = ask(owner, "deposit", amount="100", tax_year="2025")
        assert transfer.tax_year == 2025
        receipt = owner.get(short("funding:transfer", transfer.pk)).content.decode()
        assert "<dt>Counts for</dt><dd>2025</dd>" in receipt
        body = payloads.ach_transfer_request(transfer).body()
        assert body["ira"] == {"tax_year": "2025"}


@pytest.mark.django_db
def test_deposit_limit_is_over_all_iras_of_the_person(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    other = BrokerageAccountFactory.create(
        user=account.user, account_type="ira", account_sub_type="traditional"
    )
    theirs = BrokerageAccountFactory.create(
        user=UserFactory.create(), account_type="ira", account_sub_type="roth"
    )
    with time_machine.travel(SPRING, tick=False):
        for each in (other, theirs):
            deposit(each, "6999.00", 2025)
        refused = owner.post(short("funding:deposit"), {"amount": "1.01", "tax_year": "2025"})
        assert "$6,999.00 went in here already" in str(refused.context["form"].errors["amount"])
        failed = deposit(other, "1.00", 2025)
        Transfer.objects.filter(pk=failed.pk).update(status="REJECTED")
        assert ask(owner, "deposit", amount="1.00", tax_year="2025").tax_year == 2025


def deposit(account: BrokerageAccount, amount: str, year: int) -> Transfer:
    bank = account.bank_links.first() or BankLinkFactory.create(account)
    return transfers.request_transfer(
        account=account,
        intent_id=uuid4(),
        direction=Direction.INCOMING,
        amount=Decimal(amount),
        bank_link_id=str(bank.pk),
        by=account.user,
        now=datetime.now(UTC),
        details=ira.Details(tax_year=year),
    )


@pytest.mark.django_db
def test_request_transfer_holds_the_limit_again(account: BrokerageAccount) -> None:
    with time_machine.travel(SPRING, tick=False), pytest.raises(rules.AskIra):
        deposit(account, "7500.01", 2026)
    assert not Transfer.objects.exists()


@pytest.mark.django_db
def test_withdrawal_asks_for_reason_and_taxes(owner: AccountClient, account: BrokerageAccount) -> None:
    page = owner.get(short("funding:withdraw")).content.decode()
    assert "I take it out early, before 59½" in page
    assert "I am 59½ or older" not in page
    refused = owner.post(short("funding:withdraw"), {"amount": "100", "fed_withholding_pct": "101"})
    assert set(refused.context["form"].errors) == {
        "distribution_reason",
        "fed_withholding_pct",
        "state_withholding_pct",
    }
    transfer = ask(
        owner,
        "withdraw",
        amount="100",
        distribution_reason="early_roth_no_exception",
        fed_withholding_pct="12.5 %",
        state_withholding_pct="0",
    )
    assert payloads.ach_transfer_request(transfer).body()["ira"] == {
        "distribution_reason": "early_roth_no_exception",
        "tax_withholding": {"fed_pct": "12.5", "state_pct": "0"},
    }
    receipt = owner.get(short("funding:transfer", transfer.pk)).content.decode()
    assert "<dt>Federal tax withheld</dt><dd>12.5%, $12.50</dd>" in receipt
    assert "I take it out early" in receipt


@pytest.mark.django_db
def test_withdrawal_of_somebody_who_is_old_enough(owner: AccountClient, account: BrokerageAccount) -> None:
    application = account.application
    application.date_of_birth = date(1950, 1, 1)
    application.save()
    page = owner.get(short("funding:withdraw")).content.decode()
    assert "I am 59½ or older" in page
    assert "early, before" not in page


@pytest.mark.django_db
def test_other_accounts_say_nothing_of_it() -> None:
    transfer = TransferFactory.create()
    assert "ira" not in payloads.ach_transfer_request(transfer).body()
    page = AccountClient(transfer.account).get(short("funding:deposit")).content.decode()
    assert "tax_year" not in page


@pytest.mark.django_db
def test_review_goes_back_to_what_was_typed(owner: AccountClient) -> None:
    with time_machine.travel(SPRING, tick=False):
        review = owner.post(short("funding:deposit"), {"amount": "100", "tax_year": "2025"}).url
        page = owner.get(review).content.decode()
        assert "?amount=100&amp;tax_year=2025" in page or "?amount=100.00&amp;tax_year=2025" in page
