"""Linking and unlinking a bank. Broker API, "ACH Relationships" (https://docs.alpaca.markets/docs/funding-via-ach)."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.capabilities import Capability, check, refusal
from brokerapp.accounts.holds import place_hold
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import HoldReason
from brokerapp.broker.alpaca.errors import (
    BrokerError,
    BrokerNotFound,
    BrokerRejected,
)
from brokerapp.broker.alpaca.models import AchRelationship
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow import following, jobs, state, sweeps, writes
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.state import Process
from funding import payloads, routing
from funding.models import BankLink, BankLinkQuerySet, Transfer
from funding.snapshots import Snapshot
from funding.statuses import BROKER_BANK_STATUS, UNSETTLED_BANK, WAITING_BANK, BankLinkStatus

logger = logging.getLogger(__name__)

By = AbstractBaseUser | Process

ALREADY_LINKED = 40910000
"""The code of `409 only one active ach relationship allowed`."""
GIVE_UP_AFTER = timedelta(hours=24)
"""How long a link that the broker certainly does not have is sent again before we call it refused."""
UNLINK_FAILED = "CANCEL_FAILED"
NOT_REACHED = "The broker could not be reached in time. Nothing was linked; please try again."
OTHER_BANK = "Another bank is already linked to this account at the broker."
NO_LONGER_LISTED = "The broker no longer lists this bank. Link it again, or contact support."
NO_LONGER_LINKED = (
    "The broker no longer lists this bank, so it is not linked any more. You can link it again."
)
STILL_LINKED = "The broker has a bank linked to this account still, which is shown here again."
SENT_AGAIN = "The broker does not have it; sending it again."


class BankAlreadyLinked(Exception):
    """Another bank is linked; Alpaca allows one per account."""


class CannotUnlink(Exception):
    """The bank cannot be unlinked now; the message says why."""


class BankDetails(TypedDict):
    """What a person types about their bank."""

    account_owner_name: str
    bank_account_type: str
    bank_account_number: str
    bank_routing_number: str
    nickname: str


def link_bank(*, account: BrokerageAccount, details: BankDetails, by: User) -> BankLink:
    """Link a bank: the intent on disk, then one call to the broker.

    A second call with the same numbers (a double click, a reload) returns the first one's row. Raises
    `AccountRefused` and `BankAlreadyLinked`; what the broker says ends up on the row.
    """
    check(account, Capability.LINK_BANK)
    number, routing_number = details["bank_account_number"], details["bank_routing_number"]
    link = BankLink(
        user_id=account.user_id,
        account=account,
        last4=number[-4:],
        bank_name=routing.bank_name(routing_number),
        **details,
    )
    with transaction.atomic(durable=True):
        # Of two requests at once, one waits and then sees the other, rather than fail in the database.
        BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        first = BankLink.objects.active().filter(account=account).first()
        if first is None:
            _hold_money(account, by)
            state.start(link, by=by)
            record(Kind.BANK_LINKED, person=account.user_id, obj=link)
    if first is not None:
        if (first.bank_account_number, first.bank_routing_number) == (number, routing_number):
            return first
        raise BankAlreadyLinked(
            "A bank is already linked to your account. Unlink it before you link another."
        )
    return send_bank_link(link=link, now=timezone.now(), waited_for=True)


def _hold_money(account: BrokerageAccount, by: User) -> None:
    """Money waits before it leaves to a new bank, but for the first of an account that always was empty."""
    had_bank = BankLink.objects.filter(account=account).exclude(status=BankLinkStatus.REJECTED).exists()
    had_money = account.cash > 0 or account.equity > 0 or Transfer.objects.filter(account=account).exists()
    if had_bank or had_money:
        place_hold(account.user, HoldReason.BANK, by=by)


def send_bank_link(*, link: BankLink, now: datetime, waited_for: bool = False) -> BankLink:
    """Send a SUBMITTING link that no process has claimed, and record the outcome; else change nothing.

    May be repeated: Alpaca allows one active link per account and refuses a second (409); we adopt the first.
    One that the account may not have any more is not sent.
    """
    if link.claimed_at is None and (refused := refusal(link.account, Capability.LINK_BANK)):
        return _give_up(link, now, Process.SWEEP, reason=f"{refused} So it was not linked.")
    return writes.send(
        link,
        call=lambda: get_client(about=link, waited_for=waited_for).ach_relationships.create(
            link.account.broker_account_id, payloads.ach_relationship_request(link)
        ),
        apply=lambda reply: apply_bank_link(link=link, snapshot=Snapshot.of_bank(reply), by=Process.REPLY),
        refuse=partial(_refuse, link),
        now=now,
    )


def _refuse(link: BankLink, error: BrokerRejected) -> BankLink:
    to = BankLinkStatus.UNKNOWN if error.code == ALREADY_LINKED else BankLinkStatus.REJECTED
    return writes.conclude(link, to, reason=error.user_message, request_id=error.request_id)


def apply_bank_link(*, link: BankLink, snapshot: Snapshot, by: By) -> BankLink:
    """Take over the broker's word on a link: replies, polls and events alike. Returns the row re-read."""
    with transaction.atomic():
        locked = BankLink.objects.select_for_update(of=("self",), no_key=True).get(pk=link.pk)
        if following.is_stale(locked, snapshot.updated_at) or _is_overtaken(locked, snapshot.status):
            return locked
        applied = following.apply(
            locked,
            snapshot.status,
            at=snapshot.updated_at,
            by=by,
            reason=snapshot.reason,
            request_id=snapshot.request_id,
            relationship_id=snapshot.id,
        )
        _schedule(applied, timezone.now())
    applied.refresh_from_db()
    return applied


