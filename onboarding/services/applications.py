"""The KYC application: answered by page, frozen when submitted, sent once, settled by asking the broker."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import apply_account_status
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca.errors import BrokerError, BrokerRejected
from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from onboarding import payloads, rules, steps
from onboarding.agreements import AgreementRevised, are_current
from onboarding.cases import CipRecord
from onboarding.kinds import ACCOUNT_TYPES, AccountKind
from onboarding.models import Agreement, KycApplication
from onboarding.questions import catalogue
from onboarding.review import answers_to_check
from onboarding.services import kinds, obstacles, tax_forms
from onboarding.statuses import ApplicationStatus

logger = logging.getLogger(__name__)

CONFLICT = 409
MAY_STILL_ARRIVE = timedelta(minutes=5)
"""How long after a request was sent the broker may still make an account of it; calls end within seconds."""
SEVERAL = "The broker has several accounts that can be this one. Staff have those closed that are too many."
NOT_FOUND_AGAIN = (
    "It was sent twice, and the broker has no such account. Staff decide whether it is sent again."
)


class NotOurAccount(Exception):
    """The account at the broker belongs to another person or another application here."""


class SeveralAccounts(Exception):
    """More than one account at the broker can be this application's."""


def get_or_start_application(*, user: User) -> KycApplication:
    """The person's newest application for an individual account, begun now if there is none.

    Raises `kinds.KindRefused` if they cannot begin one, as another account of theirs is not open yet, say.
    """
    newest = KycApplication.objects.of_person(user.pk).filter(account_kind=AccountKind.INDIVIDUAL)
    return newest.first() or kinds.start_application(user=user, kind=AccountKind.INDIVIDUAL)


def save_answers(*, application: KycApplication, answers: dict[str, Any]) -> None:
    """Store one page's answers, by the names of their questions; what they make superfluous is forgotten.

    Raises `ApplicationFrozen` if the application was sent meanwhile.
    """
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update(no_key=True).get(pk=application.pk)
        rules.check_editable(locked)
        columns = locked.keep_answers(answers)
        columns += catalogue.forget_what_is_not_asked(locked)
        locked.save(update_fields=[*dict.fromkeys(columns), "updated_at"])


def sign_agreements(
    *, application: KycApplication, signed: Mapping[str, str], ip_address: str, now: datetime
) -> None:
    """Store what the person agreed to: the revision shown of each agreement, the time, and their address.

    An agreement that was signed before at this revision keeps its first time, unless the broker gave the
    application back, perhaps for that signature; one that is no longer ticked, or was signed at an older
    revision, is removed. Raises `ApplicationFrozen`, and `AgreementRevised` if what was shown is no longer
    what is to be signed.
    """
    if not are_current(signed):
        raise AgreementRevised
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update(no_key=True).get(pk=application.pk)
        rules.check_editable(locked)
        for row in locked.agreements.all():
            given_back = locked.status == ApplicationStatus.NEEDS_CHANGES
            if given_back or signed.get(row.agreement) != row.revision:
                row.delete()
        for key, revision in signed.items():
            Agreement.objects.get_or_create(
                application=locked,
                agreement=key,
                revision=revision,
                defaults={"signed_at": now, "ip_address": ip_address},
            )
        locked.signed_revisions = dict(signed)
        locked.save(update_fields=["signed_revisions", "updated_at"])


def submit_application(*, application: KycApplication, by: User, now: datetime) -> KycApplication:
    """Freeze the answers and have them sent, or looked at by our staff first where they approve.

    A second call finds the first and does nothing.

    Raises `steps.ApplicationIncomplete` naming the pages that need an answer, and `kinds.KindRefused` if the
    person cannot have this account (any more).
    """
    with transaction.atomic(durable=True):
        locked = (
            KycApplication.objects.select_for_update(of=("self",), no_key=True)
            .select_related("user")
            .get(pk=application.pk)
        )
        if not locked.is_editable:
            return locked
        steps.check_complete(locked)
        obstacles.check(locked)
        by_staff = settings.STAFF_APPROVE_APPLICATIONS
        state.move(
            locked,
            ApplicationStatus.IN_REVIEW if by_staff else ApplicationStatus.SUBMITTING,
            by=by,
            submitted_at=now,
            email_address=_address_at_the_broker(locked),
            claimed_at=None,
            send_after=now,
            failed_sends=0,
        )
        keep_attempt(locked, now=now)
        if not by_staff:
            jobs.enqueue("onboarding.tasks.open_account", application_id=locked.pk)
    return locked


