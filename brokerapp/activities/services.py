"""Activities: read from the broker's list, which the activities stream says when to look at.

The list is the one source of rows, so that nothing is there twice under two names. All accounts are read in
one list by when an activity was made, with an overlap, since one can become readable after a later one. The
history of an account that is new to us is read on its own, from the start. Once a day the last week is read
again: what the broker changed in place is found then at the latest.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities import payloads
from brokerapp.activities.models import FILL, Activity, ActivityCursor, ActivityQuerySet, Unbooked
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.alpaca.scrub import REDACTED, scrub
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.security.known_values import known_values
from brokerapp.workflow import following, jobs, state, sweeps
from brokerapp.workflow.following import EventTooEarly

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
FIRST_LOOK_BACK = timedelta(days=2)
"""Where nothing was read before; what is older comes with each account's own history."""
RECHECKED = timedelta(days=7)
PAUSE, LIVE_PAUSE, RECHECK_PAUSE = timedelta(seconds=10), timedelta(minutes=1), timedelta(days=1)
PAGE_SIZE = 100
"""What the broker gives at once, as long as no other size is asked for."""
PAGES = 50
"""How many pages one run reads at most; the next one goes on from there."""
NEW_ACCOUNTS_PER_SWEEP = 100
BURST = timedelta(seconds=2)
"""How soon after a reading the list is not read again for an execution alone."""
EVENT_WAITS = timedelta(minutes=2)
"""How long an event waits for the list to have its activity."""
FOLLOWED_FOR = timedelta(days=1)
"""Activities older than this when we first read them change no figure that is not read anyway.

But for executions that revise others: a finished order is read again for them alone.
"""
REVISABLE = ("subtype", "date", "net_amount", "qty", "price", "per_share_amount", "symbol", "status")
"""What the broker may change of an activity in place."""
MOVED_BY = ("transfer_id", "bank_transaction_id", "journal_id")
"""Members of an event's details that name what the activity books."""
OPPOSITE = {"CSD": "CSW", "CSW": "CSD", "FEE": "FEE", "JNLC": "JNLC"}
"""As what the broker books back what a type of activity booked."""
FOLLOWERS = "trading.tasks.follow_activities"
"""The task that has every figure read again that an activity changes."""


def sync_activities(*, now: datetime) -> None:
    """Read on wherever the list is due: of all accounts, the last week, and the history of new accounts.

    One process at a time; a call that finds another at work does nothing.
    """
    _begin_histories(now)
    sweeps.sweep(
        "activities",
        ActivityCursor.objects.filter(due_at__lte=now).order_by("due_at"),
        partial(_read_on, now=now),
        failed=partial(_put_off, now=now),
    )


def _begin_histories(now: datetime) -> None:
    """Have the two lists of all accounts read, and the history of each account that has not been."""
    names = (ActivityCursor.ALL, ActivityCursor.RECHECK)
    if ActivityCursor.objects.filter(pk__in=names).count() < len(names):
        ActivityCursor.objects.bulk_create(
            [ActivityCursor(name=name, due_at=now) for name in names], ignore_conflicts=True
        )
    read = ActivityCursor.objects.values("name")
    strangers = BrokerageAccount.objects.annotate(name=Cast("pk", CharField())).exclude(name__in=read)
    keys = strangers.order_by("created_at").values_list("pk", flat=True)[:NEW_ACCOUNTS_PER_SWEEP]
    ActivityCursor.objects.bulk_create(
        [ActivityCursor(name=str(key), due_at=now) for key in keys], ignore_conflicts=True
    )


