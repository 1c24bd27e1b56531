"""What is forgotten of people whose account has been closed for longer than records are kept."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.ops.models import StaffNote
from brokerapp.privacy import retention
from brokerapp.privacy.holdings import Encoder, everything_about
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.models import Case, CaseMessage
from funding.models import Transfer
from onboarding.cases import Attempt, CipRecord, DuePaper, KycAnswer, StaffRequest, Word
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from onboarding.services import documents
from tests.factories import (
    BANK,
    BankLinkFactory,
    BrokerageAccountFactory,
    KycApplicationFactory,
    OrderFactory,
    TransferFactory,
)
from trading.models import Order

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=366 * 6 + 1)
SAID = "My cousin Zebedee told me so."


def everywhere(account: BrokerageAccount) -> None:
    """A row of everything that says something of the account's owner."""
    user, application = account.user, account.application
    BankLinkFactory.create(account, nickname="Rainy days")
    TransferFactory.create(account)
    OrderFactory.create(account)
    of_account: dict[str, Any] = {"user": user, "account": account}
    first = ProfileChange.objects.create(**of_account, part="phone", answers={}, status="APPLIED")
    change = {"part": "phone", "answers": {"phone_number": "+12125550188"}, "status": "APPLIED"}
    ProfileChange.objects.create(**of_account, **change, follows=first)
    DuePaper.objects.create(**of_account, part="visa", ends_on=NOW.date())
    case = Case.objects.create(**of_account, topic="ACCOUNT")
    CaseMessage.objects.create(case=case, author=user, text=SAID)
    StaffNote.objects.create(person_id=user.pk, written_by_id=1, text=SAID)
    documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"a passport",
    )
    TaxForm.objects.create(
        application=application,
        user=user,
        content={"full_name": "Ada Byron"},
        signature="Ada Byron",
        revision="10-2021",
        signed_at=NOW,
        ip_address="203.0.113.7",
        valid_until=NOW.date(),
    )
    KycAnswer.objects.create(application=application, user=user, code="PEP", answers={"words": SAID})
    CipRecord.objects.create(
        application=application, user=user, approved_by_id=1, approved_at=NOW, reason="Fine"
    )
    StaffRequest.objects.create(application=application, reasons=["OTHER"], text=SAID, asked_by_id=1)
    Word.objects.create(application=application, kind="NOTE", text=SAID, by_id=1)
    Attempt.objects.create(application=application, number=9, answers=[["Name", "Name", "Ada Byron"]])


def closed(account: BrokerageAccount, at: datetime = LONG_AGO, status: str = "ACCOUNT_CLOSED") -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(status=status, status_at=at)


def held_of(person: User) -> str:
    return json.dumps(everything_about(person), cls=Encoder)


def values_of(account: BrokerageAccount) -> set[str]:
    """What tells who the owner is."""
    application = account.application
    return {
        account.user.email,
        account.account_number,
        application.family_name,
        application.street_address,
        application.phone_number,
        str(application.date_of_birth),
        BANK["bank_account_number"],
        BANK["account_owner_name"],
        "Rainy days",
        SAID,
    }


@pytest.fixture
def account() -> BrokerageAccount:
    made = BrokerageAccountFactory.create()
    everywhere(made)
    return made


def test_forget_closed_accounts_leaves_nothing_that_tells_whose_it_was(account: BrokerageAccount) -> None:
    values = values_of(account)
    assert {value for value in values if value in held_of(account.user)} == values
    closed(account)

    retention.forget_closed_accounts(now=NOW)

    account.user.refresh_from_db()
    left = held_of(account.user)
    assert {value for value in values if value in left} == set()
    for model in (KycApplication, Document, TaxForm, ProfileChange, DuePaper, CaseMessage, StaffNote):
        assert not model.objects.exists(), model
    assert Order.objects.filter(account=account).exists()
    assert Transfer.objects.filter(account=account).exists()
    assert not account.user.is_active


def test_forget_closed_accounts_is_in_the_security_log_once(account: BrokerageAccount) -> None:
    closed(account)
    for _ in range(2):
        retention.forget_closed_accounts(now=NOW)
    event = SecurityEvent.objects.get(kind=Kind.DATA_ERASED)
    assert (event.person_id, event.object_id, event.staff_id) == (account.user_id, str(account.pk), None)
    assert event.detail == {"applications": 1, "person": True}
    assert "law" in event.reason


@pytest.mark.parametrize(
    ("status", "at"),
    [
        ("ACCOUNT_CLOSED", NOW - timedelta(days=365 * 6 - 1)),
        ("DISABLED", LONG_AGO),
        ("ACTIVE", LONG_AGO),
    ],
)
def test_forget_closed_accounts_leaves_what_is_in_use_or_closed_for_less(
    account: BrokerageAccount, status: str, at: datetime
) -> None:
    closed(account, at, status)
    before = held_of(account.user)
    retention.forget_closed_accounts(now=NOW)
    assert held_of(account.user) == before


def test_forget_closed_accounts_by_the_setting(account: BrokerageAccount, settings: LazySettings) -> None:
    settings.ACCOUNT_RETENTION_YEARS = 7
    closed(account)
    retention.forget_closed_accounts(now=NOW)
    assert KycApplication.objects.exists()


def test_forget_closed_accounts_leaves_a_person_with_another_account_reachable(
    account: BrokerageAccount,
) -> None:
    other = BrokerageAccountFactory.create(user=account.user)
    closed(account)

    retention.forget_closed_accounts(now=NOW)

    user = User.objects.get(pk=account.user_id)
    assert (user.is_active, user.email) == (True, account.user.email)
    assert KycApplication.objects.get().account == other
    assert StaffNote.objects.exists()
    assert BrokerageAccount.objects.get(pk=account.pk).account_number == ""
    assert SecurityEvent.objects.get(kind=Kind.DATA_ERASED).detail["person"] is False


def test_forget_closed_accounts_forgets_who_was_turned_down_by_our_staff() -> None:
    application = KycApplicationFactory.create()
    KycApplication.objects.filter(pk=application.pk).update(
        status="REJECTED", submitted_at=LONG_AGO, status_at=LONG_AGO
    )
    kept = KycApplicationFactory.create()
    retention.forget_closed_accounts(now=NOW)
    assert KycApplication.objects.get() == kept
    assert User.objects.get(pk=application.user_id).email.endswith("@erased.invalid")


def test_every_row_that_refers_to_an_application_goes_with_it() -> None:
    referring = {relation.related_model.__name__ for relation in KycApplication._meta.related_objects}
    assert referring == set(retention.OF_APPLICATION)
