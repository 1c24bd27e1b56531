"""Every page of an account as its owner, a stranger and a visitor find it; a person with two accounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import ACCOUNT_ID, account_url
from brokerapp.workflow import intents
from funding.models import Transfer
from funding.statuses import BankLinkStatus, Direction
from tests.addresses import addresses
from tests.brokerapp.records.conftest import activity as booked_activity
from tests.brokerapp.records.conftest import document as issued_document
from tests.factories import (
    AssetFactory,
    BankLinkFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
    confirm,
)
from tests.trading.activities import closed_lot
from trading.models import Order
from trading.services import watchlists

pytestmark = pytest.mark.django_db

FIGURES: dict[str, Any] = {
    "cash": Decimal("1111.11"),
    "cash_withdrawable": Decimal("1111.11"),
    "buying_power": Decimal("1111.11"),
}


def account_patterns() -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Name, parameters and view of each address that names an account."""
    for address in addresses():
        if ACCOUNT_ID in address.params:
            yield address.name, address.params, address.view


PATTERNS = {name: names for name, names, _ in account_patterns()}


def rows_of(account: BrokerageAccount) -> dict[str, dict[str, object]]:
    """What the addresses name besides the account, by the name of the page; "" for those not listed."""
    asset = AssetFactory.create()
    QuoteFactory.create()
    PositionFactory.create(account=account, asset=asset)
    order = OrderFactory.create(account, status="new")
    transfer = TransferFactory.create(account)
    ticket = {"asset": str(asset.pk), "side": "BUY", "qty": "0.42"}
    amount = {"direction": Direction.INCOMING.value, "amount": "5.00", "bank": str(transfer.bank_link_id)}

    def token(purpose: str, data: dict[str, str]) -> str:
        return intents.mint(purpose, account.user_id, account.pk, data)

    bank: dict[str, object] = {"pk": transfer.bank_link_id}
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    listed: dict[str, object] = {"watchlist_id": watchlist.pk}
    issued: dict[str, object] = {"pk": issued_document(account).pk}
    sold: dict[str, object] = {"year": closed_lot(account).closed_on.year}
    return {
        "funding:bank": bank,
        "funding:unlink_bank": bank,
        "funding:transfer": {"pk": transfer.pk},
        "funding:transfer_review": {"token": token("transfer", amount)},
        "change_profile": {"key": "work"},
        "records:receipt": {"pk": booked_activity(account).pk},
        "records:document": issued,
        "records:download": issued,
        "trading:realized_gains": sold,
        "trading:realized_gains_csv": sold,
        "trading:position": {"symbol": "AAPL"},
        "trading:asset": {"symbol": "AAPL"},
        "trading:ticket": {"symbol": "AAPL"},
        "trading:estimate": {"symbol": "AAPL"},
        "trading:chart": {"symbol": "AAPL"},
        "trading:price_table": {"symbol": "AAPL"},
        "trading:order": {"order_id": order.pk},
        "trading:cancel_order": {"order_id": order.pk},
        "trading:replace_order": {"order_id": order.pk},
        "trading:replace_review": {
            "order_id": order.pk,
            "token": token("replace", {**ticket, "qty": "2", "replaces": str(order.pk)}),
        },
        "trading:watchlist": listed,
        "trading:rename_watchlist": listed,
        "trading:remove_watchlist": listed,
        "trading:order_review": {"token": token("order", ticket)},
    }


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    confirm(client)
    return client


def url_of(name: str, account_id: UUID, rows: dict[str, dict[str, object]]) -> str:
    return reverse(name, kwargs={ACCOUNT_ID: account_id, **rows.get(name, {})})


def test_every_page_under_an_accounts_address_is_its_owners_only() -> None:
    views = [callback for _, _, callback in account_patterns()]
    assert len(views) >= 17
    assert [view for view in views if not issubclass(view.view_class, AccountRequiredMixin)] == []


def test_page_for_owner_stranger_and_visitor() -> None:
    account = BrokerageAccountFactory.create(**FIGURES)
    rows = rows_of(account)
    owner = signed_in(account.user)
    others = [BrokerageAccountFactory.create().user, UserFactory.create(), StaffFactory.create()]
    strangers = [signed_in(other) for other in others]
    for name in sorted(PATTERNS):
        url = url_of(name, account.pk, rows)

        reply = owner.get(url)
        assert reply.status_code in (200, 302, 405), name
        if reply.status_code == 302:
            assert f"/a/{account.pk}/" in reply["Location"], name

        for stranger in strangers:
            assert stranger.get(url).status_code == 404, name
            assert stranger.post(url).status_code == 404, name
        for reply in (Client().get(url), Client().post(url)):
            assert reply.status_code == 302, name
            assert reply["Location"].startswith(f"{reverse('account_login')}?{REDIRECT_FIELD_NAME}="), name

        unknown = url_of(name, uuid4(), rows)
        assert owner.get(unknown).status_code == 404, name


