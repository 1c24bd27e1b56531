"""What the broker revises, each reached through the services that hear of it, as a pair: row and kind."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import apply_account_status
from brokerapp.notices.models import NoticeKind
from brokerapp.workflow.state import Process
from funding.models import Transfer
from funding.services import journals
from funding.services.applying import apply_transfer
from funding.snapshots import Snapshot
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    StaffFactory,
    TransferFactory,
    account_reply,
    order_reply,
    transfer_reply,
)
from trading.models import Order, OrderProgress
from trading.services import orders
from trading.services.orders import Revision

Row = Transfer | Order | BrokerageAccount
LATER = "2026-03-03T15:00:00Z"


def undo_transfer(direction: str = "INCOMING", status: str = "RETURNED") -> Transfer:
    transfer = TransferFactory.create(status="COMPLETE", direction=direction)
    return say(transfer, status)


def say(transfer: Transfer, status: str) -> Transfer:
    """The broker says what became of a transfer."""
    at = timezone.now().isoformat()
    reply = transfer_reply(transfer, status=status, updated_at=at)
    return apply_transfer(transfer=transfer, snapshot=Snapshot.of_transfer(reply), by=Process.EVENT)


def correct_journal() -> Transfer:
    credit = journals.credit_account(
        account=BrokerageAccountFactory.create(),
        credit_id=uuid4(),
        amount=Decimal(25),
        by=StaffFactory.create(),
        now=timezone.now(),
    )
    for status in ("executed", "correct"):
        reply = transfer_reply(credit, status=status)
        snapshot = Snapshot.of_transfer(reply)
        credit = apply_transfer(transfer=credit, snapshot=snapshot, by=Process.EVENT)
    return credit


def filled_order(status: str = "filled") -> Order:
    """An order for 20 that the broker filled, or 10 of it."""
    figures = {"filled_qty": "20" if status == "filled" else "10", "filled_avg_price": "200"}
    return OrderFactory.create(BrokerageAccountFactory.create(), status=status, qty=Decimal(20), **figures)


def revise(order: Order, status: str, revision: Revision | None, **figures: str) -> Order:
    """The broker says that less, or at another price, was filled."""
    reply = order_reply(
        order, status, updated_at=LATER, **{"filled_qty": "20", "filled_avg_price": "200", **figures}
    )
    return orders.apply_order(order=order, reply=reply, by=Process.EVENT, revision=revision)


BUST = Revision(OrderProgress.Kind.BUST, "undo")
CORRECT = Revision(OrderProgress.Kind.CORRECT, "better")


def account_becomes(status: str, before: str = "ACTIVE") -> BrokerageAccount:
    account = BrokerageAccountFactory.create(status=before)
    return account_says(account, status)


def account_says(account: BrokerageAccount, status: str) -> BrokerageAccount:
    """The broker says how an account stands."""
    reply = account_reply(id=str(account.broker_account_id), status=status)
    return apply_account_status(account=account, reply=reply, asked_at=timezone.now(), by=Process.POLL)


REVISIONS: dict[str, tuple[Callable[[], Row], NoticeKind]] = {
    "deposit returned": (undo_transfer, NoticeKind.DEPOSIT_RETURNED),
    "withdrawal returned": (lambda: undo_transfer("OUTGOING"), NoticeKind.WITHDRAWAL_RETURNED),
    "deposit rejected": (lambda: undo_transfer(status="REJECTED"), NoticeKind.TRANSFER_TAKEN_BACK),
    "withdrawal canceled": (
        lambda: undo_transfer("OUTGOING", "CANCELED"),
        NoticeKind.TRANSFER_TAKEN_BACK,
    ),
    "journal corrected": (correct_journal, NoticeKind.CREDIT_CORRECTED),
    "order busted, the rest open": (
        lambda: revise(filled_order(), "partially_filled", BUST, filled_qty="5"),
        NoticeKind.ORDER_REVISED,
    ),
    "order busted, the rest over": (
        lambda: revise(filled_order(), "canceled", BUST, filled_qty="5"),
        NoticeKind.ORDER_REVISED,
    ),
    "part fill busted": (
        lambda: revise(filled_order("partially_filled"), "partially_filled", BUST, filled_qty="5"),
        NoticeKind.ORDER_REVISED,
    ),
    "order corrected": (
        lambda: revise(filled_order(), "filled", CORRECT, filled_avg_price="197"),
        NoticeKind.ORDER_REVISED,
    ),
    "order revised, its event lost": (
        lambda: revise(filled_order(), "canceled", None, filled_qty="5"),
        NoticeKind.ORDER_REVISED,
    ),
    "account needs something": (lambda: account_becomes("ACTION_REQUIRED"), NoticeKind.ACCOUNT_ACTION),
    "account in review": (lambda: account_becomes("APPROVAL_PENDING"), NoticeKind.ACCOUNT_IN_REVIEW),
    "account disabled": (lambda: account_becomes("DISABLED"), NoticeKind.ACCOUNT_ENDED),
    "account closed after an update": (
        lambda: account_becomes("ACCOUNT_CLOSED", "ACCOUNT_UPDATED"),
        NoticeKind.ACCOUNT_CLOSED,
    ),
}


def no_revisions() -> list[Any]:
    """What happens every day, and what comes before anybody was told that it is done."""
    return [
        TransferFactory.create(status="COMPLETE"),
        say(TransferFactory.create(status="SENT_TO_CLEARING"), "RETURNED"),
        filled_order(),
        revise(filled_order("partially_filled"), "filled", None),
        account_becomes("ACTIVE", "APPROVAL_PENDING"),
        account_becomes("ACCOUNT_UPDATED"),
        account_becomes("DISABLED", "APPROVED"),
    ]