def keep_attempt(application: KycApplication, *, now: datetime) -> None:
    """Keep the answers as they are sent, and that what staff asked is answered by them."""
    application.staff_requests.filter(answered_at=None).update(answered_at=now)
    answers = [
        [group.step.title, label, text]
        for group in answers_to_check(application)
        for label, text in group.answers
    ]
    number = application.attempts.count() + 1
    application.attempts.create(number=number, at=now, answers=answers)


def _address_at_the_broker(application: KycApplication) -> str:
    """The e-mail address that the account will have: the owner's, unless it needs one of its own."""
    if application.holder_id:
        of_holder = KycApplication.objects.filter(account__broker_account_id=application.holder_id)
        return of_holder.values_list("email_address", flat=True).first() or application.user.email
    return application.answer("account_email") or application.user.email


def open_account(
    *, application: KycApplication, again_by: User | Process | None = None, now: datetime
) -> KycApplication:
    """Send an application with `POST /v1/accounts`, once (`writes.send`); returns it as it is afterwards."""
    client = get_client(about=application)

    def call() -> Account:
        signed, tax_form = list(application.agreements.all()), tax_forms.to_send_with(application)
        return client.accounts.create(payloads.account_request(application, signed, tax_form))

    return writes.send(
        application,
        call=call,
        apply=partial(_opened, application, asked_at=now),
        refuse=partial(_refused, application, now=now),
        again_by=again_by,
        now=now,
    )


def _opened(application: KycApplication, reply: Account, asked_at: datetime) -> KycApplication:
    apply_account(application=application, reply=reply, by=Process.REPLY, asked_at=asked_at)
    return application


def _refused(application: KycApplication, error: BrokerRejected, now: datetime) -> KycApplication:
    """Adopt our own account if a lost reply had made it; otherwise give the application back."""
    if error.http_status == CONFLICT:
        try:
            found = find_account(application)
        except (BrokerError, SeveralAccounts) as away:
            reason = away.user_message if isinstance(away, BrokerError) else SEVERAL
            return writes.conclude(
                application, ApplicationStatus.UNKNOWN, reason=reason, request_id=error.request_id
            )
        if found is not None:
            return _opened(application, found, now)
    return writes.conclude(
        application, ApplicationStatus.NEEDS_CHANGES, reason=error.message, request_id=error.request_id
    )


def find_account(application: KycApplication) -> Account | None:
    """The account at the broker that can only be this application's, looked for by its e-mail address.

    It is told by who its owner is, not by when it was made: the broker's clock may be wrong, and an account
    of the same person at our correspondent is theirs however it came about. One that is another
    application's here is not. One more account of a known owner has no address of its own: it is told by the
    owner's account, which it names, and by its kind. Of several that fit, those that are closed are left out.
    Raises `SeveralAccounts`, and `BrokerNotDone` or `BrokerOutcomeUnknown`: the latter also if there is none
    among what could be read of the list, and something in it could not be.
    """
    accounts = get_client(about=application).accounts
    found = accounts.list(query=application.email_address, entities=["contact", "identity"])
    of_this_address = [row for row in found if _has_address_of(application, row)]
    # What an account names and its kind of IRA are not in the list.
    is_told = application.holder_id is None
    known = [row if row.identity and is_told else accounts.get(row.id) for row in of_this_address]
    ours = [row for row in known if _is_meant(application, row) and not _is_anothers(application, row)]
    if len(ours) > 1:
        ours = [row for row in ours if row.status != AccountStatus.ACCOUNT_CLOSED]
        if len(ours) != 1:
            raise SeveralAccounts(application.pk)
    if not ours:
        found.whole()
    return next(iter(ours), None)


def _is_meant(application: KycApplication, account: Account) -> bool:
    if application.holder_id is None:
        return account.primary_account_holder_id is None and _is_same_person(application, account)
    return (
        account.primary_account_holder_id == application.holder_id
        and account.account_type == ACCOUNT_TYPES[AccountKind(application.account_kind)]
        and account.account_sub_type == (application.answer("account_sub_type") or "")
    )


def _has_address_of(application: KycApplication, account: Account) -> bool:
    contact = account.contact
    return contact is not None and _plain(contact.email_address) == _plain(application.email_address)


def _is_same_person(application: KycApplication, account: Account) -> bool:
    identity = account.identity
    return (
        identity is not None
        and _plain(identity.given_name) == _plain(application.sent_given_name)
        and _plain(identity.family_name) == _plain(application.family_name)
        and identity.date_of_birth == application.date_of_birth
    )


def _plain(text: str) -> list[str]:
    return text.casefold().split()


