"""Form W-8BEN: signed with the application, sent with it, and signed again before it ends."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.capabilities import Capability, check
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import OPEN_ACCOUNT
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.broker_clock import to_broker_time
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import HasRequestId
from onboarding import payloads, rules, w8ben
from onboarding.models import KycApplication, ProfileChange, TaxForm
from onboarding.profile import ON_THE_W8BEN
from onboarding.questions import catalogue
from onboarding.questions.eligibility import TAXED_ABROAD
from onboarding.statuses import ProfileChangeStatus, TaxFormStatus

logger = logging.getLogger(__name__)

ASKED_AGAIN = timedelta(days=60)
"""Before a form ends."""
CHANGED = "What it says has changed."
MARGIN = timedelta(seconds=5)
"""How far off our measure of the broker's clock may be. It is short: a copy too many does no harm, and an
earlier form must not be taken for this one."""


@dataclass(frozen=True)
class Signature:
    """The name as it was typed, the person's address, and when."""

    name: str
    ip_address: str
    at: datetime


def sign(*, application: KycApplication, answers: Mapping[str, Any], signature: Signature) -> TaxForm:
    """Keep the answers of the form's page, and the form as it reads with them, signed; an earlier one goes.

    Raises `ApplicationFrozen` if the application was sent meanwhile.
    """
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update(no_key=True).get(pk=application.pk)
        rules.check_editable(locked)
        columns = locked.keep_answers(answers)
        columns += catalogue.forget_what_is_not_asked(locked)
        columns += locked.keep_answers({"w8ben_signed": w8ben.digest(locked.answer)})
        locked.save(update_fields=[*dict.fromkeys(columns), "updated_at"])
        locked.tax_forms.filter(status=TaxFormStatus.STORED).delete()
        return _signed(locked, w8ben.content(locked.answer), signature)


def sign_again(*, account: BrokerageAccount, content: dict[str, Any], signature: Signature) -> TaxForm:
    """Keep a newly signed form of an account that is there already, and have it sent.

    Raises `AccountRefused`.
    """
    with transaction.atomic(durable=True):
        check(BrokerageAccount.objects.get(pk=account.pk), Capability.SIGN_TAX_FORM)
        application = KycApplication.objects.select_for_update(no_key=True).get(account=account)
        application.tax_forms.filter(status=TaxFormStatus.STORED, claimed_at=None).delete()
        form = _signed(application, content, signature)
        jobs.enqueue("onboarding.tasks.send_tax_form", tax_form_id=form.pk)
    return form


def _signed(application: KycApplication, content: dict[str, Any], signature: Signature) -> TaxForm:
    form = TaxForm(
        application=application,
        user_id=application.user_id,
        content=content,
        signature=signature.name,
        revision=w8ben.REVISION,
        signed_at=signature.at,
        ip_address=signature.ip_address,
        valid_until=w8ben.valid_until(timezone.localdate(signature.at)),
    )
    return state.start(form, by=application.user)


def to_send_with(application: KycApplication) -> TaxForm | None:
    """The form that goes with an application; None where none is due."""
    if not TAXED_ABROAD(application.answer):
        return None
    return application.tax_forms.filter(status=TaxFormStatus.STORED).order_by("-signed_at").first()


def went_with(application: KycApplication, *, by: User | Process, request_id: str) -> None:
    """Note that the form of an application is with the broker; for use in a transaction."""
    form = to_send_with(application)
    if form is not None and form.claimed_at is None:
        state.move(form, TaxFormStatus.SENT, by=by, request_id=request_id)


def send_tax_form(*, form: TaxForm, again_by: User | Process | None = None, now: datetime) -> TaxForm:
    """Send a form that was signed again, once (`writes.send`).

    With `POST /v1/accounts/{account_id}/documents/upload`.
    """
    account = BrokerageAccount.objects.filter(application=form.application_id).first()
    if account is None:
        return form
    broker_account_id = account.broker_account_id
    client = get_client(about=form)
    return writes.send(
        form,
        call=lambda: client.documents.upload(broker_account_id, [payloads.tax_form_upload(form)]),
        apply=partial(_sent, form),
        refuse=partial(_refused, form),
        again_by=again_by,
        now=now,
    )


def _sent(form: TaxForm, reply: HasRequestId) -> TaxForm:
    # In one step: nothing looks again at a form that is sent.
    with transaction.atomic():
        form = writes.conclude(form, TaxFormStatus.SENT, reason="", request_id=reply.request_id)
        return _came_into_force(form, Process.REPLY)


