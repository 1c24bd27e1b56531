"""Documents: which there are, read from the broker once a day, and handed through when somebody opens one."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.broker.clients import get_client
from brokerapp.records.models import FOR_MACHINES, DocumentsSync, IssuedDocument, kind_of
from brokerapp.security_log import services as security_log
from brokerapp.security_log.kinds import Kind
from brokerapp.workflow import following, jobs, state, sweeps
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import StatusChange

logger = logging.getLogger(__name__)

PAUSE = timedelta(days=1)
"""How often the list of an account is read; the broker adds to it at night."""
GOOD_FOR = timedelta(minutes=15)
"""After this it is read again as soon as somebody looks at it."""
STRANGERS_PER_SWEEP = 100
MOST_BYTES = 32 * 1024 * 1024
IN_MEMORY_BYTES = 1024 * 1024
PDF = b"%PDF-"
ISSUED = "ISSUED"
"""The one step that a document takes in the history, from which a mail is made."""


def sync_documents(*, account: BrokerageAccount) -> int:
    """Read which documents an account has; how many are new.

    Those of the first reading are from before we asked, and nobody is told of them. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown`.
    """
    asked_at = timezone.now()
    page = get_client(about=account).documents.list(account.broker_account_id)
    rows = [
        IssuedDocument(
            account=account,
            document_id=told.id,
            kind=kind_of(told.type),
            type=told.type[:40],
            sub_type=told.sub_type[:40],
            date=told.date,
            request_id=page.request_id,
            first_seen_at=asked_at,
        )
        for told in page
        if told.type not in FOR_MACHINES
    ]
    with transaction.atomic():
        DocumentsSync.objects.get_or_create(account=account)
        sync = DocumentsSync.objects.select_for_update(no_key=True).get(account=account)
        new = _keep_new(rows, is_first=sync.synced_at is None)
        sync.synced_at, sync.due_at, sync.failed_reads = asked_at, asked_at + PAUSE, 0
        sync.save()
        transaction.on_commit(lambda: live.publish(account.user_id, "document", account.pk))
    return len(new)


def _keep_new(rows: Sequence[IssuedDocument], *, is_first: bool) -> list[IssuedDocument]:
    """Store the documents that are not known, in the lock of the account's row; they are returned."""
    ids = [row.document_id for row in rows]
    known = set(IssuedDocument.objects.filter(document_id__in=ids).values_list("document_id", flat=True))
    new = [row for row in rows if row.document_id not in known]
    for row in new:
        row.is_announced = not is_first
        row.save(force_insert=True)
        if row.is_announced:
            StatusChange.record(row, ISSUED, Actor(ActorKind.POLL), request_id=row.request_id, from_status="")
    return new


def refresh_if_old(*, account: BrokerageAccount, now: datetime) -> DocumentsSync | None:
    """Have the list of somebody who looks at it read again, unless it was in the last minutes.

    Returns the account's cursor; None before its list was ever asked for.
    """
    sync = DocumentsSync.objects.filter(account=account).first()
    is_old = sync is None or sync.synced_at is None or sync.synced_at < now - GOOD_FOR
    if is_old and (sync is None or sync.due_at > now):
        DocumentsSync.objects.update_or_create(account=account, defaults={"due_at": now})
        jobs.enqueue("brokerapp.records.tasks.sync_documents", account_id=account.pk)
    return sync


def sync_due_documents(*, now: datetime) -> sweeps.Swept:
    """Read the lists that are due, the longest due first."""
    strangers = BrokerageAccount.objects.filter(documents_sync__isnull=True)
    DocumentsSync.objects.bulk_create(
        [DocumentsSync(account=account, due_at=now) for account in strangers[:STRANGERS_PER_SWEEP]],
        ignore_conflicts=True,
    )
    return sweeps.sweep(
        "documents",
        DocumentsSync.objects.due(now),
        lambda sync: sync_documents(account=sync.account),
        failed=lambda sync: _put_off(sync, now),
    )


def _put_off(sync: DocumentsSync, now: datetime) -> None:
    pause = min(following.FIRST_RETRY * 2 ** min(sync.failed_reads, 10), following.LONGEST_RETRY)
    DocumentsSync.objects.filter(pk=sync.pk).update(
        due_at=now + pause, failed_reads=state.one_more("failed_reads")
    )


def fetch_document(*, document: IssuedDocument, by: User) -> IO[bytes]:
    """The PDF of a document, at its beginning; that `by` opened it is in the security log.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown`, also for what is too large or no PDF.
    """
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  whoever sends it closes it
    try:
        request_id = get_client(about=document).documents.download(
            document.account.broker_account_id, document.document_id, into=file, most=MOST_BYTES
        )
        file.seek(0)
        if file.read(len(PDF)) != PDF:
            raise BrokerOutcomeUnknown("What was sent as a document is no PDF.", request_id=request_id)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    with transaction.atomic():
        security_log.record(
            Kind.DOCUMENT_OPENED,
            person=by,
            obj=document,
            detail={"type": document.type, "date": str(document.date)},
        )
        IssuedDocument.objects.filter(pk=document.pk, opened_at__isnull=True).update(opened_at=timezone.now())
    return file


def next_statement(today: date) -> tuple[date, date]:
    """Between which days the statement of the month of `today` comes: it is due by the 10th of the next."""
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, first.replace(day=10)