def _is_anothers(application: KycApplication, account: Account) -> bool:
    known = BrokerageAccount.objects.filter(broker_account_id=account.id).first()
    if known is None:
        return False
    made_by = KycApplication.objects.filter(account=known).values_list("pk", flat=True).first()
    return known.user_id != application.user_id or made_by not in (None, application.pk)


def settle_application(
    *, application: KycApplication, by: User | Process = Process.SWEEP, now: datetime
) -> None:
    """Find out what became of a call whose outcome we do not know.

    Found: adopted. Absent: sent again, which is safe, since the broker takes an e-mail address only once. One
    more account of a known owner has none of its own, so that it is sent again only once the first request
    cannot arrive any more, and only one time: whatever hides it from us might make one of each request.
    From then on, and where there are several, staff decide; we go on looking.
    """
    if writes.release_unsent(application, now=now):
        jobs.enqueue("onboarding.tasks.open_account", application_id=application.pk)
        return
    try:
        found = find_account(application)
    except SeveralAccounts:
        _leave_to_staff(application, SEVERAL, by=by, now=now)
        return
    if found is not None:
        apply_account(application=application, reply=found, by=by, asked_at=now)
        return
    if application.holder_id and application.claimed_at and application.claimed_at > now - MAY_STILL_ARRIVE:
        writes.put_off(application, now=now)
        return
    if application.holder_id and _was_sent_again(application):
        _leave_to_staff(application, NOT_FOUND_AGAIN, by=by, now=now)
        return
    open_account(application=application, again_by=by, now=now)


def _was_sent_again(application: KycApplication) -> bool:
    """Whether it was sent more than once since the person, or our staff who approved it, had it sent.

    An attempt that the call log knows not to have been done (our key was not accepted, say) is none.
    """
    again_at = None
    for step in StatusChange.objects.about(application).reverse():
        if step.from_status == ApplicationStatus.UNKNOWN:
            again_at = step.at
        if step.to_status == ApplicationStatus.SUBMITTING:
            break
    return again_at is not None and writes.sendings(application).filter(started_at__gte=again_at).exists()


def _leave_to_staff(application: KycApplication, reason: str, *, by: User | Process, now: datetime) -> None:
    """Send it no more, and say so once: it stays among what staff have to look at, and is looked for."""
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update(of=("self",), no_key=True).get(pk=application.pk)
        if locked.status == ApplicationStatus.SUBMITTING and locked.claimed_at:
            state.move(locked, ApplicationStatus.UNKNOWN, by=by, reason=reason)
        elif locked.status == ApplicationStatus.UNKNOWN and locked.status_reason != reason:
            KycApplication.objects.filter(pk=locked.pk).update(status_reason=reason)
            state.note(locked, by=by, reason=reason)
        else:
            reason = ""
    if reason:
        logger.error("%s: %s", application, reason)
    writes.put_off(application, now=now)


def settle_applications(*, now: datetime) -> None:
    """Move stuck applications on: send those never picked up, settle those with an unknown outcome."""
    sweeps.sweep_calls(
        "applications",
        writes.waiting_to_be_sent(KycApplication, now).select_related("user"),
        writes.without_outcome(KycApplication, now).select_related("user"),
        send=lambda application: open_account(application=application, now=now),
        settle=lambda application: settle_application(application=application, now=now),
        failed=partial(writes.put_off, now=now),
    )


def apply_account(
    *, application: KycApplication, reply: Account, by: User | Process, asked_at: datetime
) -> BrokerageAccount:
    """Record the account that an application made: the application is SUBMITTED, the account takes over.

    Safe to repeat. Raises `NotOurAccount`.
    """
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update(of=("self",), no_key=True).get(pk=application.pk)
        account, _ = BrokerageAccount.objects.get_or_create(
            broker_account_id=reply.id, defaults={"user_id": locked.user_id}
        )
        if locked.account_id not in (None, account.pk) or _is_anothers(locked, reply):
            raise NotOurAccount(f"{reply.id} is not the account of {application}")
        if locked.status != ApplicationStatus.SUBMITTED:
            state.move(
                locked,
                ApplicationStatus.SUBMITTED,
                by=by,
                request_id=reply.request_id,
                account=account,
            )
            tax_forms.went_with(locked, by=by, request_id=reply.request_id)
        for document_id in locked.documents.values_list("pk", flat=True):
            jobs.enqueue("onboarding.tasks.send_document", document_id=document_id)
        for record_id in CipRecord.objects.filter(application=locked).values_list("pk", flat=True):
            jobs.enqueue("onboarding.tasks.send_cip_record", record_id=record_id)
    application.refresh_from_db()
    status_by = by if isinstance(by, Process) else Process.REPLY
    return apply_account_status(account=account, reply=reply, asked_at=asked_at, by=status_by)
