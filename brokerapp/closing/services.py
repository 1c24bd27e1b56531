"""Closing an account: asked for, sent once, and settled by asking the broker whether it is closed.

A second request does no harm: the broker refuses it, and what we read then says that the account is closed.
"""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone

from brokerapp.accounts import services as accounts
from brokerapp.accounts.capabilities import Capability, check
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca.errors import BrokerError, BrokerRejected
from brokerapp.broker.clients import get_client
from brokerapp.closing import checklist
from brokerapp.closing.models import AccountClosing, ClosingStatus
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import HasRequestId
from funding.models import Transfer
from trading.models import Order, Position


def get_facts(*, account: BrokerageAccount) -> checklist.Facts:
    """What is in an account, by our rows. Three queries."""
    return checklist.Facts(
        orders=Order.objects.filter(account=account).open().count(),
        positions=Position.objects.filter(account=account).exclude(qty=0).count(),
        transfers=Transfer.objects.filter(account=account).in_flight().count(),
    )


def request_closing(*, account: BrokerageAccount, by: User, now: datetime) -> AccountClosing:
    """Write down that a person wants an account closed; a task then asks the broker.

    From now on nothing else can be done with the account. Asked again, returns the first wish. Raises
    `AccountRefused` and `checklist.CannotClose`.
    """
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        asked = AccountClosing.objects.filter(account=account).exclude(status=ClosingStatus.REFUSED).first()
        if asked is not None:
            return asked
        check(account, Capability.CLOSE)
        checklist.check(account, get_facts(account=account))
        closing = AccountClosing(user_id=account.user_id, account=account, created_at=now, send_after=now)
        state.start(closing, by=by)
        BrokerageAccount.objects.filter(pk=account.pk).update(closing_since=now)
        record(Kind.CLOSING_ASKED, person=account.user_id, obj=account)
        jobs.enqueue("brokerapp.closing.tasks.close_account", closing_id=closing.pk)
    return closing


def close_account(
    *, closing: AccountClosing, again_by: User | Process | None = None, now: datetime
) -> AccountClosing:
    """Ask the broker to close the account, once (`writes.send`); returns the row as it is afterwards."""
    client = get_client(about=closing)
    return writes.send(
        closing,
        call=lambda: client.accounts.close(closing.account.broker_account_id),
        apply=partial(_closed, closing),
        refuse=partial(_refused, closing, now=now),
        again_by=again_by,
        now=now,
    )


def _closed(closing: AccountClosing, reply: HasRequestId) -> AccountClosing:
    """Note that the broker closed it, and have the account read, whose status is the broker's to say."""
    with transaction.atomic():
        closing = writes.conclude(closing, ClosingStatus.CLOSED, reason="", request_id=reply.request_id)
        accounts.read_again(account=closing.account)
    return closing


def _refused(closing: AccountClosing, error: BrokerRejected, now: datetime) -> AccountClosing:
    """Note why the broker did not close it, unless an earlier request has."""
    try:
        if _is_closed(closing, Process.REPLY, now):
            return _closed(closing, error)
    except BrokerError as away:
        return writes.conclude(
            closing, ClosingStatus.UNKNOWN, reason=away.user_message, request_id=error.request_id
        )
    with transaction.atomic():
        closing = writes.conclude(
            closing, ClosingStatus.REFUSED, reason=error.user_message, request_id=error.request_id
        )
        BrokerageAccount.objects.filter(pk=closing.account_id).update(closing_since=None)
        # What we took for empty is not: the rows are behind.
        accounts.read_again(account=closing.account)
    return closing


def _is_closed(closing: AccountClosing, by: Process, now: datetime) -> bool:
    """Whether the broker has the account as closed; what it says is taken over."""
    # The sweep may have begun a while ago, and the account have been read since.
    asked_at = max(now, timezone.now())
    reply = get_client(about=closing).accounts.get(closing.account.broker_account_id)
    account = accounts.apply_account_status(account=closing.account, reply=reply, asked_at=asked_at, by=by)
    return account.status == AccountStatus.ACCOUNT_CLOSED


def settle_closing(*, closing: AccountClosing, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Find out what became of a request whose outcome we do not know; still open, it is asked for again."""
    if writes.release_unsent(closing, now=now):
        jobs.enqueue("brokerapp.closing.tasks.close_account", closing_id=closing.pk)
        return
    is_closed = _is_closed(closing, Process.SWEEP, now)
    with transaction.atomic():
        locked = AccountClosing.objects.select_for_update(of=("self",), no_key=True).get(pk=closing.pk)
        if not locked.is_under_way:
            return
        if is_closed:
            state.move(locked, ClosingStatus.CLOSED, by=by, reason="The broker has it as closed.")
            return
    close_account(closing=closing, again_by=by, now=now)


def settle_closings(*, now: datetime) -> None:
    """Send the requests that were never picked up, and settle those with an unknown outcome."""
    sweeps.sweep_calls(
        "closings",
        writes.waiting_to_be_sent(AccountClosing, now).select_related("account"),
        writes.without_outcome(AccountClosing, now).select_related("account"),
        send=lambda closing: close_account(closing=closing, now=now),
        settle=lambda closing: settle_closing(closing=closing, now=now),
        failed=partial(writes.put_off, now=now),
    )
