"""Pages that a signed-in person can open, in many states: no word on them is meant for machines."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.db.models import TextChoices
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.ui.links import ACCOUNT_ID
from brokerapp.workflow import state
from brokerapp.workflow.state import Process
from funding.models import Transfer
from funding.services import settling
from funding.statuses import BankLinkStatus, Direction, TransferStatus
from onboarding.kyc_results import REQUESTS
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.services import applications, reviews
from onboarding.statuses import AnswerStatus, ApplicationStatus, DocumentStatus
from tests.addresses import addresses
from tests.broker_stub import BrokerStub
from tests.brokerapp.accounts.test_pages import account_patterns, rows_of, url_of
from tests.factories import (
    BankLinkFactory,
    BrokerageAccountFactory,
    KycApplicationFactory,
    OrderFactory,
    QuoteFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
)
from tests.trading.conftest import left_in_call, place, refusal
from trading.models import Order
from trading.services import orders
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db

A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
STATUSES: tuple[type[TextChoices], ...] = (
    AccountStatus,
    AnswerStatus,
    ApplicationStatus,
    BankLinkStatus,
    DocumentStatus,
    OrderStatus,
    TransferStatus,
)
RAW = {str(word) for kind in STATUSES for word in kind.values} | {"BUY", "SELL", *Direction.values}
"""As they are stored; people read their labels."""
MACHINES = re.compile(
    r"\bperson \d|This field|Ensure this|valid choice|Bad Token|Confirm Access|\bNone\b|\benum\b|"
    r"[a-z]+_[a-z]+ (?:is|must|cannot)|\{\{|\{%|&lt;|Decimal\(|\bR\d\d\b(?!\))"
)
NONE_IS_SAID = re.compile(r"None (?:from us|for now)|>\s*None\s*<")


def words_of(page: str) -> str:
    """What a person reads on a page, its title and the names of its controls included."""
    said = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    said = NONE_IS_SAID.sub(" ", said)
    named = re.findall(r'(?:aria-label|placeholder|data-label|data-live-announce|alt)="([^"]*)"', said)
    return html.unescape(" ".join([re.sub(r"<[^>]+>", " ", said), *named]))


def wrong_words(page: str) -> list[str]:
    text = words_of(page)
    raw = [word for word in re.findall(r"\b[A-Z][A-Z_]{2,}\b", text) if word in RAW]
    return raw + [found[0] for found in MACHINES.finditer(text)]


def plain_addresses() -> Iterator[str]:
    """Each address that takes no argument, but for staff's."""
    for address in addresses():
        if address.name and not address.params and not address.is_admin:
            yield reverse(address.name)


MOST_REDIRECTS = 5


def walk(person: User, addresses: list[str]) -> None:
    """Open each address as the person, following redirects; a page at which several end is opened once."""
    client = Client()
    client.force_login(person)
    seen: set[str] = set()
    opened = 0
    for address in addresses:
        here = address
        for _ in range(MOST_REDIRECTS):
            if here in seen:
                break
            page = client.get(here)
            if page.status_code not in (301, 302, 303):
                seen.add(here)
                opened += says_no_wrong_words(page, here)
                break
            here = urljoin(here, page["Location"])
        else:
            raise AssertionError(f"{address} leads to no page")
    assert opened


def says_no_wrong_words(page: Any, address: str) -> bool:
    """Whether it is a page that people read; fails for a wrong word on it, and for one that is none."""
    if page.status_code == 405:
        return False
    assert page.status_code in (200, 404), address
    if not page["Content-Type"].startswith("text/html"):
        return False
    assert wrong_words(page.content.decode()) == [], address
    return True


def everywhere() -> list[str]:
    """Every page that a person without an account can ask for."""
    steps = [reverse("apply_step", args=[key]) for key in PAGES]
    found = [address for address in plain_addresses() if not address.startswith(("/static", "/favicon"))]
    return [*found, *steps, "/portfolio/", "/trade/AAPL/", "/orders/", "/transfer/", "/no/such/page/"]


