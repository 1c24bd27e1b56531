"""The people that a demo starts with, each brought to their state through the product's own services."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import requests
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone

from brokerapp.accounts import services as accounts
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.roles import Role
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.demo import codes
from brokerapp.records import services as records
from brokerapp.records.models import IssuedDocument
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from funding.statuses import BankLinkStatus, Direction, TransferStatus
from onboarding.agreements import revisions_of
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from trading.models import Asset, Order
from trading.order_spec import OrderSpec
from trading.services import orders

WAIT_SECONDS = 60
POLL_SECONDS = 0.25
LOOPBACK_IP = "127.0.0.1"
UNPROCESSABLE = 422


class NotTheSandbox(Exception):
    """The broker is not our own sandbox process."""


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as, and what they are there to show."""

    email: str
    shows: str
    family_name: str = ""
    ssn: str = ""


APPLICANT = Person("applicant@example.com", "new: has not applied yet")
TRADER = Person("trader@example.com", "funded: cash and shares", "Trader", "124554321")
ACTION = Person("action@example.com", "KYC: the broker needs something", "Action", "124554322")
RETURNED = Person("returned@example.com", "a deposit that the bank returned", "Returned", "124554323")
OPS = Person("ops@example.com", "operations staff (admin site); the code is in the mailbox")
SUPPORT = Person("support@example.com", "support staff (admin site), who read; the code is in the mailbox")
APPROVER = Person("approver@example.com", "confirms what operations propose; the code is in the mailbox")
PEOPLE = (APPLICANT, TRADER, ACTION, RETURNED, OPS, APPROVER, SUPPORT)


def seed_people(password: str) -> list[Person]:
    """Make those people who are not there yet, and have all sign in with `password`; safe to repeat.

    Raises `NotTheSandbox`, so that no invented person is ever sent to Alpaca, and `TimeoutError` if the
    sandbox does not get on.
    """
    if not is_built_in_sandbox():
        raise NotTheSandbox(settings.BROKER_BASE_URL)
    _user(APPLICANT)
    for person, role in ((OPS, Role.OPERATIONS), (APPROVER, Role.APPROVER), (SUPPORT, Role.SUPPORT)):
        member = _user(person, is_staff=True)
        member.groups.set([Group.objects.get(name=role)])
        User.objects.filter(pk=member.pk, is_superuser=True).update(is_superuser=False)
        codes.set_up(member)
    makers = (_make_trader, _make_action, _make_returned)
    with ThreadPoolExecutor(len(makers)) as pool:  # each mostly waits for the sandbox
        list(pool.map(_run_with_own_connection, makers))
    _set_passwords(password)
    return list(PEOPLE)


def _set_passwords(password: str) -> None:
    """Everybody's, unless it is theirs already: a new one would sign them out."""
    people = list(User.objects.filter(email__in=[person.email for person in PEOPLE]))
    known = {user.password for user in people}
    right = {hashed for hashed in known if check_password(password, hashed)}
    wrong = [user.pk for user in people if user.password not in right]
    if wrong:
        User.objects.filter(pk__in=wrong).update(password=make_password(password))


def is_built_in_sandbox() -> bool:
    """Whether the broker is our own sandbox process, which alone has control routes."""
    try:
        return requests.get(f"{settings.BROKER_BASE_URL}/_sandbox/info", timeout=(1, 2)).ok
    except requests.RequestException:
        return False


def _run_with_own_connection(make: Callable[[], None]) -> None:
    try:
        make()
    finally:
        connections.close_all()


def _make_trader() -> None:
    account = _account(TRADER)
    if not Transfer.objects.filter(account=account).exists():
        _give_past(account)
    _deposit(account, Decimal("5000.00"))
    _order(account, "AAPL", Decimal("3.5"))
    _order(account, "VTI", Decimal(2))
    _records(account)


def _give_past(account: BrokerageAccount) -> None:
    """Months of deposits and buys at the broker, so that the chart has something to show."""
    url = f"{settings.BROKER_BASE_URL}/_sandbox/scenarios/past"
    body = {"account_id": str(account.broker_account_id), "months": "14", "amount": "600"}
    reply = requests.post(url, json=body, timeout=settings.BROKER_TIMEOUTS)
    if reply.status_code != UNPROCESSABLE:  # it has one already
        reply.raise_for_status()


def _make_action() -> None:
    _account(ACTION, wanted=AccountStatus.ACTION_REQUIRED, is_politically_exposed=True)


def _make_returned() -> None:
    _return_deposit(_deposit(_account(RETURNED), Decimal("250.00")))


def _user(person: Person, **columns: Any) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = User.objects.create(email=person.email, password=make_password(None), **columns)
        user.emailaddress_set.create(email=person.email, verified=True, primary=True)  # type: ignore[attr-defined]
    return user


def _account(person: Person, wanted: str = AccountStatus.ACTIVE, **answers: Any) -> BrokerageAccount:
    user = _user(person)
    application = applications.get_or_start_application(user=user)
    if application.is_editable:
        applications.save_answers(application=application, answers={**_answers(person), **answers})
        applications.sign_agreements(
            application=application,
            signed=revisions_of("customer_agreement"),
            ip_address=LOOPBACK_IP,
            now=timezone.now(),
        )
        application.refresh_from_db()
        application = applications.submit_application(application=application, by=user, now=timezone.now())
    _wait(f"{person.email}'s application", lambda: _sent(application))
    application.refresh_from_db()
    account = application.account
    assert account is not None

    def decided() -> bool:
        account.refresh_from_db()
        return account.status == wanted or accounts.sync_account(account=account).status == wanted

    if account.status != wanted:
        _wait(f"{person.email}'s account to be {wanted}", decided)
    return accounts.sync_balances(account=account) if account.is_open else account