def _refused(form: TaxForm, error: BrokerRejected) -> TaxForm:
    return writes.conclude(form, TaxFormStatus.REFUSED, reason=error.message, request_id=error.request_id)


def _came_into_force(form: TaxForm, by: User | Process) -> TaxForm:
    """What a form that the broker has now sets off: older ones end, and it is asked for again if need be."""
    if form.status != TaxFormStatus.SENT:
        return form
    older = TaxForm.objects.select_for_update(of=("self",), no_key=True).filter(
        application_id=form.application_id,
        signed_at__lt=form.signed_at,
        status__in=(TaxFormStatus.SENT, TaxFormStatus.DUE),
    )
    for row in older:
        state.move(row, TaxFormStatus.REPLACED, by=by)
    if _has_changed_since(form):
        return state.move(form, TaxFormStatus.DUE, by=by, reason=CHANGED)
    return form


def _has_changed_since(form: TaxForm) -> bool:
    """Whether an answer on the form was changed while it was on its way."""
    changes = ProfileChange.objects.filter(
        account__application=form.application_id,
        status=ProfileChangeStatus.APPLIED,
        status_at__gt=form.signed_at,
    )
    return any(ON_THE_W8BEN & set(change.answers) for change in changes)


def settle_tax_form(*, form: TaxForm, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Ask whether the account has a form uploaded since it was sent: SENT, or sent again.

    A second copy of the same form does no harm.
    """
    if writes.release_unsent(form, now=now):
        jobs.enqueue("onboarding.tasks.send_tax_form", tax_form_id=form.pk)
        return
    account = BrokerageAccount.objects.get(application=form.application_id)
    reply = get_client(about=form).accounts.get(account.broker_account_id)
    earliest = to_broker_time(form.claimed_at or form.signed_at) - MARGIN
    arrived = any(
        row.document_type == "w8ben" and row.created_at and row.created_at >= earliest
        for row in reply.documents or []
    )
    with transaction.atomic():
        locked = TaxForm.objects.select_for_update(of=("self",), no_key=True).get(pk=form.pk)
        is_claimed = locked.status == TaxFormStatus.STORED and locked.claimed_at is not None
        if not is_claimed and locked.status != TaxFormStatus.UNKNOWN:
            return
        if arrived:
            _came_into_force(state.move(locked, TaxFormStatus.SENT, by=by, request_id=reply.request_id), by)
            return
    send_tax_form(form=form, again_by=by, now=now)


def settle_tax_forms(*, now: datetime) -> None:
    """Send what waits and settle what is unknown."""
    of_accounts = {"application__account__isnull": False}
    sweeps.sweep_calls(
        "tax forms",
        writes.waiting_to_be_sent(TaxForm, now).filter(**of_accounts),
        writes.without_outcome(TaxForm, now).filter(**of_accounts),
        send=lambda form: send_tax_form(form=form, now=now),
        settle=lambda form: settle_tax_form(form=form, now=now),
        failed=partial(writes.put_off, now=now),
    )


def ask_again(*, now: datetime) -> int:
    """Mark the forms that end within `ASKED_AGAIN`, so that their owners are asked to sign anew; how many.

    Only those of accounts in use. What another process is at goes on by that, or is asked for the next day.
    """
    ending = TaxForm.objects.filter(
        status=TaxFormStatus.SENT,
        valid_until__lte=timezone.localdate(now) + ASKED_AGAIN,
        application__account__status__in=OPEN_ACCOUNT,
    )
    asked = 0
    for form in ending:
        try:
            state.move(form, TaxFormStatus.DUE, by=Process.SWEEP, reason="It ends soon.")
            asked += 1
        except state.LostRace as race:
            logger.info("asking for a new form: %s", race)
    return asked


def ask_again_after_change(account: BrokerageAccount, *, by: User | Process) -> None:
    """Mark the form of an account whose owner's data it no longer says; for use in a transaction.

    One on its way is, once the broker has it (`_came_into_force`).
    """
    in_force = TaxForm.objects.filter(application__account=account, status=TaxFormStatus.SENT)
    for form in in_force.select_for_update(of=("self",), no_key=True):
        state.move(form, TaxFormStatus.DUE, by=by, reason=CHANGED)


def current(account: BrokerageAccount) -> TaxForm | None:
    """The newest form of an account that is in force, due or on its way; None for who signs none."""
    gone = (TaxFormStatus.REPLACED, TaxFormStatus.REFUSED)
    forms = TaxForm.objects.filter(application__account=account).exclude(status__in=gone)
    return forms.order_by("-signed_at").first()