def _read_on(cursor: ActivityCursor, *, now: datetime) -> None:
    """Read a list from where it has come to until its end, or for `PAGES` pages.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`; what was read before stays read.
    """
    account = _account_of(cursor)
    began_at = timezone.now()
    if not cursor.page_token:
        cursor.after = _start_of(cursor, now)
    client = get_client(about=account)
    for _ in range(PAGES):
        page = _next_page(client, cursor, account)
        if not page and page.unreadable >= PAGE_SIZE:
            page.whole()  # others may come after them
        if not page or page[-1].id == cursor.page_token:
            _conclude(cursor, began_at)
            return
        take_page(page, read_at=timezone.now())
        made_at = (
            told.transaction_time if isinstance(told, alpaca.Fill) else told.created_at for told in page
        )
        cursor.newest_at = max(filter(None, (cursor.newest_at, *made_at)), default=None)
        cursor.page_token = page[-1].id[:100]
        cursor.save(update_fields=["after", "page_token", "newest_at"])
    logger.info("%s: more than %s pages; the next run goes on", cursor, PAGES)


def _next_page(
    client: BrokerClient, cursor: ActivityCursor, account: BrokerageAccount | None
) -> Page[alpaca.Fill | alpaca.NonTrade]:
    try:
        return client.activities.list(
            account.broker_account_id if account else None,
            after=cursor.after,
            direction="asc",
            page_token=cursor.page_token or None,
        )
    except BrokerRejected:
        # It may be the token that the broker knows no more: the next try begins at the start again.
        ActivityCursor.objects.filter(pk=cursor.pk).update(page_token="")
        raise


def _account_of(cursor: ActivityCursor) -> BrokerageAccount | None:
    if cursor.name in (ActivityCursor.ALL, ActivityCursor.RECHECK):
        return None
    return BrokerageAccount.objects.get(pk=UUID(cursor.name))


def _start_of(cursor: ActivityCursor, now: datetime) -> datetime | None:
    if cursor.name == ActivityCursor.RECHECK:
        return now - RECHECKED
    if cursor.name != ActivityCursor.ALL:
        return None
    return cursor.newest_at - OVERLAP if cursor.newest_at else now - FIRST_LOOK_BACK


def _conclude(cursor: ActivityCursor, began_at: datetime) -> None:
    """Note that a list was read to its end, and when it is next; at once if an event came meanwhile."""
    next_at = None
    if cursor.name == ActivityCursor.ALL:
        next_at = began_at + (LIVE_PAUSE if is_live(EventStream.ACTIVITIES, began_at) else PAUSE)
    elif cursor.name == ActivityCursor.RECHECK:
        next_at = began_at + RECHECK_PAUSE
    same = ActivityCursor.objects.filter(pk=cursor.pk)
    same.update(after=cursor.after, page_token="", read_at=began_at, failed_reads=0)
    same.filter(due_at__lte=began_at).update(due_at=next_at)


def _put_off(cursor: ActivityCursor, *, now: datetime) -> None:
    pause = min(following.FIRST_RETRY * 2 ** min(cursor.failed_reads, 10), following.LONGEST_RETRY)
    ActivityCursor.objects.filter(pk=cursor.pk).update(
        due_at=now + pause, failed_reads=state.one_more("failed_reads")
    )


def take_page(page: Page[alpaca.Fill | alpaca.NonTrade], *, read_at: datetime) -> int:
    """Store what a page of the list says of our accounts; how many activities were new or had changed.

    Those of other accounts on the same keys, and of the firm's own, are left out; so are, with a line in the
    log, those that cannot be stored, as the list must be read on.
    """
    accounts = BrokerageAccount.objects.only("pk", "user_id", "broker_account_id").in_bulk(
        {told.account_id for told in page if told.account_id}, field_name="broker_account_id"
    )
    rows = {
        row.activity_id: row
        for told in page
        if told.account_id and (account := accounts.get(told.account_id))
        if (row := _row_of(account.pk, told, read_at))
    }
    known = Activity.objects.in_bulk(rows, field_name="activity_id") if rows else {}
    new = [row for name, row in rows.items() if name not in known]
    changed = [row for name, row in rows.items() if name in known and _differs(row, known[name])]
    owners = {account.pk: account.user_id for account in accounts.values()}
    _scrub(new, owners)
    for row in new:
        if not _is_to_follow(row, read_at):
            row.followed_at = read_at
    with transaction.atomic():
        new = sweeps.store_each(
            new, lambda part: Activity.objects.bulk_create(part, ignore_conflicts=True), called=_called
        )
        changed = sweeps.store_each(
            changed,
            lambda part: _revise_all(known, part, read_at),
            called=_called,
        )
        _link_taken_back(new)
        if new or changed:
            _mark_unbooked({row.account_id for row in (*new, *changed)}, read_at)
            transaction.on_commit(partial(_tell, {row.account_id for row in (*new, *changed)}, owners))
            jobs.enqueue(FOLLOWERS)
    return len(new) + len(changed)