def _sent(application: KycApplication) -> bool:
    application.refresh_from_db()
    if application.status == ApplicationStatus.SUBMITTING:
        applications.open_account(application=application, now=timezone.now())
    if application.status == ApplicationStatus.NEEDS_CHANGES:
        raise RuntimeError(f"The sandbox refused the demo application: {application.status_reason}")
    return application.status == ApplicationStatus.SUBMITTED


def _answers(person: Person) -> dict[str, Any]:
    return {
        "given_name": "Demo",
        "family_name": person.family_name,
        "phone_number": "+12125550123",
        "street_address": "20 N San Mateo Dr",
        "city": "San Mateo",
        "state": "CA",
        "postal_code": "94401",
        "date_of_birth": date(1985, 3, 31),
        "country_of_birth": "USA",
        "country_of_citizenship": "USA",
        "tax_id": person.ssn,
        "tax_id_type": "USA_SSN",
        "tax_id_last4": person.ssn[-4:],
        "documents_answered": True,
        "country_of_residence": "USA",
        "finances_answered": True,
        "investing_answered": True,
        "employment_status": "RETIRED",
        "funding_source": ["savings"],
        "is_control_person": False,
        "is_affiliated_exchange_or_finra": False,
        "is_politically_exposed": False,
        "immediate_family_exposed": False,
        "wants_trusted_contact": False,
    }


def _deposit(account: BrokerageAccount, amount: Decimal) -> Transfer:
    link = _bank(account)
    transfer = Transfer.objects.filter(account=account, direction=Direction.INCOMING).first()
    if transfer is None:
        transfer = transfers.request_transfer(
            account=account,
            intent_id=uuid.uuid4(),
            direction=Direction.INCOMING,
            amount=amount,
            bank_link_id=str(link.pk),
            by=account.user,
            now=timezone.now(),
        )
    transfers.send_transfer(transfer=transfer, now=timezone.now())

    def complete() -> bool:
        transfers.sync_account_transfers(account=account, now=timezone.now())
        transfer.refresh_from_db()
        return transfer.status in (TransferStatus.COMPLETE, TransferStatus.RETURNED)

    _wait(f"{account.user.email}'s deposit", complete)
    accounts.sync_balances(account=account)
    return transfer


def _bank(account: BrokerageAccount) -> BankLink:
    link = BankLink.objects.active().filter(account=account).first()
    if link is None:
        details: banks.BankDetails = {
            "account_owner_name": f"Demo {account.application.family_name}",
            "bank_account_type": BankLink.AccountType.CHECKING,
            "bank_account_number": "32131231123",
            "bank_routing_number": "121000358",
            "nickname": "",
        }
        link = banks.link_bank(account=account, details=details, by=account.user)

    def approved() -> bool:
        link.refresh_from_db()
        return banks.sync_bank_link(link=link, now=timezone.now()).status == BankLinkStatus.APPROVED

    if link.status != BankLinkStatus.APPROVED:
        _wait(f"{account.user.email}'s bank", approved)
    return link


def _return_deposit(transfer: Transfer) -> None:
    if transfer.status != TransferStatus.RETURNED:
        url = f"{settings.BROKER_BASE_URL}/_sandbox/transfers/{transfer.broker_transfer_id}/return"
        requests.post(url, timeout=settings.BROKER_TIMEOUTS).raise_for_status()
        transfers.sync_account_transfers(account=transfer.account, now=timezone.now())


def _order(account: BrokerageAccount, symbol: str, qty: Decimal) -> None:
    """Bought at market; while the market is closed the order waits, and so does the demo's position."""
    if Order.objects.filter(account=account, symbol=symbol).exists():
        return
    asset = Asset.objects.get(symbol=symbol)
    orders.place_order(
        account=account,
        ticket=OrderSpec(asset=asset, side=Order.Side.BUY, qty=qty),
        order_id=uuid.uuid4(),
        seen_price=None,
        by=account.user,
        now=timezone.now(),
    )


def _records(account: BrokerageAccount) -> None:
    """A statement before its time, told of as new, and a dividend where the shares are."""
    records.sync_documents(account=account)
    if IssuedDocument.objects.filter(account=account, is_announced=True).exists():
        return
    _play(account, "dividend", symbol="AAPL", per_share="0.26")
    _play(account, "document_published", type="account_statement")
    records.sync_documents(account=account)


def _play(account: BrokerageAccount, scenario: str, **options: str) -> None:
    """Have the sandbox do what is rare; it may refuse, as it has no dividend for shares that wait."""
    url = f"{settings.BROKER_BASE_URL}/_sandbox/scenarios/{scenario}"
    body = {"account_id": str(account.broker_account_id), **options}
    requests.post(url, json=body, timeout=settings.BROKER_TIMEOUTS)


def _wait(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {WAIT_SECONDS} s for {what}")
        time.sleep(POLL_SECONDS)