def _is_overtaken(link: BankLink, word: str) -> bool:
    """Whether the word is from before our unlinking, or cannot undo it any more.

    A list read while our DELETE is on its way still shows the link as alive. Only the broker's word that
    unlinking failed undoes it, unless another bank has been linked since.
    """
    if link.status == BankLinkStatus.REJECTED:
        return BROKER_BANK_STATUS.get(word) != link.status and _has_another(link)
    if link.status not in (BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED):
        return False
    if word != UNLINK_FAILED:
        before = {"QUEUED", "PENDING", "APPROVED"}
        if link.status == BankLinkStatus.CANCELED:
            before |= {"CANCEL_REQUESTED", "CANCEL_SENT"}
        return word in before
    return _has_another(link)


def _has_another(link: BankLink) -> bool:
    """Whether the account has another link here, beside which this one cannot be again."""
    others = BankLink.objects.active().filter(account=link.account_id).exclude(pk=link.pk)
    if found := others.exists():
        logger.error("%s is linked at the broker still, and another bank is linked here", link)
    return found


def _schedule(link: BankLink, now: datetime) -> None:
    tells = link.status not in UNSETTLED_BANK and is_live(EventStream.FUNDING, now)
    following.schedule(link, now=now, is_live=tells)


def unlink_bank(*, link: BankLink, by: User) -> BankLink:
    """Unlink a bank: the intent on disk, then one call to the broker. Unlinking again changes nothing.

    Raises `CannotUnlink` while transfers run over it or while linking it has no known outcome.
    """
    with transaction.atomic(durable=True):
        # The lock that a new transfer also takes: none can start between this check and the new status.
        BrokerageAccount.objects.select_for_update(no_key=True).get(pk=link.account_id)
        link = (
            BankLink.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=link.pk)
        )
        if link.status in (BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED):
            return link
        if (running := link.transfers.in_flight().count()) > 0:
            what = "a transfer runs" if running == 1 else f"{running} transfers run"
            raise CannotUnlink(f"This bank cannot be unlinked while {what} over it.")
        if not state.can_move(link, BankLinkStatus.CANCEL_REQUESTED) or link.relationship_id is None:
            raise CannotUnlink("This bank cannot be unlinked until the broker has confirmed it.")
        link = state.move(link, BankLinkStatus.CANCEL_REQUESTED, by=by)
        record(Kind.BANK_UNLINKED, person=link.user_id, obj=link)
    return send_unlink(link=link, by=Process.REPLY, now=timezone.now(), waited_for=True)


def send_unlink(*, link: BankLink, by: By, now: datetime, waited_for: bool = False) -> BankLink:
    """Make the call for a CANCEL_REQUESTED link and record its outcome. May be repeated: so is a deletion.

    Where the broker refuses, the link goes back to PENDING: that is polled, so a sweep reads what it is.
    """
    assert link.relationship_id is not None
    try:
        reply = get_client(about=link, waited_for=waited_for).ach_relationships.delete(
            link.account.broker_account_id, link.relationship_id
        )
    except BrokerNotFound as error:
        return _finish_unlink(link, BankLinkStatus.CANCELED, by, request_id=error.request_id)
    except BrokerRejected as error:
        return _finish_unlink(link, BankLinkStatus.PENDING, by, error.user_message, error.request_id)
    except BrokerError as error:
        return _try_unlink_later(link, error, now)
    return _finish_unlink(link, BankLinkStatus.CANCELED, by, request_id=reply.request_id)


