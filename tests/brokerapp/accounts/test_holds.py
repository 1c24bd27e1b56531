"""Holds on withdrawals: what starts one, how long it lasts, what it says, and who lifts it."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts import credentials, holds
from brokerapp.accounts.capabilities import (
    AccountSecured,
    Capability,
    TransfersBlocked,
    WithdrawalsHeld,
    check,
    refusal,
)
from brokerapp.accounts.models import User, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason, HoldStatus
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import IllegalMove
from funding.models import BankLink, Transfer
from funding.services import banks, transfers
from funding.statuses import BankLinkStatus, Direction
from tests.account_pages import AccountClient
from tests.broker_stub import BrokerStub
from tests.factories import (
    BANK,
    PASSWORD,
    BankLinkFactory,
    BrokerageAccountFactory,
    TransferFactory,
    UserFactory,
    confirm,
    staff_in_role,
)

pytestmark = pytest.mark.django_db


def test_place_hold_keeps_money_in_every_account_of_the_person_and_nobody_elses() -> None:
    first = BrokerageAccountFactory.create()
    second = BrokerageAccountFactory.create(user=first.user)
    other = BrokerageAccountFactory.create()
    holds.place_hold(first.user, HoldReason.PASSWORD)
    for account in (first, second):
        assert isinstance(refusal(account, Capability.WITHDRAW), WithdrawalsHeld)
        for capability in set(Capability) - {Capability.WITHDRAW}:
            check(account, capability)
    check(other, Capability.WITHDRAW)


def test_place_hold_ends_by_itself_after_the_hours_of_the_setting(settings: Any) -> None:
    settings.WITHDRAWAL_HOLD_HOURS = 48
    account, now = BrokerageAccountFactory.create(), timezone.now()
    hold = holds.place_hold(account.user, HoldReason.EMAIL, now=now)
    assert hold is not None
    assert hold.until == now + timedelta(hours=48)
    assert holds.current_hold(account.user, now + timedelta(hours=47, minutes=59)) == hold
    assert holds.current_hold(account.user, now + timedelta(hours=48)) is None
    WithdrawalHold.objects.update(until=now)
    check(account, Capability.WITHDRAW)


def test_place_hold_without_hours_places_none_but_for_secured_accounts(settings: Any) -> None:
    settings.WITHDRAWAL_HOLD_HOURS = 0
    person = UserFactory.create()
    assert holds.place_hold(person, HoldReason.PASSWORD) is None
    assert holds.place_hold(person, HoldReason.SECURED) is not None


def test_current_hold_is_the_one_that_lasts_longest() -> None:
    person, now = UserFactory.create(), timezone.now()
    holds.place_hold(person, HoldReason.PASSWORD, now=now - timedelta(hours=30))
    long = holds.place_hold(person, HoldReason.BANK, now=now)
    holds.place_hold(person, HoldReason.EMAIL, now=now - timedelta(hours=3))
    assert holds.current_hold(person) == long
    secured = holds.place_hold(person, HoldReason.SECURED)
    assert holds.current_hold(person) == secured


def test_place_hold_is_in_the_history_and_in_the_security_log() -> None:
    person = UserFactory.create()
    hold = holds.place_hold(person, HoldReason.MFA)
    assert hold is not None
    assert StatusChange.objects.about(hold).get().actor_id == person.pk
    event = SecurityEvent.objects.about(hold).get()
    assert (event.kind, event.person_id, event.detail["cause"]) == (Kind.HOLD_PLACED, person.pk, "MFA")


def test_secured_hold_is_there_once_and_the_database_says_so_too() -> None:
    person = UserFactory.create()
    first = holds.place_hold(person, HoldReason.SECURED)
    assert holds.place_hold(person, HoldReason.SECURED) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        WithdrawalHold.objects.create(user=person, cause=HoldReason.SECURED)
    with pytest.raises(IntegrityError), transaction.atomic():
        WithdrawalHold.objects.create(user=person, cause=HoldReason.BANK)


def test_lift_hold_opens_withdrawals_and_keeps_who_and_why() -> None:
    account, staff = BrokerageAccountFactory.create(), staff_in_role("operations")
    hold = holds.place_hold(account.user, HoldReason.PASSWORD)
    assert hold is not None
    lifted = holds.lift_hold(hold=hold, by=staff, reason="She called from the number on file.")
    check(account, Capability.WITHDRAW)
    assert lifted.status == HoldStatus.LIFTED
    event = SecurityEvent.objects.get(kind=Kind.HOLD_LIFTED)
    assert (event.staff_id, event.person_id) == (staff.pk, account.user_id)
    assert event.reason == "She called from the number on file."
    with pytest.raises(IllegalMove):
        holds.lift_hold(hold=lifted, by=staff, reason="Once more.")


# Words


def test_in_words_says_until_when_how_long_and_why() -> None:
    now = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
    hold = WithdrawalHold(cause=HoldReason.BANK, until=now + timedelta(hours=23, minutes=4, seconds=30))
    assert holds.in_words(hold, now) == (
        "Withdrawals are on hold for another 23 hours and 5 minutes, until Tue 2 Mar, 9:04 am ET, because a "
        "bank was linked. That gives you time to step in if it was not you."
    )
    hold = WithdrawalHold(cause=HoldReason.SECURED, created_at=now)
    assert "You secured your account on Mon 1 Mar" in holds.in_words(hold, now)


@pytest.mark.parametrize("reason", HoldReason)
def test_every_reason_has_words(reason: HoldReason) -> None:
    assert holds.WHY[reason]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 minute"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3600, "1 hour"),
        (3601, "1 hour and 1 minute"),
        (86400, "24 hours"),
    ],
)
def test_time_left_rounds_up(seconds: int, text: str) -> None:
    assert holds.time_left(timedelta(seconds=seconds)) == text


# What people see


def funded() -> Any:
    account = BrokerageAccountFactory.create(cash=Decimal(1000), cash_withdrawable=Decimal(1000))
    BankLinkFactory.create(account)
    return account


def test_withdraw_page_of_a_held_account_counts_down_instead_of_a_form() -> None:
    account = funded()
    holds.place_hold(account.user, HoldReason.PASSWORD)
    client = AccountClient(account)
    page = client.get("/transfer/withdraw/").content.decode()
    assert "on hold for another 24 hours, until" in page
    assert "because your password was changed" in page
    assert 'name="amount"' not in page
    assert f'href="{reverse("account_secure")}"' in page
    assert "data-live-poll" in page
    assert 'name="amount"' in client.get("/transfer/deposit/").content.decode()
    assert "Withdrawals are not open" in client.get("/transfer/").content.decode()
    WithdrawalHold.objects.update(until=timezone.now())
    page = client.get("/transfer/withdraw/").content.decode()
    assert 'name="amount"' in page
    assert "data-live-poll" not in page


def test_withdraw_page_of_a_secured_account_waits_for_nothing() -> None:
    account = funded()
    holds.place_hold(account.user, HoldReason.SECURED)
    page = AccountClient(account).get("/transfer/withdraw/").content.decode()
    assert "You secured your account" in page
    assert "data-live-poll" not in page


def test_withdrawal_that_was_reviewed_before_the_hold_is_refused() -> None:
    account = funded()
    bank = BankLink.objects.get()
    holds.place_hold(account.user, HoldReason.PASSWORD)
    with pytest.raises(WithdrawalsHeld):
        transfers.request_transfer(
            account=account,
            intent_id=uuid4(),
            direction=Direction.OUTGOING,
            amount=Decimal("10.00"),
            bank_link_id=str(bank.pk),
            by=account.user,
            now=timezone.now(),
        )
    assert not Transfer.objects.exists()
    reply = AccountClient(account).post("/transfer/withdraw/", {"amount": "10"})
    assert reply.status_code == 422


def test_facts_of_the_broker_come_before_our_hold() -> None:
    account = BrokerageAccountFactory.create()
    account.transfers_blocked = True
    holds.place_hold(account.user, HoldReason.SECURED)
    assert isinstance(refusal(account, Capability.WITHDRAW), TransfersBlocked)
    account.transfers_blocked = False
    assert isinstance(refusal(account, Capability.WITHDRAW), AccountSecured)


# What starts one: credentials


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    confirm(client)
    return client


def causes(person: User) -> list[str]:
    return list(WithdrawalHold.objects.filter(user=person).values_list("cause", flat=True))


def test_changed_password_starts_a_hold() -> None:
    person = UserFactory.create()
    new = "another-long-one-92"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    signed_in(person).post(reverse("account_change_password"), data)
    assert causes(person) == ["PASSWORD"]


def test_reset_password_starts_a_hold() -> None:
    person, client = UserFactory.create(), Client()
    client.post(reverse("account_reset_password"), {"email": person.email})
    link = next(line for line in str(mail.outbox[0].body).splitlines() if "/reset/key/" in line)
    page = client.get(link[link.index("/accounts/") :], follow=True)
    new = "another-long-one-92"
    client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert causes(person) == ["PASSWORD"]


def test_changed_email_starts_a_hold_once_it_is_confirmed() -> None:
    person, address = UserFactory.create(), f"{uuid4().hex}@example.com"
    client = signed_in(person)
    confirm(client)
    client.post(reverse("account_email"), {"email": address, "action_add": ""})
    assert causes(person) == []
    sent = next(message for message in mail.outbox if message.to == [address])
    link = next(line for line in str(sent.body).splitlines() if "/confirm-email/" in line)
    client.post(link.strip()[link.index("/accounts/") :])
    person.refresh_from_db()
    assert person.email == address
    assert causes(person) == ["EMAIL"]


def test_signing_up_and_confirming_the_first_address_starts_none() -> None:
    client, address = Client(), f"{uuid4().hex}@example.com"
    client.post(reverse("account_signup"), {"email": address, "password1": "a-long-enough-one-92"})
    link = next(line for line in str(mail.outbox[0].body).splitlines() if "/confirm-email/" in line)
    client.post(link.strip()[link.index("/accounts/") :])
    assert User.objects.get().last_login
    assert not WithdrawalHold.objects.exists()


def test_second_factor_taken_away_or_renewed_starts_a_hold() -> None:
    person = UserFactory.create()
    credentials.on_factor_changed(sender=None, user=person, authenticator=None)
    assert causes(person) == ["MFA"]


# What starts one: banks


DETAILS = BANK


def link(account: Any, broker: BrokerStub) -> None:
    broker.on_account("POST", account, "ach_relationships", json=bank_body(account))
    banks.link_bank(account=account, details=DETAILS, by=account.user)


def bank_body(account: Any) -> dict[str, Any]:
    return {
        **BANK,
        "id": str(uuid4()),
        "account_id": str(account.broker_account_id),
        "status": "QUEUED",
        "created_at": "2026-03-02T15:00:00Z",
        "updated_at": "2026-03-02T15:00:00Z",
    }


def test_first_bank_of_an_account_that_was_always_empty_starts_none(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create()
    link(account, broker)
    assert causes(account.user) == []
    assert SecurityEvent.objects.filter(kind=Kind.BANK_LINKED, person_id=account.user_id).count() == 1


@pytest.mark.parametrize("had", ["cash", "shares", "bank", "transfer"])
def test_bank_that_money_could_leave_to_starts_a_hold(broker: BrokerStub, had: str) -> None:
    figures: dict[str, Any] = {"cash": {"cash": Decimal(100)}, "shares": {"equity": Decimal(100)}}.get(
        had, {}
    )
    account = BrokerageAccountFactory.create(**figures)
    if had == "bank":
        former = BankLinkFactory.create(account)
        BankLink.objects.filter(pk=former.pk).update(status=BankLinkStatus.CANCELED)
    if had == "transfer":
        TransferFactory.create(account, status="RETURNED")
        BankLink.objects.update(status=BankLinkStatus.REJECTED)
    link(account, broker)
    assert causes(account.user) == ["BANK"]


def test_same_bank_sent_twice_starts_one_hold(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(cash=Decimal(100))
    link(account, broker)
    banks.link_bank(account=account, details=DETAILS, by=account.user)
    assert causes(account.user) == ["BANK"]


@pytest.mark.django_db(transaction=True)
def test_secured_twice_at_once_is_one_hold() -> None:
    person = UserFactory.create()
    errors: list[Exception] = []

    def secure() -> None:
        try:
            holds.place_hold(person, HoldReason.SECURED)
        except Exception as error:  # noqa: BLE001  looked at below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=secure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert WithdrawalHold.objects.count() == 1
