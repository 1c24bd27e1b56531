"""Documents: stored encrypted with the application, sent to Alpaca once the account exists."""

import hashlib
from datetime import datetime
from functools import partial

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import HasRequestId
from onboarding import payloads, rules
from onboarding.kyc_results import Paper
from onboarding.models import Document, KycApplication
from onboarding.statuses import DocumentStatus


def store_paper(
    *,
    application: KycApplication,
    paper: Paper,
    mime_type: str,
    content: bytes,
    answers_to: str,
    asked_as: str,
) -> Document:
    """Keep a file that answers what was asked for, and have it sent; in the caller's transaction.

    The same file may answer several things that are asked at once. Raises `rules.AnswerRefused` for one that
    was sent before it was asked for, which did not settle it, and if the person has as many as they may have.
    """
    document = store_document(
        application=application,
        document_type=paper.document_type,
        mime_type=mime_type,
        content=content,
        sub_type=paper.sub_type,
    )
    asked_at = application.account.status_at if application.account else application.status_at
    if document.created_at < asked_at:
        raise rules.AnswerRefused("You sent this very file before, and it did not settle it. Choose another.")
    document.answers_to = list(dict.fromkeys([*document.answers_to, answers_to]))
    document.asked_as = asked_as
    document.save(update_fields=["answers_to", "asked_as"])
    return document


def store_document(
    *, application: KycApplication, document_type: str, mime_type: str, content: bytes, sub_type: str = ""
) -> Document:
    """Keep a file for KYC; if the account exists, have it sent. The same file twice is kept once.

    Raises `rules.AnswerRefused` if the person has as many as they may have.
    """
    same = {
        "application": application,
        "document_type": document_type,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with transaction.atomic():
        # Of two uploads at once, one waits and then sees the other.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=application.user_id)
        first = Document.objects.filter(**same).defer("content").first()
        if first is not None:
            return first
        rules.check_number_of_documents(Document.objects.filter(user_id=application.user_id).count())
        document = Document.objects.create(
            **same,
            user_id=application.user_id,
            mime_type=mime_type,
            size=len(content),
            content=content,
            sub_type=sub_type,
        )
        if BrokerageAccount.objects.filter(application=application).exists():
            jobs.enqueue("onboarding.tasks.send_document", document_id=document.pk)
    return document


def remove_document(*, document: Document) -> bool:
    """Forget a file that no process has begun to send. Returns whether it was removed."""
    waiting = Document.objects.filter(pk=document.pk, status=DocumentStatus.STORED, claimed_at__isnull=True)
    deleted, _ = waiting.delete()
    return bool(deleted)


def send_again(*, document: Document, by: User, now: datetime) -> Document:
    """Staff have a file that the broker refused sent once more. Raises `IllegalMove` for any other."""
    with transaction.atomic():
        locked = (
            Document.objects.select_for_update(of=("self",), no_key=True).defer("content").get(pk=document.pk)
        )
        why = "Sent again by staff."
        state.move(locked, DocumentStatus.STORED, by=by, reason=why, claimed_at=None, send_after=now)
        jobs.enqueue("onboarding.tasks.send_document", document_id=locked.pk)
    return locked


def send_document(*, document: Document, again_by: User | Process | None = None, now: datetime) -> Document:
    """Send a stored file with `POST /v1/accounts/{account_id}/documents/upload`, once (`writes.send`).

    Does nothing while there is no account to send it to.
    """
    account = BrokerageAccount.objects.filter(application=document.application_id).first()
    if account is None:
        return document
    broker_account_id = account.broker_account_id
    client = get_client(about=document)
    return writes.send(
        document,
        call=lambda: client.documents.upload(broker_account_id, [payloads.document_upload(document)]),
        apply=partial(_sent, document),
        refuse=partial(_refused, document),
        again_by=again_by,
        now=now,
    )


def _sent(document: Document, reply: HasRequestId) -> Document:
    account = BrokerageAccount.objects.filter(application=document.application_id).first()
    if document.answers_to and account is not None:
        # The reply says nothing of the account, and what was asked for may be settled now.
        jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=account.pk)
    return writes.conclude(document, DocumentStatus.SENT, reason="", request_id=reply.request_id)


def _refused(document: Document, error: BrokerRejected) -> Document:
    return writes.conclude(
        document, DocumentStatus.REFUSED, reason=error.message, request_id=error.request_id
    )


def settle_document(*, document: Document, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Ask which documents the account has: there, SENT; absent, sent again (a second copy does no harm)."""
    if writes.release_unsent(document, now=now):
        jobs.enqueue("onboarding.tasks.send_document", document_id=document.pk)
        return
    account = BrokerageAccount.objects.get(application=document.application_id)
    reply = get_client(about=document).accounts.get(account.broker_account_id)
    at_broker = sum(row.document_type == document.document_type for row in reply.documents or [])
    with transaction.atomic():
        # Of several files of one type, one is settled after the other.
        KycApplication.objects.select_for_update(no_key=True).get(pk=document.application_id)
        locked = (
            Document.objects.select_for_update(of=("self",), no_key=True).defer("content").get(pk=document.pk)
        )
        if not _is_open(locked):
            return
        if at_broker > _sent_of_the_type(locked):
            state.move(locked, DocumentStatus.SENT, by=by, request_id=reply.request_id)
            return
    send_document(document=document, again_by=by, now=now)


def _sent_of_the_type(document: Document) -> int:
    """How many of the application's files of the type are known to be with the broker."""
    same = Document.objects.filter(
        application_id=document.application_id, document_type=document.document_type
    )
    return same.filter(status=DocumentStatus.SENT).count()


def _is_open(document: Document) -> bool:
    """Whether a call for it was begun, of which we do not know the outcome."""
    is_claimed = document.status == DocumentStatus.STORED and document.claimed_at is not None
    return is_claimed or document.status == DocumentStatus.UNKNOWN


def settle_documents(*, now: datetime) -> None:
    """Send what waits and settle what is unknown."""
    sweeps.sweep_calls(
        "documents",
        writes.waiting_to_be_sent(Document, now).filter(application__account__isnull=False),
        writes.without_outcome(Document, now).defer("content"),
        send=lambda document: send_document(document=document, now=now),
        settle=lambda document: settle_document(document=document, now=now),
        failed=partial(writes.put_off, now=now),
    )
