"""The KYC application: answered by page, frozen when submitted, sent once, settled by asking the broker."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import apply_account_status
from brokerapp.broker.alpaca.errors import BrokerNotDone, BrokerOutcomeUnknown, BrokerRejected
from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state
from onboarding import payloads, rules, steps
from onboarding.agreements import BY_KEY
from onboarding.models import Agreement, KycApplication
from onboarding.statuses import ApplicationStatus

logger = logging.getLogger(__name__)

CONFLICT = 409
CLOCK_SKEW = timedelta(minutes=5)


def get_or_start_application(*, user: User) -> KycApplication:
    """The person's newest application, begun now if there is none."""
    newest = KycApplication.objects.filter(user=user).order_by("-created_at").first()
    return newest or KycApplication.objects.get_or_create(user=user, status=ApplicationStatus.DRAFT)[0]


def save_answers(*, application: KycApplication, answers: dict[str, Any]) -> None:
    """Store one page's answers. Raises `ApplicationFrozen` if the application was sent meanwhile."""
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update().get(pk=application.pk)
        rules.check_editable(locked)
        for column, value in answers.items():
            setattr(locked, column, value)
        locked.save(update_fields=[*answers, "updated_at"])


def sign_agreements(*, application: KycApplication, keys: list[str], ip_address: str, now: datetime) -> None:
    """Store what the person agreed to: the revisions shown, the time, and the address they came from.

    An agreement that was signed before keeps its first time, unless its text is a newer one or the broker
    gave the application back, perhaps for that signature; one that is no longer ticked is removed.
    Raises `ApplicationFrozen`.
    """
    with transaction.atomic():
        locked = KycApplication.objects.select_for_update().get(pk=application.pk)
        rules.check_editable(locked)
        locked.agreements.exclude(agreement__in=keys).delete()
        for key in keys:
            signature = {"revision": BY_KEY[key].revision, "signed_at": now, "ip_address": ip_address}
            kept = locked.agreements.filter(agreement=key, revision=signature["revision"])
            if locked.status == ApplicationStatus.NEEDS_CHANGES or not kept.exists():
                Agreement.objects.update_or_create(application=locked, agreement=key, defaults=signature)
        locked.agreements_signed = True
        locked.save(update_fields=["agreements_signed", "updated_at"])


def submit_application(*, application: KycApplication, now: datetime) -> KycApplication:
    """Freeze the answers and have them sent. A second call finds the first and does nothing.

    Raises `steps.ApplicationIncomplete` naming the pages that need an answer.
    """
    with transaction.atomic(durable=True):
        locked = (
            KycApplication.objects.select_for_update(of=["self"])
            .select_related("user")
            .get(pk=application.pk)
        )
        if not locked.is_editable:
            return locked
        steps.check_complete(locked)
        state.move(
            locked,
            ApplicationStatus.SUBMITTING,
            by=locked.user,
            submitted_at=now,
            email_address=locked.user.email,
        )
        jobs.enqueue("onboarding.tasks.open_account", application_id=locked.pk)
    return locked


def open_account(*, application: KycApplication) -> None:
    """Send a waiting application with `POST /v1/accounts`, once.

    The move to SENDING is the claim: of two workers with the same message, one loses the race and stops, and
    a worker that dies after it leaves a row that `settle_application` settles by asking the broker.
    """
    if application.status != ApplicationStatus.SUBMITTING:
        return
    try:
        state.move(application, ApplicationStatus.SENDING, by=state.Process.REPLY)
    except state.LostRace:
        return
    request = payloads.account_request(application, list(application.agreements.all()))
    try:
        reply = get_client(about=application).accounts.create(request)
    except BrokerRejected as error:
        _refused(application, error)
    except BrokerNotDone as error:
        # Not reached or told to slow down: nothing happened, so the sweep sends it again.
        state.move(
            application,
            ApplicationStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason=error.message,
            request_id=error.request_id,
        )
    except BrokerOutcomeUnknown as error:
        state.move(
            application,
            ApplicationStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason=error.message,
            request_id=error.request_id,
        )
    else:
        apply_account(application=application, reply=reply)


def _refused(application: KycApplication, error: BrokerRejected) -> None:
    """Adopt our own account if a lost reply had made it; otherwise give the application back."""
    if error.http_status == CONFLICT:
        found = find_account(application)
        if found is not None:
            apply_account(application=application, reply=found)
            return
    state.move(
        application,
        ApplicationStatus.NEEDS_CHANGES,
        by=state.Process.REPLY,
        reason=error.message,
        request_id=error.request_id,
    )


def find_account(application: KycApplication) -> Account | None:
    """The account this application made at the broker, looked for by its unique e-mail address.

    One that is older than the submission is somebody else's doing and is not adopted.
    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    email = application.email_address
    submitted_at = application.submitted_at
    assert submitted_at is not None
    found = get_client(about=application).accounts.list(
        query=email, created_after=submitted_at - CLOCK_SKEW, entities=["contact"]
    )
    return next((row for row in found if row.contact and row.contact.email_address.lower() == email), None)


def settle_application(*, application: KycApplication) -> None:
    """Find out what became of a call whose outcome we do not know.

    Found: adopted. Absent: sent again, which is safe, since the broker takes an e-mail address only once.
    """
    if application.status == ApplicationStatus.SENDING:
        application = state.move(
            application,
            ApplicationStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason="The sender stopped before the reply.",
        )
    found = find_account(application)
    if found is not None:
        apply_account(application=application, reply=found)
        return
    with transaction.atomic():
        state.move(
            application,
            ApplicationStatus.SUBMITTING,
            by=state.Process.REPLY,
            reason="The broker has no such account; sending again.",
        )
        jobs.enqueue("onboarding.tasks.open_account", application_id=application.pk)


def settle_applications(*, now: datetime) -> None:
    """Move stuck applications on: nudge those never picked up, settle those with an unknown outcome.

    Only rows at rest for longer than any call can take, so that no call is in flight.
    """
    rested = Q(status_at__lt=now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS))
    waiting = KycApplication.objects.filter(rested, status=ApplicationStatus.SUBMITTING)
    for application_id in waiting.values_list("pk", flat=True):
        jobs.enqueue("onboarding.tasks.open_account", application_id=application_id)
    unknown = Q(status__in=[ApplicationStatus.SENDING, ApplicationStatus.UNKNOWN])
    for application in KycApplication.objects.filter(rested, unknown).select_related("user"):
        try:
            settle_application(application=application)
        except (BrokerNotDone, BrokerOutcomeUnknown, state.LostRace) as error:
            logger.info("application %s is not settled yet: %s", application.pk, error)
        except Exception:
            logger.exception("settling application %s failed", application.pk)


def apply_account(*, application: KycApplication, reply: Account) -> BrokerageAccount:
    """Record the account that an application made: the application is SUBMITTED, the account takes over.

    Safe to repeat. Raises `state.LostRace` if another process moved the application meanwhile.
    """
    with transaction.atomic():
        account, _ = BrokerageAccount.objects.get_or_create(
            broker_account_id=reply.id, defaults={"user_id": application.user_id}
        )
        KycApplication.objects.filter(pk=application.pk).update(account=account)
        application.account = account
        if application.status != ApplicationStatus.SUBMITTED:
            state.move(
                application, ApplicationStatus.SUBMITTED, by=state.Process.REPLY, request_id=reply.request_id
            )
        for document_id in application.documents.values_list("pk", flat=True):
            jobs.enqueue("onboarding.tasks.send_document", document_id=document_id)
    return apply_account_status(account=account, reply=reply, asked_at=timezone.now())
