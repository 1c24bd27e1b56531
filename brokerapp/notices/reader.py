"""Which changes of the status history a person is told of: what the broker revises, and what it issues."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from brokerapp.accounts.models import BrokerageAccount, WithdrawalHold
from brokerapp.accounts.statuses import (
    ENDED_ACCOUNT,
    OPEN_ACCOUNT,
    AccountStatus,
    HoldReason,
    HoldStatus,
)
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.records.models import IssuedDocument
from brokerapp.workflow import outbox
from brokerapp.workflow.models import StatusChange
from funding.models import Transfer
from funding.statuses import FAILED_TRANSFER, RailName, TransferStatus
from trading.models import REVISED_NOTE, Order

READER = "notices"


def _is_undone(change: StatusChange) -> bool:
    return change.from_status == TransferStatus.COMPLETE and change.to_status in FAILED_TRANSFER


def _kind_of_undone(change: StatusChange, transfer: Transfer) -> NoticeKind:
    if transfer.rail == RailName.JOURNAL:
        return NoticeKind.CREDIT_CORRECTED
    if change.to_status != TransferStatus.RETURNED:
        return NoticeKind.TRANSFER_TAKEN_BACK
    return NoticeKind.DEPOSIT_RETURNED if transfer.is_deposit else NoticeKind.WITHDRAWAL_RETURNED


def _is_revised(change: StatusChange) -> bool:
    # Not the step out of FILLED: a correction takes none, and a bust would be told twice.
    return change.from_status == change.to_status and change.reason == REVISED_NOTE


def _kind_of_revised(change: StatusChange, order: Order) -> NoticeKind:
    return NoticeKind.ORDER_REVISED


def _goes_back(change: StatusChange) -> bool:
    return change.from_status in OPEN_ACCOUNT and change.to_status not in OPEN_ACCOUNT


def _kind_of_going_back(change: StatusChange, account: BrokerageAccount) -> NoticeKind:
    if change.to_status == AccountStatus.ACTION_REQUIRED:
        return NoticeKind.ACCOUNT_ACTION
    ended = (*ENDED_ACCOUNT, AccountStatus.INACTIVE, AccountStatus.REJECTED)
    return NoticeKind.ACCOUNT_ENDED if change.to_status in ended else NoticeKind.ACCOUNT_IN_REVIEW


def _is_hold(change: StatusChange) -> bool:
    return True  # placed, or lifted by staff


def _kind_of_hold(change: StatusChange, hold: WithdrawalHold) -> NoticeKind:
    if change.to_status == HoldStatus.LIFTED:
        return NoticeKind.WITHDRAWALS_OPENED
    return NoticeKind.SECURED if hold.cause == HoldReason.SECURED else NoticeKind.WITHDRAWALS_HELD


def _is_issued(change: StatusChange) -> bool:
    return not change.from_status  # its one step


def _kind_of_issued(change: StatusChange, document: IssuedDocument) -> NoticeKind:
    return NoticeKind.NEW_DOCUMENT


@dataclass(frozen=True)
class Subject:
    """What a model's changes tell a person: which of them do, and what kind of notice each is."""

    model: type[models.Model]
    tells: Callable[[StatusChange], bool]
    kind: Callable[[StatusChange, Any], NoticeKind]


SUBJECTS = (
    Subject(Transfer, _is_undone, _kind_of_undone),
    Subject(Order, _is_revised, _kind_of_revised),
    Subject(BrokerageAccount, _goes_back, _kind_of_going_back),
    Subject(WithdrawalHold, _is_hold, _kind_of_hold),
    Subject(IssuedDocument, _is_issued, _kind_of_issued),
)


def write_notices(changes: Iterable[StatusChange]) -> None:
    """Write the notices that changes make, one for each change however often it is read; sends nothing."""
    changes = list(changes)
    notices = []
    for subject in SUBJECTS:
        label = subject.model._meta.label
        told = [change for change in changes if change.row_type == label and subject.tells(change)]
        found = subject.model._default_manager.filter(pk__in=[change.row_id for change in told])
        rows: dict[str, Any] = {str(row.pk): row for row in found} if told else {}
        notices += [
            Notice(
                user_id=row.user_id,
                kind=subject.kind(change, row),
                row_type=label,
                row_id=change.row_id,
                change_id=change.pk,
            )
            for change in told
            if (row := rows.get(change.row_id)) is not None
        ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def read_history() -> int:
    """Read what the status history has that was not read yet; how many changes there were.

    The first time it is only noted where the history ends: nobody is told of what happened before.
    """
    outbox.start_reader(READER)
    total = 0
    while read := outbox.read(READER, write_notices):
        total += read
    return total