def _finish_unlink(link: BankLink, to: str, by: By, reason: str = "", request_id: str = "") -> BankLink:
    with transaction.atomic():
        locked = BankLink.objects.select_for_update(of=("self",), no_key=True).get(pk=link.pk)
        if locked.status != BankLinkStatus.CANCEL_REQUESTED:
            return locked  # an event was faster than the reply
        return state.move(locked, to, by=by, reason=reason, request_id=request_id, due_at=None)


def _try_unlink_later(link: BankLink, error: BrokerError, now: datetime) -> BankLink:
    """Keep why unlinking is not confirmed yet, without a change of status: the sweep repeats it."""
    logger.info("%s is not unlinked yet: %s", link, error)
    still = BankLink.objects.filter(pk=link.pk, status=BankLinkStatus.CANCEL_REQUESTED)
    still.update(
        status_reason=error.user_message[:500], last_request_id=error.request_id or link.last_request_id
    )
    following.schedule_retry(link, now=now)
    link.refresh_from_db()
    return link


def settle_bank_links(*, now: datetime) -> None:
    """Send what nobody has sent, and ask about calls that have had no known outcome for too long."""
    settle = partial(_settle, now=now)
    sweeps.sweep_calls(
        "bank links",
        writes.waiting_to_be_sent(BankLink, now).select_related("account"),
        BankLink.objects.to_settle(now).select_related("account"),
        send=settle,
        settle=settle,
        failed=partial(following.schedule_retry, now=now),
    )


def _settle(link: BankLink, now: datetime) -> None:
    settle_bank_link(link=link, now=now, by=Process.SWEEP)


def settle_bank_link(*, link: BankLink, now: datetime, by: By) -> BankLink:
    """Find out what became of a call whose outcome we do not know, and do what is left to do.

    An unlinking is sent again. A linking is looked up in the account's list: our own numbers there are
    adopted; another bank there means refused; nothing there means it was not done, so it is sent again.
    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked, and `LostRace`.
    """
    if link.status == BankLinkStatus.CANCEL_REQUESTED:
        return send_unlink(link=link, by=by, now=now)
    if link.claimed_at is None and link.created_at >= now - GIVE_UP_AFTER:
        return send_bank_link(link=link, now=now)
    if link.claimed_at is not None and not _has_rested(link.claimed_at, now):
        return link  # its call may still be under way
    return _look(link, now, by)


def _has_rested(at: datetime, now: datetime) -> bool:
    return at < now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)


def _look(link: BankLink, now: datetime, by: By) -> BankLink:
    listed = get_client(about=link).ach_relationships.list(link.account.broker_account_id)
    others = BankLink.objects.filter(account=link.account_id).exclude(pk=link.pk)
    # Of one that ended just now, the list may be behind.
    rested = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    just_ended = set(others.filter(status_at__gte=rested).values_list("relationship_id", flat=True))
    active = [
        reply
        for reply in listed
        if reply.id not in just_ended and BROKER_BANK_STATUS.get(reply.status) not in _GONE
    ]
    if found := min(active, key=lambda reply: not _same_bank(reply, link), default=None):
        return _settle_by(found, link, others, by)
    listed.whole()
    if link.created_at < now - GIVE_UP_AFTER:
        return _give_up(link, now, by)
    return _send_again(link, now, by)


def _settle_by(found: AchRelationship, link: BankLink, others: BankLinkQuerySet, by: By) -> BankLink:
    """The broker has a bank linked: ours, one that we took for refused or unlinked, or one from elsewhere."""
    snapshot = Snapshot.of_bank(found)
    if (former := others.filter(relationship_id=found.id).first()) is not None:
        return _revive(former, instead_of=link, snapshot=snapshot, by=by)
    if _same_bank(found, link):
        return apply_bank_link(link=link, snapshot=snapshot, by=by)
    return state.move(link, BankLinkStatus.REJECTED, by=by, reason=OTHER_BANK, request_id=snapshot.request_id)


def _revive(former: BankLink, *, instead_of: BankLink, snapshot: Snapshot, by: By) -> BankLink:
    """Take a link that we took for ended as the account's again; the new one cannot be beside it."""
    with transaction.atomic():
        ended = state.move(instead_of, BankLinkStatus.REJECTED, by=by, reason=STILL_LINKED)
        locked = BankLink.objects.select_for_update(of=("self",), no_key=True).get(pk=former.pk)
        to = BROKER_BANK_STATUS.get(snapshot.status, BankLink.UNNAMED)
        revived = state.move(locked, to, by=by, reason=STILL_LINKED, request_id=snapshot.request_id)
        _schedule(revived, timezone.now())
    return ended


_GONE = (BankLinkStatus.REJECTED, BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED)


