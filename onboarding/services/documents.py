"""Documents: stored encrypted with the application, sent to Alpaca once the account exists."""

import hashlib
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import (
    BrokerError,
    BrokerNotDone,
    BrokerOutcomeUnknown,
    BrokerRejected,
)
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state
from onboarding import payloads
from onboarding.models import Document, KycApplication
from onboarding.statuses import DocumentStatus

logger = logging.getLogger(__name__)


def store_document(
    *, application: KycApplication, document_type: str, mime_type: str, content: bytes
) -> Document:
    """Keep a file for KYC; if the account exists, have it sent. The same file twice is kept once."""
    with transaction.atomic():
        document, created = Document.objects.get_or_create(
            application=application,
            document_type=document_type,
            sha256=hashlib.sha256(content).hexdigest(),
            defaults={
                "user_id": application.user_id,
                "mime_type": mime_type,
                "size": len(content),
                "content": content,
            },
        )
        if created and BrokerageAccount.objects.filter(application=application).exists():
            jobs.enqueue("onboarding.tasks.send_document", document_id=document.pk)
    return document


def remove_document(*, document: Document) -> bool:
    """Forget a file that has not been sent yet. Returns whether it was removed."""
    deleted, _ = Document.objects.filter(pk=document.pk, status=DocumentStatus.STORED).delete()
    return bool(deleted)


def send_document(*, document: Document) -> None:
    """Send a stored file with `POST /v1/accounts/{account_id}/documents/upload`.

    The move to SENDING is the claim, as in `applications.open_account`.
    """
    account = BrokerageAccount.objects.filter(application=document.application_id).first()
    if document.status != DocumentStatus.STORED or account is None:
        return
    try:
        state.move(document, DocumentStatus.SENDING, by=state.Process.REPLY)
    except state.LostRace:
        return
    try:
        reply = get_client(about=document).documents.upload(
            account.broker_account_id, [payloads.document_upload(document)]
        )
    except BrokerRejected as error:
        state.move(
            document,
            DocumentStatus.REFUSED,
            by=state.Process.REPLY,
            reason=error.message,
            request_id=error.request_id,
        )
    except (BrokerNotDone, BrokerOutcomeUnknown) as error:
        state.move(
            document,
            DocumentStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason=error.message,
            request_id=error.request_id,
        )
    else:
        state.move(document, DocumentStatus.SENT, by=state.Process.REPLY, request_id=reply.request_id)


def settle_document(*, document: Document) -> None:
    """Ask which documents the account has: there, SENT; absent, sent again (a second copy does no harm)."""
    if document.status == DocumentStatus.SENDING:
        document = state.move(
            document,
            DocumentStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason="The sender stopped before the reply.",
        )
    account = BrokerageAccount.objects.get(application=document.application_id)
    reply = get_client(about=document).accounts.get(account.broker_account_id)
    at_broker = sum(row.document_type == document.document_type for row in reply.documents or [])
    known = Document.objects.filter(
        application_id=document.application_id,
        document_type=document.document_type,
        status=DocumentStatus.SENT,
    ).count()
    if at_broker > known:
        state.move(document, DocumentStatus.SENT, by=state.Process.REPLY, request_id=reply.request_id)
        return
    with transaction.atomic():
        state.move(
            document,
            DocumentStatus.STORED,
            by=state.Process.REPLY,
            reason="The broker does not have it; sending again.",
        )
        jobs.enqueue("onboarding.tasks.send_document", document_id=document.pk)


def settle_documents(*, now: datetime) -> None:
    """Send what waits and settle what is unknown, for rows at rest longer than any call can take."""
    rested = Q(status_at__lt=now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS))
    waiting = Document.objects.filter(
        rested, status=DocumentStatus.STORED, application__account__isnull=False
    )
    for document_id in waiting.values_list("pk", flat=True):
        jobs.enqueue("onboarding.tasks.send_document", document_id=document_id)
    unknown = Q(status__in=[DocumentStatus.SENDING, DocumentStatus.UNKNOWN])
    for document in Document.objects.filter(rested, unknown).defer("content"):
        try:
            settle_document(document=document)
        except (BrokerError, state.LostRace) as error:
            logger.info("document %s is not settled yet: %s", document.pk, error)
        except Exception:
            logger.exception("settling document %s failed", document.pk)