MOST_QUERIES = {
    "trading:portfolio": 22,
    "trading:position": 17,
    "trading:performance": 16,
    "trading:orders": 9,
    "trading:order": 13,
    "records:activity": 10,
    "funding:transfers": 16,
    "funding:transfer": 9,
}
"""What a page may ask of the database, with what the header shows, which a process keeps for a moment."""


@pytest.mark.parametrize(("name", "most"), MOST_QUERIES.items())
def test_page_asks_no_more_than_it_is_allowed(
    name: str, most: int, django_assert_max_num_queries: Any
) -> None:
    account = BrokerageAccountFactory.create(**FIGURES)
    url = url_of(name, account.pk, rows_of(account))
    client = signed_in(account.user)
    client.get(url)  # what is old is asked for by the first who looks
    with django_assert_max_num_queries(most):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, params in PATTERNS.items()
        if len(params) > 1
        and name
        not in (
            "change_profile",
            "trading:asset",
            "trading:ticket",
            "trading:estimate",
            "trading:chart",
            "trading:price_table",
            "funding:transfer_review",
            "trading:order_review",
        )
    ),
)
def test_row_of_ones_other_account_is_not_found(name: str) -> None:
    first = BrokerageAccountFactory.create(**FIGURES)
    second = BrokerageAccountFactory.create(user=first.user)
    url = url_of(name, second.pk, rows_of(first))
    client = signed_in(first.user)
    replies = {client.get(url).status_code, client.post(url).status_code}
    assert replies <= {404, 405}
    assert 404 in replies


@pytest.mark.parametrize("name", ["funding:transfer_review", "trading:order_review"])
def test_review_of_ones_other_account_cannot_be_used(name: str) -> None:
    first = BrokerageAccountFactory.create(**FIGURES)
    second = BrokerageAccountFactory.create(user=first.user, **FIGURES)
    BankLinkFactory.create(second)
    rows = rows_of(first)
    before = (Order.objects.count(), Transfer.objects.count())
    url = url_of(name, second.pk, rows)
    client = signed_in(first.user)
    section = account_url(second, "funding:transfers" if name.startswith("funding") else "trading:trade")
    for reply in (client.get(url), client.post(url)):
        assert reply["Location"] == section
    assert (Order.objects.count(), Transfer.objects.count()) == before


# The short addresses


@pytest.mark.parametrize(
    "path", ["/portfolio/", "/trade/BRK.B/?side=SELL&amount=1", "/transfer/", "/orders/?tab=closed"]
)
def test_short_address_of_a_person_with_one_account_goes_there(path: str) -> None:
    account = BrokerageAccountFactory.create()
    assert signed_in(account.user).get(path)["Location"] == f"/a/{account.pk}{path}"


def test_short_address_keeps_what_is_quoted_in_it() -> None:
    account = BrokerageAccountFactory.create()
    path = "/trade/%E2%82%AC/?q=a%26b"
    assert signed_in(account.user).get(path)["Location"] == f"/a/{account.pk}{path}"


def test_short_address_of_a_person_with_several_accounts_asks_which() -> None:
    first = BrokerageAccountFactory.create(account_number="684486106")
    second = BrokerageAccountFactory.create(
        user=first.user, status="SUBMITTED", account_number="684486207", account_type="ira"
    )
    page = signed_in(first.user).get("/trade/AAPL/?side=SELL").content.decode()
    for account in (first, second):
        assert f'href="/a/{account.pk}/trade/AAPL/?side=SELL"' in page
    assert "Individual ••6106" in page
    assert "IRA ••6207" in page
    assert "In review" in page


def test_short_address_without_an_account_goes_home_and_of_a_visitor_to_sign_in() -> None:
    assert signed_in(UserFactory.create()).get("/portfolio/")["Location"] == reverse("home")
    reply = Client().get("/orders/?tab=closed")
    assert reply["Location"] == f"{reverse('account_login')}?next=/orders/%3Ftab%3Dclosed"


def test_short_address_takes_no_post() -> None:
    account = BrokerageAccountFactory.create()
    assert signed_in(account.user).post("/trade/AAPL/", {"side": "BUY"}).status_code == 405


# The navigation


def test_one_account_shows_no_switcher() -> None:
    account = BrokerageAccountFactory.create()
    BrokerageAccountFactory.create()
    page = signed_in(account.user).get(account_url(account, "trading:portfolio")).content.decode()
    assert "Your accounts" not in page
    assert f'href="{account_url(account, "funding:transfers")}"' in page


def test_switcher_and_choice_do_not_call_an_account_active_whose_state_we_do_not_know() -> None:
    first = BrokerageAccountFactory.create()
    second = BrokerageAccountFactory.create(user=first.user, status="PAPER_ONLY")
    client = signed_in(first.user)
    page = client.get(account_url(first, "trading:orders")).content.decode()
    assert f'href="{account_url(second, "trading:orders")}"' in page
    assert "Not known yet" in page