def pages_of(account: BrokerageAccount) -> list[str]:
    """The pages that are not about one row of the account's, and those that lead to it."""
    of_it = [
        url_of(name, account.pk, {}) for name, names, _ in account_patterns() if set(names) == {ACCOUNT_ID}
    ]
    return [*of_it, reverse("home"), reverse("application_status"), "/trade/AAPL/"]


def sent(status: str) -> KycApplication:
    application = KycApplicationFactory.create(wants_trusted_contact=False)
    by_staff = status in (ApplicationStatus.IN_REVIEW, ApplicationStatus.REJECTED)
    with override_settings(STAFF_APPROVE_APPLICATIONS=by_staff):
        application = applications.submit_application(
            application=application, by=application.user, now=application.created_at
        )
    if status == ApplicationStatus.REJECTED:
        staff = StaffFactory.create()
        reviews.reject(application=application, why="PAPERS", text="", by=staff, now=timezone.now())
    elif status not in (ApplicationStatus.SUBMITTING, ApplicationStatus.IN_REVIEW):
        reason = "invalid input value for enum phone_number"
        state.move(application, status, by=Process.REPLY, reason=reason, claimed_at=application.created_at)
    return application


def test_walk_finds_raw_words() -> None:
    for wrong in (
        "<p>SUBMITTING</p>",
        "<p>person 6</p>",
        "<p>postal_code is required</p>",
        "<p>This field is required.</p>",
        '<td data-label="QUEUED">x</td>',
        "<p>None</p><p>it is None today</p>",
    ):
        assert wrong_words(wrong), wrong
    assert wrong_words("<p>Returned: the account is closed (R02). Fee: None from us</p>") == []


def test_pages_of_a_trader() -> None:
    walk(BrokerageAccountFactory.create(cash=1000, cash_withdrawable=1000).user, everywhere())


def test_pages_of_a_newcomer_and_of_a_draft() -> None:
    walk(UserFactory.create(), everywhere())
    draft = KycApplicationFactory.create(
        is_control_person=True,
        disclosure_context=[{"context_type": "CONTROLLED_FIRM", "company_name": "Initech"}],
    )
    walk(draft.user, everywhere())


@pytest.mark.parametrize(
    "status", [status for status in ApplicationStatus if status not in ("DRAFT", "SUBMITTED")]
)
def test_pages_of_an_application_that_was_sent(status: str) -> None:
    """The pages that say how far it is, and those of an account, which lead there."""
    about_it = ("/apply", "/portfolio", "/trade", "/orders", "/transfer")
    walk(sent(status).user, [page for page in everywhere() if page == "/" or page.startswith(about_it)])


def test_pages_of_an_account_of_which_everything_is_asked() -> None:
    codes: dict[str, Any] = {code: {} for code in (*REQUESTS, "OTHER", "A_CODE_OF_TOMORROW", "OTHER_PARTNER")}
    account = BrokerageAccountFactory.create(
        status="ACTION_REQUIRED", kyc_results={"indeterminate": codes, "reject": {"PEP": {}}}
    )
    walk(account.user, pages_of(account))


@pytest.mark.parametrize("status", AccountStatus.values)
def test_pages_of_an_account(status: str) -> None:
    account = BrokerageAccountFactory.create(status=status, cash=1000, cash_withdrawable=1000)
    walk(account.user, pages_of(account))


@pytest.mark.parametrize("status", BankLinkStatus.values)
def test_pages_of_a_bank(status: str) -> None:
    account = BrokerageAccountFactory.create(cash_withdrawable=1000)
    bank = BankLinkFactory.create(account, status)
    section = [page for page in pages_of(account) if "/transfer/" in page]
    assert len(section) > 3
    walk(account.user, [*section, url(account, "funding:bank", pk=bank.pk)])