def _row_of(account_id: UUID, told: alpaca.Fill | alpaca.NonTrade, read_at: datetime) -> Activity | None:
    """The row of an activity; None, and a line in the log, if its figures cannot be reckoned with."""
    try:
        return payloads.activity_row(account_id, told, read_at=read_at)
    except ArithmeticError as error:
        odd = Activity(account_id=account_id, request_id=told.request_id)
        logger.error("%s cannot be read: %s", _called(odd), type(error).__name__)
        return None


def _called(row: Activity) -> str:
    return f"an activity of account {row.account_id} in the reply with Request ID {row.request_id or 'none'}"


def _mark_unbooked(account_ids: Iterable[UUID], now: datetime) -> None:
    """Have the books of accounts worked out; one whose books fail is not tried sooner for it."""
    Unbooked.objects.bulk_create(
        [Unbooked(account_id=each, changed_at=now, due_at=now) for each in sorted(account_ids)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["changed_at"],
    )


def _is_to_follow(row: Activity, read_at: datetime) -> bool:
    """Whether figures may hang on a new activity that nothing else has read again.

    Executions have a stream of their own; those that take back or correct another do not rely on it, as an
    order that is finished is not read any more.
    """
    if row.is_fill:
        return row.revises
    return read_at - row.at <= FOLLOWED_FOR


def _differs(row: Activity, known: Activity) -> bool:
    return any(getattr(row, name) != getattr(known, name) for name in REVISABLE)


def _revise_all(known: Mapping[str, Activity], read: Iterable[Activity], read_at: datetime) -> None:
    for row in read:
        _revise(known[row.activity_id], row, read_at)


def _revise(known: Activity, row: Activity, read_at: datetime) -> None:
    columns: dict[str, Any] = {name: getattr(row, name) for name in REVISABLE}
    Activity.objects.filter(pk=known.pk).update(**columns, revised_at=read_at, followed_at=None)


def _scrub(rows: Iterable[Activity], owners: Mapping[UUID, int]) -> None:
    """Take what we know of the person out of what somebody wrote; without knowing it, the whole text."""
    secrets: dict[int, frozenset[str] | None] = {}
    for row in rows:
        owner = owners[row.account_id]
        if not row.description:
            continue
        if owner not in secrets:
            secrets[owner] = known_values(owner)
        known = secrets[owner]
        row.description = REDACTED if known is None else scrub(row.description, known)


def _link_taken_back(rows: Iterable[Activity]) -> None:
    """Name what each of these takes back, where the broker does not: its like, with the opposite figure.

    Of an execution of negative quantity that is one of the same order, price and size; of a booking of a
    transfer or journal, one of the same transfer and amount.
    """
    for row in rows:
        books_a_transfer = row.broker_transfer_id and row.activity_type in OPPOSITE
        if row.previous_id or not (row.takes_back or books_a_transfer):
            continue
        likes = _likes_of(row)
        taken = Activity.objects.filter(account_id=row.account_id).exclude(previous_id="")
        likes = likes.exclude(reference__in=taken.values("previous_id")).exclude(activity_id=row.activity_id)
        former = likes.newest_first().values_list("reference", flat=True).first()
        if former:
            Activity.objects.filter(activity_id=row.activity_id).update(previous_id=former)


def _likes_of(row: Activity) -> ActivityQuerySet:
    """What a row may take back: made earlier, and taking nothing back itself."""
    found = Activity.objects.filter(account_id=row.account_id, at__lt=row.at, previous_id="")
    if row.takes_back:
        same_order = found.filter(activity_type=FILL, broker_order_id=row.broker_order_id)
        return same_order.filter(qty=-(row.qty or Decimal(0)), price=row.price)
    same_transfer = found.filter(broker_transfer_id=row.broker_transfer_id, net_amount=-row.cash)
    return same_transfer.filter(activity_type=OPPOSITE[row.activity_type]).exclude(net_amount=0)


def _tell(account_ids: Iterable[UUID], owners: Mapping[UUID, int]) -> None:
    for account_id in account_ids:
        live.publish(owners[account_id], "activity", account_id)


def on_activity_event(event: Mapping[str, Any]) -> str | None:
    """An activity event: have the list read, unless it was, and keep what only the event tells.

    That is which activity it corrects, and which transfer or journal it books. Raises `EventTooEarly` while
    the list does not have it, for two minutes.
    """
    account = BrokerageAccount.objects.filter(broker_account_id=event["account_id"]).first()
    reference = str(event.get("ref_id") or "")[:64]
    if account is None or not reference:
        return "names no activity of ours"
    found = Activity.objects.filter(account=account, reference=reference)
    now = timezone.now()
    if not found.exists():
        if _is_of_a_burst(event):
            return "left to the next reading of the list"
        ActivityCursor.objects.filter(pk=ActivityCursor.ALL).update(due_at=now)
        sync_activities(now=now)
    row = found.first()
    if row is not None:
        _learn(row, event)
        return None
    if not ActivityCursor.objects.filter(pk=ActivityCursor.ALL, read_at__gte=now).exists():
        raise EventTooEarly("the list of activities was not read to its end since")
    made_at = parse_datetime(str(event.get("at") or ""))
    if made_at is not None and timezone.now() - made_at < EVENT_WAITS:
        raise EventTooEarly("the list of activities does not have it yet")
    return "not in the list of activities"


def _is_of_a_burst(event: Mapping[str, Any]) -> bool:
    """Whether the list was read a moment ago and the event, of an execution, tells nothing else.

    Orders hear of their executions by a stream of their own; a call for each would take calls from others.
    """
    if event.get("activity_type") != FILL or event.get("previous_id"):
        return False
    now = timezone.now()
    cursor = ActivityCursor.objects.filter(pk=ActivityCursor.ALL)
    if not cursor.filter(read_at__gt=now - BURST).exists():
        return False
    cursor.filter(due_at__gt=now + BURST).update(due_at=now + BURST)
    return True


def _learn(row: Activity, event: Mapping[str, Any]) -> None:
    details = event.get("details")
    told = details if isinstance(details, Mapping) else {}
    learned: dict[str, Any] = {}
    previous_id = str(event.get("previous_id") or "")[:64]
    if previous_id and previous_id != row.previous_id:
        learned["previous_id"] = previous_id
    moved = next((told[name] for name in MOVED_BY if told.get(name)), None)
    if moved and row.broker_transfer_id is None and (transfer_id := _as_uuid(moved)):
        learned["broker_transfer_id"] = transfer_id
    if not learned:
        return
    with transaction.atomic():
        if "previous_id" in learned:
            _mark_unbooked([row.account_id], timezone.now())
        if row.is_fill and "previous_id" in learned:
            learned["followed_at"] = None
            jobs.enqueue(FOLLOWERS)
        Activity.objects.filter(pk=row.pk).update(**learned)
        row.refresh_from_db()
        _link_taken_back([row])


def _as_uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