def test_several_accounts_show_a_switcher_that_stays_on_the_page() -> None:
    first = BrokerageAccountFactory.create(account_number="684486106")
    second = BrokerageAccountFactory.create(user=first.user, account_number="684486207")
    client = signed_in(first.user)
    page = client.get(account_url(first, "trading:orders")).content.decode()
    assert (
        f'<a href="{account_url(first, "trading:orders")}" aria-current="true">Individual ••6106</a>' in page
    )
    assert f'<a href="{account_url(second, "trading:orders")}">Individual ••6207</a>' in page
    order = OrderFactory.create(first)
    page = client.get(account_url(first, "trading:order", order.pk)).content.decode()
    assert f'<a href="{account_url(second, "trading:portfolio")}">Individual ••6207</a>' in page


def test_navigation_is_of_the_pages_account_and_elsewhere_of_the_newest_open_one() -> None:
    first = BrokerageAccountFactory.create()
    second = BrokerageAccountFactory.create(user=first.user)
    BrokerageAccountFactory.create(user=first.user, status="SUBMITTED")
    client = signed_in(first.user)
    page = client.get(account_url(first, "trading:portfolio")).content.decode()
    assert f'href="{account_url(first, "funding:transfers")}"' in page
    assert f'href="{account_url(second, "funding:transfers")}"' not in page.split("account-switcher")[0]
    page = client.get(reverse("display")).content.decode()
    assert f'href="{account_url(second, "funding:transfers")}"' in page
    assert client.get(reverse("home"))["Location"] == account_url(second, "trading:portfolio")


def test_pages_of_two_accounts_share_no_figure() -> None:
    first = BrokerageAccountFactory.create(**FIGURES)
    second = BrokerageAccountFactory.create(
        user=first.user, cash=Decimal("2222.22"), buying_power=Decimal("2222.22")
    )
    rows_of(first)
    client = signed_in(first.user)
    for name in ("trading:portfolio", "trading:orders", "funding:transfers", "funding:deposit"):
        page = client.get(account_url(second, name)).content.decode()
        assert "1,111.11" not in page
        assert "AAPL" not in page
    bank = BankLinkFactory.create(second)
    assert bank.status == BankLinkStatus.APPROVED
    assert "2,222.22" in client.get(account_url(second, "funding:deposit")).content.decode()


# What blocks is said before the form is filled in


@pytest.mark.parametrize(
    ("name", "facts", "words", "form"),
    [
        ("trading:asset", {"trading_blocked": True}, "blocked trading", 'name="amount"'),
        ("trading:asset", {"trade_suspended_by_user": True}, "Trading is switched off", 'name="amount"'),
        ("trading:asset", {"broker_status": "PAPER_ONLY"}, "do not know yet", 'name="amount"'),
        ("funding:deposit", {"transfers_blocked": True}, "deposits and withdrawals", 'name="amount"'),
        ("funding:withdraw", {"status": "ACCOUNT_UPDATED"}, "withdraw again once", 'name="amount"'),
        ("funding:link_bank", {"account_blocked": True}, "blocked your account", 'name="nickname"'),
    ],
)
def test_page_of_a_blocked_account_names_the_fact_instead_of_a_form(
    name: str, facts: dict[str, object], words: str, form: str
) -> None:
    account = BrokerageAccountFactory.create(**FIGURES)
    if name != "funding:link_bank":
        BankLinkFactory.create(account)
    AssetFactory.create()
    QuoteFactory.create()
    BrokerageAccount.objects.update(**facts)
    page = signed_in(account.user).get(
        account_url(account, name, *(["AAPL"] if name == "trading:asset" else []))
    )
    text = page.content.decode()
    assert words in text
    assert form not in text
    assert account_url(account, "account_status") in text


def test_page_of_a_change_in_review_still_takes_orders_and_deposits() -> None:
    account = BrokerageAccountFactory.create(status="ACCOUNT_UPDATED", **FIGURES)
    BankLinkFactory.create(account)
    AssetFactory.create()
    QuoteFactory.create()
    client = signed_in(account.user)
    for name, args in (("trading:asset", ["AAPL"]), ("funding:deposit", [])):
        assert 'name="amount"' in client.get(account_url(account, name, *args)).content.decode()
    page = client.get(account_url(account, "funding:transfers")).content.decode()
    assert f'href="{account_url(account, "funding:deposit")}"' in page
    assert f'href="{account_url(account, "funding:withdraw")}"' not in page
    assert "Withdrawals are not open" in page


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"trading_blocked": True}, "limited at the moment"),
        ({"broker_status": "PAPER_ONLY"}, "a state that we do not know"),
        ({"status": "DISABLED"}, "Your account is disabled"),
        ({"status": "ACCOUNT_UPDATED"}, "change to your details is in review"),
    ],
)
def test_status_page_of_an_account_that_goes_back_says_so(facts: dict[str, object], words: str) -> None:
    account = BrokerageAccountFactory.create()
    BrokerageAccount.objects.update(**facts)
    page = signed_in(account.user).get(account_url(account, "account_status")).content.decode()
    assert words in page
    assert "Account open" in page