@pytest.mark.parametrize("status", TransferStatus.values)
def test_pages_of_a_transfer(status: str) -> None:
    account = BrokerageAccountFactory.create(cash_withdrawable=1000)
    for direction in Direction.values:
        made = status if status != TransferStatus.NOT_MADE else TransferStatus.UNKNOWN
        transfer = TransferFactory.create(account, made, direction=direction)
        if status == TransferStatus.NOT_MADE:
            settling.record_not_done(transfer=transfer, by=StaffFactory.create())
        walk_transfer(transfer)


@pytest.mark.parametrize("direction", Direction.values)
def test_pages_of_a_transfer_that_was_never_sent(direction: str) -> None:
    transfer = TransferFactory.create(status=TransferStatus.SUBMITTING, direction=direction)
    transfer = settling.settle_transfer(
        transfer=transfer, now=transfer.created_at + settling.SEND_WITHIN + A_MINUTE, by=Process.SWEEP
    )
    assert transfer.status == TransferStatus.NOT_MADE
    walk_transfer(transfer)


def test_pages_of_a_transfer_that_staff_look_for(broker: BrokerStub) -> None:
    transfer = TransferFactory.create(status=TransferStatus.UNKNOWN)
    broker.on_account("GET", transfer.account, "transfers", json=[])
    for look in range(1, 4):
        transfer = settling.settle_transfer(
            transfer=transfer, now=transfer.created_at + look * A_DAY, by=Process.SWEEP
        )
    assert transfer.is_undecided
    walk_transfer(transfer)


def walk_transfer(transfer: Transfer) -> None:
    account = transfer.account
    pages = [url(account, "funding:transfer", pk=transfer.pk), url(account, "funding:transfers")]
    walk(account.user, [*pages, url(account, "trading:portfolio")])


@pytest.mark.parametrize(
    "word", ["", *(word.lower() for word in OrderStatus.values if word not in ("UNKNOWN", "SUBMITTING"))]
)
def test_pages_of_an_order(word: str) -> None:
    account = BrokerageAccountFactory.create(cash=1000, buying_power=1000)
    QuoteFactory.create()
    walk_order(OrderFactory.create(account, status=word))


@pytest.mark.parametrize("status", [OrderStatus.UNKNOWN, OrderStatus.NOT_FOUND, OrderStatus.NOT_PLACED])
def test_pages_of_an_order_whose_reply_was_lost(broker: BrokerStub, status: str) -> None:
    account = BrokerageAccountFactory.create(cash=1000, buying_power=1000)
    QuoteFactory.create()
    order = left_in_call(account, OrderStatus.UNKNOWN)
    broker.on_orders("GET", account, ":by_client_order_id", status=404, json=refusal("order not found"))
    if status != OrderStatus.UNKNOWN:
        wait = 30 * A_DAY if status == OrderStatus.NOT_PLACED else A_MINUTE
        order = orders.settle_order(order=order, now=timezone.now() + wait)
    assert order.status == status
    walk_order(order)


def test_pages_of_an_order_that_the_broker_was_too_busy_for(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(cash=1000, buying_power=1000)
    QuoteFactory.create()
    broker.on_orders("POST", account, status=429, json={"message": "too many requests."})
    order = place(account)
    assert order.status == OrderStatus.NOT_PLACED
    walk_order(order)


def walk_order(order: Order) -> None:
    account = order.account
    pages = [url(account, "trading:order", order_id=order.pk), url(account, "trading:portfolio")]
    listed = url(account, "trading:orders")
    walk(account.user, [*pages, *(f"{listed}?tab={tab}" for tab in ("open", "closed", "all"))])


def test_pages_about_a_row() -> None:
    account = BrokerageAccountFactory.create(cash=1000, cash_withdrawable=1000, buying_power=1000)
    rows = rows_of(account)
    walk(account.user, [url_of(name, account.pk, rows) for name in rows])


def url(account: BrokerageAccount, name: str, **arguments: Any) -> str:
    return reverse(name, kwargs={ACCOUNT_ID: account.pk, **arguments})
