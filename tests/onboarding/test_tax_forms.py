"""Form W-8BEN: signed and sent with the application, and signed again. The broker is a stub here."""

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker import broker_clock
from brokerapp.workflow import state
from brokerapp.workflow.state import Process
from onboarding import rules, w8ben
from onboarding.models import KycApplication, ProfileChange, TaxForm
from onboarding.services import applications, retention, tax_forms
from onboarding.statuses import ProfileChangeStatus, TaxFormStatus
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import account_reply
from tests.onboarding import abroad
from tests.onboarding.abroad import NOW, SIGNATURE

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
ENDING = datetime(2029, 11, 15, 12, tzinfo=UTC)


def test_sign_twice_keeps_the_last() -> None:
    application = abroad.create()
    answers = {"mail_goes_elsewhere": True, "mailing_street": "Caixa Postal 7", "mailing_city": "Santos",
               "mailing_country": "BRA"}  # fmt: skip
    form = tax_forms.sign(application=application, answers=answers, signature=SIGNATURE)
    assert [row.pk for row in application.tax_forms.all()] == [form.pk]
    assert form.content["mailing_address_street"] == "Caixa Postal 7"
    assert (form.valid_until, form.revision) == (date(2029, 12, 31), "10-2021")
    application.refresh_from_db()
    assert application.answer("w8ben_signed") == w8ben.digest_of(form.content)


def test_sign_after_submission_is_refused() -> None:
    application = abroad.create()
    applications.submit_application(application=application, by=application.user, now=NOW)
    with pytest.raises(rules.ApplicationFrozen):
        tax_forms.sign(application=application, answers={}, signature=SIGNATURE)


def test_open_account_sends_the_form_and_notes_that_it_is_there(broker: BrokerStub) -> None:
    application = abroad.create()
    applications.submit_application(application=application, by=application.user, now=NOW)
    reply = account_reply(status="SUBMITTED").model_dump(mode="json")
    broker.on("POST", "/v1/accounts", json=reply)
    applications.open_account(application=application, now=NOW)
    (document,) = json.loads(broker.calls[0].request.body or b"")["documents"]
    assert document["content_data"]["signer_full_name"] == "Ana Souza"
    form = application.tax_forms.get()
    assert (form.status, form.last_request_id) == (TaxFormStatus.SENT, REQUEST_ID)


def test_form_of_who_became_a_us_taxpayer_is_not_sent() -> None:
    application = abroad.create()
    applications.save_answers(application=application, answers={"country_of_citizenship": "USA"})
    application.refresh_from_db()
    assert tax_forms.to_send_with(application) is None


def upload_path(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}/documents/upload"


def sign_again(account: BrokerageAccount) -> TaxForm:
    first = TaxForm.objects.get(application__account=account)
    return tax_forms.sign_again(
        account=account,
        content=first.content,
        signature=tax_forms.Signature("Ana Souza", "203.0.113.7", LATER),
    )


@pytest.fixture
def account() -> BrokerageAccount:
    return abroad.create_account()


def statuses(account: BrokerageAccount) -> list[str]:
    forms = TaxForm.objects.filter(application__account=account)
    return list(forms.order_by("signed_at").values_list("status", flat=True))


def test_form_that_ends_soon_is_due_and_a_new_one_replaces_it(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    assert tax_forms.ask_again(now=datetime(2029, 10, 31, 12, tzinfo=UTC)) == 0
    assert tax_forms.ask_again(now=ENDING) == 1
    assert tax_forms.ask_again(now=ENDING) == 0
    assert statuses(account) == ["DUE"]
    form = sign_again(account)
    broker.on("POST", upload_path(account), status=204)
    tax_forms.send_tax_form(form=form, now=timezone.now())
    assert statuses(account) == ["REPLACED", "SENT"]
    current = tax_forms.current(account)
    assert current is not None
    assert current.pk == form.pk


@pytest.mark.parametrize("status", ["SUBMITTED", "REJECTED", "ACCOUNT_CLOSED"])
def test_ask_again_leaves_out_accounts_that_are_not_in_use(account: BrokerageAccount, status: str) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(status=status)
    assert tax_forms.ask_again(now=ENDING) == 0
    assert statuses(account) == ["SENT"]


def test_ask_again_goes_on_after_a_form_that_another_process_changed(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, move = abroad.create_account(), state.move

    def overtaken(form: TaxForm, *args: Any, **kwargs: Any) -> TaxForm:
        if not TaxForm.objects.filter(status=TaxFormStatus.REPLACED).exists():
            move(TaxForm.objects.get(pk=form.pk), TaxFormStatus.REPLACED, by=Process.REPLY)
        return move(form, *args, **kwargs)

    monkeypatch.setattr(state, "move", overtaken)
    assert tax_forms.ask_again(now=ENDING) == 1
    assert sorted(statuses(account) + statuses(other)) == ["DUE", "REPLACED"]


def test_send_tax_form_refused_leaves_the_older_one_due(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    tax_forms.ask_again(now=ENDING)
    form = sign_again(account)
    broker.on("POST", upload_path(account), status=422, json={"code": 42210000, "message": "date is wrong"})
    tax_forms.send_tax_form(form=form, now=timezone.now())
    assert statuses(account) == ["DUE", "REFUSED"]
    current = tax_forms.current(account)
    assert current is not None
    assert current.status == TaxFormStatus.DUE


@pytest.mark.parametrize("clock_is", [timedelta(), timedelta(minutes=7), timedelta(minutes=-7)])
@pytest.mark.parametrize(
    ("made", "ends"), [(timedelta(milliseconds=-300), "SENT"), (timedelta(minutes=-1), "UNKNOWN")]
)
def test_settle_tax_form_asks_for_one_uploaded_since_by_the_brokers_clock(
    broker: BrokerStub, account: BrokerageAccount, clock_is: timedelta, made: timedelta, ends: str
) -> None:
    form, now = sign_again(account), timezone.now()
    TaxForm.objects.filter(pk=form.pk).update(
        status=TaxFormStatus.UNKNOWN, claimed_at=now, signed_at=now - timedelta(minutes=2)
    )
    form.refresh_from_db()
    created_at = (now + clock_is + made).isoformat()
    documents = [{"id": str(uuid4()), "document_type": "w8ben", "created_at": created_at}]
    reply: dict[str, Any] = account_reply(id=str(account.broker_account_id), documents=documents).model_dump(
        mode="json"
    )
    date = format_datetime(now + clock_is, usegmt=True)
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=reply, date=date)
    broker_clock.forget()
    tax_forms.settle_tax_form(form=form, now=now)
    form.refresh_from_db()
    assert form.status == ends


def test_drop_tax_ids_takes_the_number_out_of_the_form_too(account: BrokerageAccount) -> None:
    application = account.application
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=40)) == 1
    application.refresh_from_db()
    assert (application.foreign_tax_id, application.answer("foreign_tax_id_last4")) == ("", "4705")
    assert "foreign_tax_id" not in application.tax_forms.get().content
    assert application.foreign_tax_id_index


