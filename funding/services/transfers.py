"""Deposits and withdrawals: asked for, sent once, and followed (`funding.rails` says over what).

A row is sent by the one process that claims it; what became of a call whose reply was lost is found out in
`funding.services.settling`.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts import retirement
from brokerapp.accounts.capabilities import Capability, WithdrawalsHeld, refusal
from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.units.market_time import day_in_new_york, in_new_york
from brokerapp.workflow import following, jobs, state, sweeps, writes
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.state import Process
from funding import ira, rails, rules
from funding.models import BankLink, Transfer
from funding.rails.ach import earliest
from funding.services import reading
from funding.services.applying import By, adopt, apply_transfer, schedule
from funding.snapshots import Snapshot
from funding.statuses import NO_MONEY, RailName, TransferStatus

logger = logging.getLogger(__name__)

NOT_SENT = "So it was not sent, and no money moved."
SECURED = "You secured your account before this was sent, so it was not sent and no money moved."
RETURN_NOTICE = timedelta(days=14)
"""How long a returned transfer is announced on the transfer page."""


def get_transfer_facts(*, account: BrokerageAccount, now: datetime) -> rules.TransferFacts:
    """What the database knows that a new transfer depends on."""
    midnight = in_new_york(now).replace(hour=0, minute=0, second=0, microsecond=0)
    unsettled = reading.find_unsettled(account.pk)
    return rules.TransferFacts(
        deposits_today=reading.sum_of(reading.find_deposits_since(account.pk, midnight)),
        withdrawals_unseen=_unseen(account),
        unsettled_amounts=frozenset((row.direction, row.amount) for row in unsettled),
        undecided_amounts=frozenset((row.direction, row.amount) for row in unsettled if row.is_undecided),
        ira=get_ira_facts(account=account, now=now) if account.is_ira else None,
    )


def get_ira_facts(*, account: BrokerageAccount, now: datetime) -> ira.Facts:
    """What is known of an IRA and its owner. What was put in counts over all IRAs of the person."""
    today, born = day_in_new_york(now), account.application.date_of_birth
    if born is None:
        raise ValueError(f"the owner of {account} has no date of birth")
    years = retirement.open_years(today)
    deposits = Transfer.objects.filter(user_id=account.user_id).exclude(status__in=NO_MONEY)
    return ira.Facts(
        sub_type=account.account_sub_type,
        early=retirement.is_early(born, today),
        limits={year: retirement.yearly_limit(settings.IRA_LIMITS, year, born) for year in years},
        limits_of={year: retirement.year_of_limit(settings.IRA_LIMITS, year) for year in years},
        paid_in={year: deposits.filter(tax_year=year).total() for year in years},
        deadlines={year: retirement.deadline(year) for year in years},
    )


def get_returned(*, account_id: UUID, user_id: int, now: datetime) -> Transfer | None:
    """The newest transfer of a person's account that was taken back in the last days; None if none was."""
    return next(iter(reading.find_returned(account_id, user_id, now - RETURN_NOTICE)), None)


def _unseen(account: BrokerageAccount) -> Decimal:
    """What has left or will leave and the balances do not show yet, as they were read before it, USD.

    A withdrawal is in the balances from when the broker took it, which is before we heard of it; one that
    waits for a decision was not at the broker when the balances were read after that.
    """
    read_at = account.balances_at or account.created_at
    found = (reading.find_going_out, reading.find_taken_back)
    return sum((reading.sum_of(find(account.pk, read_at, read_at)) for find in found), Decimal("0.00"))


