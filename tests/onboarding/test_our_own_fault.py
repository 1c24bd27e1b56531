"""A key of ours that is not accepted is no fault of the person: what they sent waits, and goes later."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.closing import services as closing
from brokerapp.workflow.writes import SentModel
from onboarding.models import KycApplication
from onboarding.services import cip, documents, kyc, profile, tax_forms
from tests.broker_stub import BrokerStub
from tests.factories import account_reply
from tests.onboarding import abroad
from tests.onboarding.profiles import ask, configuration_of
from tests.onboarding.test_kyc_answers import OFFICE, cip_record, give

pytestmark = pytest.mark.django_db

Sent = Callable[[BrokerageAccount, Any], SentModel]


@pytest.fixture
def account() -> BrokerageAccount:
    found = abroad.create_account()
    BrokerageAccount.objects.filter(pk=found.pk).update(cash=0, equity=0, balances_at=timezone.now())
    found.refresh_from_db()
    return found


def answered(account: BrokerageAccount, now: Any) -> SentModel:
    BrokerageAccount.objects.filter(pk=account.pk).update(
        status="ACTION_REQUIRED", kyc_results={"indeterminate": {"PEP": {}}}
    )
    return kyc.send_answer(answer=give(account, "PEP", OFFICE), now=now)


def changed(account: BrokerageAccount, now: Any) -> SentModel:
    return profile.send_change(change=ask(account, "work", {"employer_name": "Looms"}), now=now)


def configured(account: BrokerageAccount, now: Any) -> SentModel:
    off = {"wants_margin": False, "wants_shorting": None}
    return profile.send_change(change=ask(account, "margin", off), now=now)


def closed(account: BrokerageAccount, now: Any) -> SentModel:
    wish = closing.request_closing(account=account, by=account.user, now=now)
    return closing.close_account(closing=wish, now=now)


def uploaded(account: BrokerageAccount, now: Any) -> SentModel:
    document = documents.store_document(
        application=KycApplication.objects.get(account=account),
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"%PDF-1.7 a passport",
    )
    return documents.send_document(document=document, now=now)


def recorded(account: BrokerageAccount, now: Any) -> SentModel:
    return cip.send_record(record=cip_record(account), now=now)


def signed(account: BrokerageAccount, now: Any) -> SentModel:
    content = KycApplication.objects.get(account=account).tax_forms.get().content
    signature = tax_forms.Signature("Ana Souza", "203.0.113.7", now)
    form = tax_forms.sign_again(account=account, content=content, signature=signature)
    return tax_forms.send_tax_form(form=form, now=now)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("send", [answered, changed, configured, closed, uploaded, recorded, signed])
def test_what_a_person_sent_waits_while_our_key_is_not_accepted(
    broker: BrokerStub, account: BrokerageAccount, send: Sent, status: int
) -> None:
    own = f"/v1/accounts/{account.broker_account_id}"
    said = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    broker.on("GET", own, json=said)
    refusal: dict[str, Any] = {"status": status, "json": {"message": "unauthorized."}}
    broker.on("PATCH", own, **refusal)
    broker.on("PATCH", configuration_of(account), **refusal)
    for path in ("actions/close", "documents/upload", "cip"):
        broker.on("POST", f"{own}/{path}", **refusal)

    now = timezone.now()
    row = send(account, now)

    row.refresh_from_db()
    assert broker.count("PATCH") + broker.count("POST") == 1
    assert (row.status, row.claimed_at, row.failed_sends) == (row.WAITING, None, 1)
    assert row.send_after >= now + timedelta(seconds=5)
    assert "on our side" in row.status_reason