def test_form_on_its_way_while_what_it_says_changes_is_due_once_it_is_there(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    form = sign_again(account)
    broker.on("POST", upload_path(account), status=503)
    tax_forms.send_tax_form(form=form, now=timezone.now())
    moved = ProfileChange(user=account.user, account=account, part="address", answers={"city": "Santos"})
    moved = state.move(state.start(moved, by=account.user), ProfileChangeStatus.APPLIED, by=Process.REPLY)
    assert moved.status_at > form.signed_at
    documents = [{"id": str(uuid4()), "document_type": "w8ben", "created_at": timezone.now().isoformat()}]
    reply: dict[str, Any] = account_reply(id=str(account.broker_account_id), documents=documents).model_dump(
        mode="json"
    )
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=reply)
    form.refresh_from_db()
    tax_forms.settle_tax_form(form=form, now=timezone.now() + timedelta(minutes=10))
    assert statuses(account) == ["REPLACED", "DUE"]


class Killed(BaseException):
    """The process ends here."""


def test_send_tax_form_killed_after_the_reply_replaces_the_older_one_when_it_is_settled(
    broker: BrokerStub, account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    tax_forms.ask_again(now=ENDING)
    form = sign_again(account)
    broker.on("POST", upload_path(account), status=204)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(tax_forms, "_came_into_force", killed)
        with pytest.raises(Killed):
            tax_forms.send_tax_form(form=form, now=timezone.now())
    documents = [{"id": str(uuid4()), "document_type": "w8ben", "created_at": timezone.now().isoformat()}]
    reply: dict[str, Any] = account_reply(id=str(account.broker_account_id), documents=documents).model_dump(
        mode="json"
    )
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=reply)
    tax_forms.settle_tax_forms(now=timezone.now() + timedelta(days=1))
    assert statuses(account) == ["REPLACED", "SENT"]


def test_drop_tax_ids_leaves_a_form_whole_until_the_broker_has_it(account: BrokerageAccount) -> None:
    form, later = sign_again(account), timezone.now() + timedelta(days=40)
    retention.drop_tax_ids(now=later)
    form.refresh_from_db()
    assert "foreign_tax_id" in form.content
    TaxForm.objects.filter(pk=form.pk).update(status=TaxFormStatus.SENT)
    retention.drop_tax_ids(now=later)
    assert not any("foreign_tax_id" in each.content for each in account.application.tax_forms.all())


def test_drop_tax_ids_killed_in_between_is_done_the_next_day(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(retention, "_drop_from_tax_forms", killed)
        with pytest.raises(Killed):
            retention.drop_tax_ids(now=timezone.now() + timedelta(days=40))
    retention.drop_tax_ids(now=timezone.now() + timedelta(days=41))
    assert "foreign_tax_id" not in account.application.tax_forms.get().content


def test_drop_tax_ids_of_a_form_whose_application_had_no_number(account: BrokerageAccount) -> None:
    KycApplication.objects.update(tax_id="", foreign_tax_id="")
    retention.drop_tax_ids(now=timezone.now() + timedelta(days=40))
    account.application.refresh_from_db()
    assert account.application.tax_id_dropped_at is None
    assert "foreign_tax_id" not in account.application.tax_forms.get().content
