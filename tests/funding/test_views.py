from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyotp
import pytest
import requests
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.units.market_time import day_text
from brokerapp.workflow import state
from funding.models import BankLink, Transfer
from funding.statuses import FAILED_TRANSFER, IN_FLIGHT_TRANSFER, BankLinkStatus
from tests.account_pages import AccountClient, short
from tests.broker_stub import BrokerStub
from tests.factories import (
    BANK,
    PASSWORD,
    TOTP_SECRET,
    BankLinkFactory,
    BrokerageAccountFactory,
    TransferFactory,
    UserFactory,
    give_second_step,
)
from tests.funding.conftest import relationship

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(cash=Decimal(500), cash_withdrawable=Decimal("100.00"))


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


@pytest.fixture
def stranger() -> AccountClient:
    return AccountClient(BrokerageAccountFactory.create())


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def review_url(owner: Client, amount: str = "1,234.56", page: str = "deposit") -> str:
    response = owner.post(short(f"funding:{page}"), {"amount": amount})
    assert response.status_code == 302, response.context["form"].errors
    return str(response.url)


@pytest.mark.parametrize("name", ["transfers", "link_bank", "deposit", "withdraw"])
def test_pages_anonymous_is_sent_to_sign_in(client: Client, name: str) -> None:
    response = client.get(short(f"funding:{name}"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["transfers", "link_bank", "deposit", "withdraw"])
def test_pages_person_without_account_is_sent_home(client: Client, name: str) -> None:
    client.force_login(UserFactory.create())
    assert client.get(short(f"funding:{name}")).url == reverse("home")


@pytest.mark.parametrize("name", ["bank", "unlink_bank"])
def test_bank_pages_owner_stranger_anonymous(
    owner: Client, stranger: Client, account: BrokerageAccount, name: str
) -> None:
    url = short(f"funding:{name}", BankLinkFactory.create(account).pk)
    assert owner.get(url).status_code == 200
    assert stranger.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_transfer_receipt_owner_stranger_anonymous(
    owner: Client, stranger: Client, account: BrokerageAccount
) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    url = short("funding:transfer", transfer.pk)
    page = text(owner.get(url))
    assert transfer.last_request_id in page
    assert str(transfer.pk) in page
    assert "→" not in page
    assert "SUBMITTING" not in page
    assert "Asked for by you" in page
    assert stranger.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_transfers_new_person_is_told_to_link_a_bank(owner: Client) -> None:
    page = text(owner.get(short("funding:transfers")))
    assert "Link a bank account first" in page
    assert short("funding:deposit") not in page
    assert "No transfers yet" in page


def test_transfers_returned_deposit_has_a_banner(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    BrokerageAccount.objects.update(cash=Decimal("-75.00"), balances_at=timezone.now())
    page = text(owner.get(short("funding:transfers")))
    assert "deposit of $75.00 was returned by your bank" in page
    assert "Your cash is −$75.00: you owe the broker $75.00." in page
    assert "deposit at least $75.00" in page


def test_transfers_returned_deposit_that_the_balances_do_not_show_yet(
    owner: Client, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    page = text(owner.get(short("funding:transfers")))
    assert "Your balances here are from before that." in page
    assert "so you owe nothing" not in page


def test_transfers_returned_deposit_says_what_is_blocked(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    BrokerageAccount.objects.update(transfers_blocked=True, balances_at=timezone.now())
    page = text(owner.get(short("funding:transfers")))
    assert "the broker has blocked deposits and withdrawals" in page
    assert "contact support" in page


def test_transfers_with_margin_leaves_borrowing_to_the_portfolio(
    owner: Client, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.update(buying_power=Decimal(1000), multiplier=2)
    page = text(owner.get(short("funding:transfers")))
    assert "Ready to invest" not in page
    assert "$1,000.00" not in page


@pytest.mark.parametrize("page_name", ["transfer", "transfers"])
def test_return_codes_are_words_on_every_page(
    owner: Client, account: BrokerageAccount, page_name: str
) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    transfer = state.move(transfer, "RETURNED", by=state.Process.EVENT, reason="R16")
    url = short("funding:transfer", transfer.pk) if page_name == "transfer" else short("funding:transfers")
    page = text(owner.get(url))
    assert "he bank account is frozen (R16)" in page
    assert "R16" not in page.replace("(R16)", "")


def withdrawal_page(owner: Client, account: BrokerageAccount, **balances: Any) -> str:
    BankLinkFactory.create(account)
    BrokerageAccount.objects.update(**{"cash_withdrawable": Decimal(0), **balances})
    return text(owner.get(short("funding:withdraw")))


def test_withdraw_nothing_of_an_unsettled_sale_says_until_when(
    owner: Client, account: BrokerageAccount
) -> None:
    thursday = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # before Thanksgiving
    page = withdrawal_page(owner, account, balances_at=thursday)
    assert "Nothing can be withdrawn now" in page
    assert "$500.00 of your cash is from sales that have not settled" in page
    assert "by Fri 27 Nov." in page
    assert 'name="amount"' not in page


def test_withdraw_nothing_of_a_new_deposit_names_it(owner: Client, account: BrokerageAccount) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 16, 0, tzinfo=UTC), tick=False):
        TransferFactory.create(account, status="COMPLETE", amount="500.00")
        BrokerageAccount.objects.update(cash_withdrawable=Decimal(0))
        page = text(owner.get(short("funding:withdraw")))
    assert "Your deposit of $500.00 was complete on Tue 24 Nov." in page


def test_withdraw_nothing_while_the_deposit_is_on_its_way(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, amount="80.00")
    BrokerageAccount.objects.update(cash=Decimal(0), cash_withdrawable=Decimal(0))
    page = text(owner.get(short("funding:withdraw")))
    assert "There is no cash to withdraw." in page
    assert f"expected by {day_text(transfer.expected_on)}." in page


def test_withdraw_nothing_of_money_on_its_way_out(owner: Client, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(cash_withdrawable=Decimal(500))
    TransferFactory.create(account, direction="OUTGOING", amount="500.00")
    BrokerageAccount.objects.update(cash_withdrawable=Decimal(0))
    page = text(owner.get(short("funding:withdraw")))
    assert "$500.00 is on its way to your bank already." in page
    assert "have not settled" not in page


def test_withdraw_nothing_of_what_is_owed(owner: Client, account: BrokerageAccount) -> None:
    assert "You owe the broker $30.00." in withdrawal_page(owner, account, cash=Decimal(-30))


def test_withdraw_post_with_nothing_withdrawable_moves_nothing(
    owner: Client, account: BrokerageAccount
) -> None:
    withdrawal_page(owner, account)
    response = owner.post(short("funding:withdraw"), {"amount": "5.00"})
    assert response.status_code == 422
    assert not Transfer.objects.exists()


def test_transfers_shows_only_ones_own(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="COMPLETE", amount="11.11")
    TransferFactory.create(status="COMPLETE", amount="22.22")
    page = text(owner.get(short("funding:transfers")))
    assert "+$11.11" in page
    assert "$22.22" not in page


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_transfers_query_count_does_not_grow(owner: Client, account: BrokerageAccount) -> None:
    url, counts = short("funding:transfers"), []
    for _ in range(2):
        for amount in range(1, 4):
            TransferFactory.create(account, amount=f"{amount}.00")
            TransferFactory.create(account, amount=f"{amount}.00", status="COMPLETE")
        counts.append(queries(owner, url))
    # The accounts, for the navigation, and the freshness of figures are two of them.
    assert counts[0] == counts[1] <= 17


def test_link_bank_prefills_the_name_of_the_application(owner: Client) -> None:
    assert 'value="Ada Byron"' in text(owner.get(short("funding:link_bank")))


def test_link_bank_bad_numbers_keep_everything_typed(owner: Client) -> None:
    typed = {
        **BANK,
        "bank_routing_number": "123456789",
        "bank_account_number": "12ab",
        "nickname": "Household",
    }
    response = owner.post(short("funding:link_bank"), typed)
    page = text(response)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"bank_routing_number", "bank_account_number"}
    assert all(f'value="{value}"' in page for value in ("123456789", "12ab", "Household"))
    assert "There is a problem" in page
    assert "no-store" in response["Cache-Control"]
    assert not BankLink.objects.exists()


def test_link_bank_somebody_elses_is_refused(owner: Client) -> None:
    response = owner.post(short("funding:link_bank"), {**BANK, "account_owner_name": "Charles Babbage"})
    assert "account_owner_name" in response.context["form"].errors


def test_link_bank_double_post_makes_one_link(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account(
        "POST", account, "ach_relationships", json=relationship(BankLink(account=account, **BANK))
    )
    first = owner.post(short("funding:link_bank"), BANK)
    again = owner.post(short("funding:link_bank"), BANK)
    assert first.url == again.url == account_url(account, "funding:bank", BankLink.objects.get().pk)
    assert broker.count("POST") == 1


def test_link_bank_refused_by_the_broker_keeps_the_form_and_shows_the_reference(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account(
        "POST", account, "ach_relationships", json={"code": 40010001, "message": "closed bank"}, status=400
    )
    response = owner.post(short("funding:link_bank"), BANK)
    page = text(response)
    assert response.status_code == 422
    assert "Closed bank" in page
    assert "65ddd35ed1b3433dbf29d11f6d932c88" in page
    assert BANK["bank_account_number"] in page


def test_link_bank_without_a_reply_shows_that_we_are_checking(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account("POST", account, "ach_relationships", body=requests.ReadTimeout())
    page = text(owner.post(short("funding:link_bank"), BANK, follow=True))
    assert "We are checking with the broker" in page
    assert 'data-live-url="/live/"' in page


def test_bank_page_never_shows_the_numbers(owner: Client, account: BrokerageAccount) -> None:
    page = text(owner.get(short("funding:bank", BankLinkFactory.create(account).pk)))
    assert "••6789" in page
    assert BANK["bank_account_number"] not in page
    assert BANK["bank_routing_number"] not in page


def test_unlink_bank_while_a_transfer_runs_says_why(owner: Client, account: BrokerageAccount) -> None:
    bank = TransferFactory.create(account).bank_link
    assert bank is not None
    response = owner.post(short("funding:unlink_bank", bank.pk), follow=True)
    assert "while a transfer runs over it" in text(response)
    bank.refresh_from_db()
    assert bank.status == BankLinkStatus.APPROVED


def test_unlink_bank_of_somebody_else_is_not_found(stranger: Client, account: BrokerageAccount) -> None:
    bank = BankLinkFactory.create(account)
    assert stranger.post(short("funding:unlink_bank", bank.pk)).status_code == 404


def test_unlink_bank(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    bank = BankLinkFactory.create(account)
    broker.on_account("DELETE", account, f"ach_relationships/{bank.relationship_id}", status=204)
    response = owner.post(short("funding:unlink_bank", bank.pk), follow=True)
    assert "is unlinked" in text(response)


@pytest.mark.parametrize("amount", ["", "abc", "0.99", "10.005", "50000.01"])
def test_deposit_bad_amount_is_kept_and_explained(
    owner: Client, account: BrokerageAccount, amount: str
) -> None:
    BankLinkFactory.create(account)
    response = owner.post(short("funding:deposit"), {"amount": amount})
    assert response.status_code == 422
    assert response.context["form"].errors["amount"]
    assert f'value="{amount}"' in text(response) or not amount
    assert not Transfer.objects.exists()


def test_deposit_without_a_bank_links_to_the_way_there(owner: Client) -> None:
    page = text(owner.get(short("funding:deposit")))
    assert short("funding:link_bank") in page
    assert 'name="amount"' not in page


def test_withdraw_above_the_most_says_the_most(owner: Client, account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    response = owner.post(short("funding:withdraw"), {"amount": "100.01"})
    assert "You can withdraw up to $100.00 now." in text(response)


def test_deposit_review_says_when_and_makes_one_transfer(owner: Client, account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    url = review_url(owner)
    page = text(owner.get(url))
    assert "Deposit $1,234.56 from Bank of America ••6789" in page
    assert "Expected by" in page
    assert not Transfer.objects.exists()
    first, again = owner.post(url), owner.post(url)
    transfer = Transfer.objects.get()
    assert first.url == again.url == account_url(account, "funding:transfer", transfer.pk)
    assert (transfer.amount, transfer.user) == (Decimal("1234.56"), account.user)
    assert owner.get(url).url == first.url


def test_review_of_somebody_else_cannot_be_used(
    owner: Client, stranger: Client, account: BrokerageAccount
) -> None:
    BankLinkFactory.create(account)
    url = review_url(owner)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    assert Client().post(url).url.startswith(reverse("account_login"))
    assert not Transfer.objects.exists()


def test_review_too_old_goes_back_with_the_amount(
    owner: Client, account: BrokerageAccount, settings: Any
) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    BankLinkFactory.create(account)
    url = review_url(owner)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        response = owner.post(url, follow=True)
    assert 'value="1234.56"' in text(response)
    assert "nothing was sent" in text(response)
    assert not Transfer.objects.exists()


def test_review_bank_unlinked_meanwhile_sends_nothing(owner: Client, account: BrokerageAccount) -> None:
    bank = BankLinkFactory.create(account)
    url = review_url(owner)
    BankLink.objects.filter(pk=bank.pk).update(status=BankLinkStatus.CANCELED)
    response = owner.post(url, follow=True)
    assert "Nothing was sent." in text(response)
    assert not Transfer.objects.exists()


def code() -> str:
    return pyotp.TOTP(TOTP_SECRET).now()


def test_withdraw_review_of_an_old_session_asks_for_a_code_and_then_sends_it(
    account: BrokerageAccount,
) -> None:
    BankLinkFactory.create(account)
    give_second_step(account.user)
    owner = AccountClient(account, confirmed=False)
    url = review_url(owner, "60.00", "withdraw")
    asked = owner.post(url).url
    assert asked.startswith(reverse("mfa_reauthenticate"))
    assert not Transfer.objects.exists()
    assert owner.post(asked, {"code": "000000"}).status_code == 200
    assert not Transfer.objects.exists()
    owner.post(asked, {"code": code()})
    assert Transfer.objects.get().direction == "OUTGOING"


def test_withdraw_review_without_a_second_step_leads_there_and_back(account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    owner = AccountClient(account, confirmed=False)
    url = review_url(owner, "60.00", "withdraw")
    assert owner.post(url).url == reverse("second_step")
    page = text(owner.get(reverse("second_step")))
    assert "needs a second step besides your password" in page
    give_second_step(account.user)
    assert owner.get(reverse("second_step")).url == url
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["link_bank", "unlink_bank"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_bank_pages_ask_for_a_second_step_and_a_fresh_confirmation(
    account: BrokerageAccount, name: str, method: str
) -> None:
    args = [BankLinkFactory.create(account).pk] if name == "unlink_bank" else []
    owner = AccountClient(account, confirmed=False)
    ask = getattr(owner, method)
    assert ask(short(f"funding:{name}", *args)).url == reverse("second_step")
    give_second_step(account.user)
    assert ask(short(f"funding:{name}", *args)).url.startswith(reverse("mfa_reauthenticate"))
    assert BankLink.objects.count() == len(args)


def test_link_bank_confirmed_in_between_is_sent_as_it_was_typed_and_kept_sealed(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    give_second_step(account.user)
    broker.on_account(
        "POST", account, "ach_relationships", json=relationship(BankLink(account=account, **BANK))
    )
    owner = AccountClient(account, confirmed=False)
    asked = owner.post(short("funding:link_bank"), BANK).url
    assert BANK["bank_account_number"] not in str(owner.session.items())
    owner.post(asked, {"code": code()})
    assert BankLink.objects.get().bank_account_number == BANK["bank_account_number"]


def test_confirmation_of_something_else_does_not_send_what_another_page_suspended(
    account: BrokerageAccount,
) -> None:
    """Whoever has a copy of the cookie cannot have the person confirm what they did not ask for."""
    BankLinkFactory.create(account)
    give_second_step(account.user)
    owner = AccountClient(account, confirmed=False)
    mine = owner.get(short("funding:link_bank")).url
    owner.post(review_url(owner, "60.00", "withdraw"))
    assert owner.post(mine, {"code": code()}).url == account_url(account, "funding:link_bank")
    assert not Transfer.objects.exists()


def test_payouts_without_second_steps_where_they_are_never_required(
    account: BrokerageAccount, settings: Any
) -> None:
    settings.MFA_REQUIRED = "never"
    owner = AccountClient(account, confirmed=False)
    asked = owner.get(short("funding:link_bank")).url
    assert asked.startswith(reverse("account_reauthenticate"))
    assert owner.post(asked, {"password": PASSWORD}).url == account_url(account, "funding:link_bank")
    assert owner.get(short("funding:link_bank")).status_code == 200


@pytest.mark.parametrize("status", [*IN_FLIGHT_TRANSFER, "COMPLETE", *FAILED_TRANSFER])
def test_transfer_receipt_every_status(owner: Client, account: BrokerageAccount, status: str) -> None:
    transfer = TransferFactory.create(account, status=status)
    page = text(owner.get(short("funding:transfer", transfer.pk)))
    assert ("data-live-url" in page) == transfer.is_in_flight
    assert ("do not send it again" in page) == (status == "UNKNOWN")


def test_transfer_receipt_late_says_so(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account)
    Transfer.objects.update(expected_on="2026-03-02")
    assert "so it is late" in text(owner.get(short("funding:transfer", transfer.pk)))


def test_transfer_receipt_query_count(owner: Client, account: BrokerageAccount) -> None:
    young = TransferFactory.create(account, status="SUBMITTING", amount="1.00")
    old = TransferFactory.create(account, status="RETURNED", amount="2.00")
    counts = [queries(owner, short("funding:transfer", row.pk)) for row in (young, old)]
    assert counts[0] == counts[1] <= 8


def test_transfer_receipt_unknown_id(owner: Client) -> None:
    assert owner.get(short("funding:transfer", uuid4())).status_code == 404