def _same_bank(reply: AchRelationship, link: BankLink) -> bool:
    """By routing number and last four digits, since the rest may come back masked."""
    return (
        reply.bank_routing_number == link.bank_routing_number
        and reply.bank_account_number[-4:] == link.bank_account_number[-4:]
    )


def _give_up(link: BankLink, now: datetime, by: By, reason: str = NOT_REACHED) -> BankLink:
    # Claimed first: a process that takes it on at this moment must not send what we call refused.
    if link.claimed_at is None and not writes.claim(link, now=now):
        return link
    return state.move(link, BankLinkStatus.REJECTED, by=by, reason=reason)


def _send_again(link: BankLink, now: datetime, by: By) -> BankLink:
    """The broker does not have it. A claim that may be alive is left alone; so the other call ends first."""
    if link.status == BankLinkStatus.UNKNOWN:
        writes.put_off(link, now=now)  # if this has no outcome either, the next look waits for longer
        link = state.move(link, BankLinkStatus.SUBMITTING, by=by, reason=SENT_AGAIN, claimed_at=None)
    elif writes.may_have_arrived(link):
        return state.move(link, BankLinkStatus.UNKNOWN, by=by, reason=SENT_AGAIN)
    elif not writes.release_unsent(link, now=now):
        _schedule(link, now)
        return link
    return send_bank_link(link=link, now=now)


def sync_bank_links(*, now: datetime) -> None:
    """Read every link that is due and that Alpaca is still approving; there is at most one per account."""
    sweeps.sweep(
        "bank links: read",
        BankLink.objects.to_read(now).select_related("account"),
        partial(_sync, now=now),
        failed=partial(following.schedule_retry, now=now),
    )


def _sync(link: BankLink, now: datetime) -> None:
    sync_bank_link(link=link, now=now)


def sync_bank_link(*, link: BankLink, now: datetime, by: By = Process.POLL) -> BankLink:
    """Read the link at the broker and apply it. One that Alpaca no longer lists will not be approved, and one
    that was is unlinked.
    """
    snapshot, request_id = _fetch(link)
    if snapshot is not None:
        link = apply_bank_link(link=link, snapshot=snapshot, by=by)
    elif link.status in WAITING_BANK and _has_rested(link.status_at, now):
        return state.move(
            link, BankLinkStatus.REJECTED, by=by, reason=NO_LONGER_LISTED, request_id=request_id
        )
    elif link.status == BankLinkStatus.APPROVED and _has_rested(link.status_at, now):
        return state.move(
            link, BankLinkStatus.CANCELED, by=by, reason=NO_LONGER_LINKED, request_id=request_id
        )
    _schedule(link, now)
    return link


def ask_broker(*, link: BankLink, by: User, now: datetime) -> BankLink:
    """Do at once what the sweeps would do, as a member of staff wants to know: settle it or read it.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked, and `LostRace`.
    """
    if link.status in UNSETTLED_BANK:
        return settle_bank_link(link=link, now=now, by=by)
    return sync_bank_link(link=link, now=now, by=by)


def ask_broker_soon(*, link: BankLink, by: User) -> None:
    """Have a worker ask the broker about it, as a member of staff wants to know."""
    jobs.enqueue("funding.tasks.ask_about_bank_link", bank_link_id=link.pk, staff_id=by.pk)


def _fetch(link: BankLink) -> tuple[Snapshot | None, str]:
    listed = get_client(about=link).ach_relationships.list(link.account.broker_account_id)
    found = next((reply for reply in listed if reply.id == link.relationship_id), None)
    return (Snapshot.of_bank(found) if found else None), (listed if found else listed.whole()).request_id


def on_bank_event(event: Mapping[str, Any]) -> str:
    """A funding event about a bank link: read the link at the broker and apply that; the event is a hint.

    Where Alpaca does not list it (refused and unlinked ones can be missing), the event itself is applied; so
    is the word that unlinking failed, which a list never says. Returns what was done, if not that. Raises
    `EventTooEarly` while a link of the account is unsettled, `BrokerNotDone` and `BrokerOutcomeUnknown`, all
    for the caller to try again.
    """
    link = BankLink.objects.filter(relationship_id=event["entity_id"]).select_related("account").first()
    if link is None:
        if BankLink.objects.unsettled().filter(account__broker_account_id=event["account_id"]).exists():
            raise EventTooEarly("a bank link of this account has no known outcome yet")
        return "not one of our bank links"
    snapshot, request_id = _fetch(link)
    if snapshot is None or event.get("status_to") == UNLINK_FAILED:
        snapshot = Snapshot.of_event(event, request_id)
    apply_bank_link(link=link, snapshot=snapshot, by=Process.EVENT)
    return ""