def request_transfer(
    *,
    account: BrokerageAccount,
    intent_id: UUID,
    direction: str,
    amount: Decimal,
    bank_link_id: str,
    by: User,
    now: datetime,
    details: ira.Details = ira.NOTHING,
) -> Transfer:
    """Write down that a person wants money moved over their bank (USD, 2 dp); a task then sends it.

    `details` are what an IRA's transfer says. Asked again with the same intent id, returns the first one's
    row. The account's lock makes simultaneous requests see each other, so that limits hold; of IRAs, whose
    limit is the person's, that of the person does. Raises `AccountRefused` and `rules.TransferRefused`.
    """
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        first = Transfer.objects.filter(pk=intent_id, account=account).first()
        if first is not None:
            return first
        bank = BankLink.objects.active().filter(account=account, pk=bank_link_id).first()
        if account.is_ira:
            User.objects.select_for_update(of=("self",), no_key=True).get(pk=account.user_id)
        facts = get_transfer_facts(account=account, now=now)
        rules.check_transfer(account, bank, direction, amount, facts, details)
        transfer = Transfer(
            id=intent_id,
            user_id=account.user_id,
            account=account,
            rail=RailName.ACH,
            bank_link=bank,
            direction=direction,
            amount=amount,
            **(asdict(details) if account.is_ira else {}),
        )
        start_transfer(transfer=transfer, by=by, now=now)
    return transfer


def start_transfer(*, transfer: Transfer, by: User, now: datetime) -> None:
    """Write a new transfer down, with who asked for it, and have it sent once that is committed."""
    transfer.expected_on = rails.of(transfer).expected_on(now)
    transfer.created_at = transfer.status_at = transfer.send_after = now
    state.start(transfer, by=by)
    jobs.enqueue("funding.tasks.send_transfer", transfer_id=transfer.pk)


def send_transfer(*, transfer: Transfer, now: datetime) -> Transfer:
    """Send a SUBMITTING transfer that no process has claimed, and record the outcome; else change nothing.

    One that the account may not make any more is not sent: it is blocked, say, or its owner has secured it.
    """
    if transfer.claimed_at is None and (why := _stopped_by(transfer, now)):
        return give_up_unsent(transfer, why, now=now)
    rail = rails.of(transfer)
    return writes.send(
        transfer,
        call=lambda: rail.create(transfer),
        apply=lambda found: apply_transfer(transfer=transfer, snapshot=found, by=Process.REPLY),
        refuse=lambda error: writes.conclude(
            transfer, TransferStatus.REJECTED, reason=error.user_message, request_id=error.request_id
        ),
        now=now,
    )


def _stopped_by(transfer: Transfer, now: datetime) -> str:
    """Why a transfer that was asked for must not be made now; "" if it may.

    A hold that ends by itself is for what is asked for while it lasts: it stops none that was asked before.
    """
    if not transfer.is_deposit:
        holds = WithdrawalHold.objects.in_force(now).filter(user_id=transfer.user_id)
        if holds.filter(cause=HoldReason.SECURED).exists():
            return SECURED
    refused = refusal(transfer.account, Capability.DEPOSIT if transfer.is_deposit else Capability.WITHDRAW)
    if refused is None or isinstance(refused, WithdrawalsHeld):
        return ""
    return f"{refused} {NOT_SENT}"


def give_up_unsent(transfer: Transfer, reason: str, *, now: datetime) -> Transfer:
    """Call a transfer not made that nobody has sent; changes nothing where a process has taken it on."""
    # Claimed first: a process that takes it on at this moment must not send what we call not made.
    if not writes.claim(transfer, now=now):
        return transfer
    return state.move(transfer, TransferStatus.NOT_MADE, by=Process.SWEEP, reason=reason, claimed_at=None)


def sync_transfers(*, now: datetime) -> None:
    """Read the transfers that are due, an account at a time: one list tells of all of an account."""
    sweeps.sweep(
        "transfers: read",
        Transfer.objects.to_read(now).select_related("account"),
        partial(_sync_account_of, now=now),
        failed=partial(_put_off_account_of, now=now),
    )


def _sync_account_of(transfer: Transfer, now: datetime) -> None:
    sync_account_transfers(account=transfer.account, now=now)


def _put_off_account_of(transfer: Transfer, now: datetime) -> None:
    for row in Transfer.objects.to_read(now).filter(account=transfer.account_id):
        following.schedule_retry(row, now=now)


def sync_account_transfers(*, account: BrokerageAccount, now: datetime, by: By = Process.POLL) -> None:
    """Read what the broker has of the account's transfers, by rail, and apply what changed.

    What cannot be read leaves the rest read. Raises the first `BrokerNotDone` or `BrokerOutcomeUnknown` then.
    """
    due = list(Transfer.objects.to_read(now).filter(account=account))
    failures = []
    for rail, rows in _read_together(due):
        try:
            _sync_rows(account, rail, rows, now, by)
        except BrokerError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def _read_together(due: list[Transfer]) -> Iterator[tuple[rails.Rail, list[Transfer]]]:
    """The rows that one reading tells of: all on a rail that is listed, and each of the others by itself."""
    listed = [row for row in due if rails.of(row).settled_by is rails.SettledBy.LOOKING]
    if listed or not due:
        yield rails.RAILS[RailName.ACH], listed
    for row in due:
        if row not in listed:
            yield rails.of(row), [row]


def _sync_rows(
    account: BrokerageAccount, rail: rails.Rail, rows: list[Transfer], now: datetime, by: By
) -> None:
    wanted = {row.broker_transfer_id for row in rows if row.broker_transfer_id}
    unmatched = [row for row in rows if row.broker_transfer_id is None]
    since = min(map(earliest, unmatched), default=None)
    listed = rail.read(account, about=account, wanted=wanted, since=since)
    apply_listed(account=account, listed=listed, by=by)
    if missing := wanted - {found.id for found in listed}:
        logger.warning("account %s: the broker does not list %s of our transfers", account.pk, missing)
    for row in Transfer.objects.filter(pk__in=[row.pk for row in rows]):
        schedule(row, now=now)


def apply_listed(*, account: BrokerageAccount, listed: list[Snapshot], by: By) -> None:
    """Apply what a list of the account says of our transfers, and adopt what can only be ours."""
    found = {snapshot.id: snapshot for snapshot in listed}
    for row in Transfer.objects.filter(account=account, broker_transfer_id__in=found):
        assert row.broker_transfer_id is not None
        snapshot = found[row.broker_transfer_id]
        if (snapshot.status, snapshot.updated_at) != (row.broker_status, row.broker_updated_at):
            apply_transfer(transfer=row, snapshot=snapshot, by=by)
    adopt(account=account, listed=listed, by=by)


def on_transfer_event(event: Mapping[str, Any]) -> str:
    """A funding event about a transfer: read the account's transfers at the broker and apply those.

    The event is a hint. Where Alpaca does not list the transfer, the event itself is applied. Returns what
    was done, if not that. Raises `EventTooEarly` while a transfer of the account has no known outcome (the
    event may be about that one), `BrokerNotDone` and `BrokerOutcomeUnknown`, all for the caller to try again.
    """
    found = Transfer.objects.filter(broker_transfer_id=event["entity_id"]).select_related("account").first()
    if found is None:
        return _on_event_of_unknown_transfer(event)
    assert found.broker_transfer_id is not None
    wanted = {found.broker_transfer_id}
    listed = rails.of(found).read(found.account, about=found, wanted=wanted)
    snapshot = next((snapshot for snapshot in listed if snapshot.id in wanted), None)
    apply_transfer(transfer=found, snapshot=snapshot or Snapshot.of_event(event), by=Process.EVENT)
    return ""


def _on_event_of_unknown_transfer(event: Mapping[str, Any]) -> str:
    """Look whether it is about one whose reply was lost, or that we or staff took for never made."""
    ours = Transfer.objects.filter(account__broker_account_id=event["account_id"], rail=RailName.ACH)
    candidates = list(ours.unmatched(timezone.now()).select_related("account"))
    if candidates:
        account = candidates[0].account
        listed = rails.RAILS[RailName.ACH].read(
            account,
            about=account,
            wanted={UUID(str(event["entity_id"]))},
            since=min(map(earliest, candidates)),
        )
        apply_listed(account=account, listed=listed, by=Process.EVENT)
        if Transfer.objects.filter(broker_transfer_id=event["entity_id"]).exists():
            return ""
    if ours.unsettled().on_the_way().exists():
        raise EventTooEarly("a transfer of this account has no known outcome yet")
    return "not one of our transfers"
