"""Linking and unlinking a bank. Broker API, "ACH Relationships" (https://docs.alpaca.markets/docs/funding-via-ach)."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from brokerapp.accounts.capabilities import Capability, check
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerNotDone,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.models import AchRelationship
from brokerapp.broker.clients import get_client
from brokerapp.workflow import state
from funding import payloads, routing
from funding.models import BankLink
from funding.services.snapshots import EventTooEarly, Snapshot, refusal_reason
from funding.statuses import BROKER_BANK_STATUS, UNSETTLED_BANK, WAITING_BANK, BankLinkStatus

logger = logging.getLogger(__name__)

ALREADY_LINKED = 40910000
"""The code of `409 only one active ach relationship allowed`."""
GIVE_UP_AFTER = timedelta(hours=24)
"""How long a link that the broker certainly does not have is sent again before we call it refused."""
BATCH = 200


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
    `AccountNotActive` and `BankAlreadyLinked`; what the broker says ends up on the row.
    """
    check(account, Capability.LINK_BANK)
    number, routing_number = details["bank_account_number"], details["bank_routing_number"]
    try:
        with transaction.atomic(durable=True):
            link = BankLink.objects.create(
                user=by,
                account=account,
                last4=number[-4:],
                bank_name=routing.bank_name(routing_number),
                **details,
            )
    except IntegrityError:
        first = BankLink.objects.active().filter(account=account).first()
        if first and (first.bank_account_number, first.bank_routing_number) == (number, routing_number):
            return first
        raise BankAlreadyLinked(
            "A bank is already linked to your account. Unlink it before you link another."
        ) from None
    return send_bank_link(link=link)


def send_bank_link(*, link: BankLink) -> BankLink:
    """Make the call for a SUBMITTING link and record its outcome.

    May be repeated: Alpaca allows one active link per account and refuses a second (409); we adopt the first.
    """
    try:
        reply = get_client(about=link).ach_relationships.create(
            link.account.broker_account_id, payloads.ach_relationship_request(link)
        )
    except (BrokerBusy, BrokerUnreachable) as error:
        return _note(link, reason=error.user_message, request_id=error.reference)
    except BrokerNotDone as error:
        if error.code == ALREADY_LINKED:
            return state.move(
                link,
                BankLinkStatus.UNKNOWN,
                by=state.Process.REPLY,
                reason=refusal_reason(error),
                request_id=error.reference,
            )
        return state.move(
            link,
            BankLinkStatus.REJECTED,
            by=state.Process.REPLY,
            reason=refusal_reason(error),
            request_id=error.reference,
        )
    except BrokerOutcomeUnknown as error:
        return state.move(
            link,
            BankLinkStatus.UNKNOWN,
            by=state.Process.REPLY,
            reason=error.user_message,
            request_id=error.reference,
        )
    return apply_bank_link(link=link, snapshot=Snapshot.of(reply))


def apply_bank_link(*, link: BankLink, snapshot: Snapshot) -> BankLink:
    """The one door by which the broker's word on a link reaches its row: replies, polls and events alike.

    Snapshots older than what we know change nothing; unknown words are kept in `broker_status` and logged.
    """
    with transaction.atomic():
        link = BankLink.objects.select_for_update().get(pk=link.pk)
        if snapshot.is_older_than(link.broker_updated_at):
            return link
        to = BROKER_BANK_STATUS.get(snapshot.status)
        columns = {
            "relationship_id": snapshot.id,
            "broker_status": snapshot.status[:40],
            "broker_updated_at": snapshot.updated_at or link.broker_updated_at,
            "synced_at": timezone.now(),
        }
        if _read_before_our_delete(link, snapshot.status) or to == link.status:
            return _save(link, columns)
        if to is None or not state.can_move(link, to):
            logger.warning(
                "bank link %s is %s and the broker says %s", link.pk, link.status, snapshot.status[:40]
            )
            return _save(link, columns)
        return state.move(
            link,
            to,
            by=state.Process.REPLY,
            reason=snapshot.reason,
            request_id=snapshot.request_id,
            **columns,
        )


def _read_before_our_delete(link: BankLink, broker_word: str) -> bool:
    """A list read while our DELETE is on its way still shows the link as alive; that must not undo it."""
    return link.status == BankLinkStatus.CANCEL_REQUESTED and broker_word in {"QUEUED", "PENDING", "APPROVED"}


def unlink_bank(*, link: BankLink) -> BankLink:
    """Unlink a bank: the intent on disk, then one call to the broker. Unlinking again changes nothing.

    Raises `CannotUnlink` while transfers run over it or while linking it has no known outcome.
    """
    with transaction.atomic(durable=True):
        # The lock that a new transfer also takes: none can start between this check and the new status.
        BrokerageAccount.objects.select_for_update().get(pk=link.account_id)
        link.refresh_from_db()
        if link.status in (BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED):
            return link
        if (running := link.transfers.in_flight().count()) > 0:
            what = "a transfer runs" if running == 1 else f"{running} transfers run"
            raise CannotUnlink(f"This bank cannot be unlinked while {what} over it.")
        if not state.can_move(link, BankLinkStatus.CANCEL_REQUESTED) or link.relationship_id is None:
            raise CannotUnlink("This bank cannot be unlinked until the broker has confirmed it.")
        link = state.move(link, BankLinkStatus.CANCEL_REQUESTED, by=state.Process.REPLY)
    return send_unlink(link=link)


def send_unlink(*, link: BankLink) -> BankLink:
    """Make the call for a CANCEL_REQUESTED link and record its outcome. May be repeated: so is a deletion.

    Where the broker refuses, the link goes back to PENDING: that is polled, so a sweep reads what it is.
    """
    assert link.relationship_id is not None
    try:
        reply = get_client(about=link).ach_relationships.delete(
            link.account.broker_account_id, link.relationship_id
        )
    except BrokerNotFound as error:
        return _finish_unlink(link, BankLinkStatus.CANCELED, "", error.reference)
    except (BrokerBusy, BrokerUnreachable, BrokerOutcomeUnknown) as error:
        return _note(link, reason=error.user_message, request_id=error.reference)
    except BrokerNotDone as error:
        return _finish_unlink(link, BankLinkStatus.PENDING, refusal_reason(error), error.reference)
    return _finish_unlink(link, BankLinkStatus.CANCELED, "", reply.request_id)


def _finish_unlink(link: BankLink, to: str, reason: str, request_id: str) -> BankLink:
    with transaction.atomic():
        link = BankLink.objects.select_for_update().get(pk=link.pk)
        if link.status != BankLinkStatus.CANCEL_REQUESTED:
            return link  # an event was faster than the reply
        return state.move(link, to, by=state.Process.REPLY, reason=reason, request_id=request_id)


def settle_bank_link(*, link: BankLink, now: datetime) -> BankLink:
    """Find out what became of a call whose outcome we do not know, and do what is left to do.

    An unlinking is sent again. A linking is looked up in the account's list: our own numbers there are
    adopted; another bank there means refused; nothing there means it was not done, so it is sent again.
    """
    if link.status == BankLinkStatus.CANCEL_REQUESTED:
        return send_unlink(link=link)
    listed = get_client(about=link).ach_relationships.list(link.account.broker_account_id)
    active = [reply for reply in listed if BROKER_BANK_STATUS.get(reply.status) not in _GONE]
    if (twin := next((reply for reply in active if _same_bank(reply, link)), None)) is not None:
        return apply_bank_link(link=link, snapshot=Snapshot.of(twin))
    if active:
        reason = "Another bank is already linked to this account at the broker."
        return state.move(
            link, BankLinkStatus.REJECTED, by=state.Process.REPLY, reason=reason, request_id=listed.request_id
        )
    if link.created_at < now - GIVE_UP_AFTER:
        reason = "The broker could not be reached in time. Nothing was linked; please try again."
        return state.move(link, BankLinkStatus.REJECTED, by=state.Process.REPLY, reason=reason)
    if link.status == BankLinkStatus.UNKNOWN:
        link = state.move(
            link,
            BankLinkStatus.SUBMITTING,
            by=state.Process.REPLY,
            reason="The broker does not have it; sending it again.",
        )
    return send_bank_link(link=link)


_GONE = (BankLinkStatus.REJECTED, BankLinkStatus.CANCEL_REQUESTED, BankLinkStatus.CANCELED)


def _same_bank(reply: AchRelationship, link: BankLink) -> bool:
    """By routing number and last four digits, since the rest may come back masked."""
    return (
        reply.bank_routing_number == link.bank_routing_number
        and reply.bank_account_number[-4:] == link.bank_account_number[-4:]
    )


def settle_bank_links(*, now: datetime) -> None:
    """Settle every link whose last call has had no known outcome for `SETTLE_AFTER_SECONDS`."""
    before = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    for link in BankLink.objects.unsettled(before).select_related("account").order_by("status_at")[:BATCH]:
        try:
            settle_bank_link(link=link, now=now)
        except Exception:  # one link's trouble must not keep the others waiting
            logger.exception("bank link %s could not be settled", link.pk)


def sync_bank_links(*, now: datetime) -> None:
    """Poll every link that Alpaca is still approving; there is at most one per account."""
    for link in (
        BankLink.objects.waiting()
        .select_related("account")
        .order_by(F("synced_at").asc(nulls_first=True))[:BATCH]
    ):
        try:
            sync_bank_link(link=link, now=now)
        except Exception:  # one link's trouble must not keep the others waiting
            logger.exception("bank link %s could not be polled", link.pk)


def sync_bank_link(*, link: BankLink, now: datetime) -> BankLink:
    """Read the link at the broker and apply it. One that Alpaca no longer lists will not be approved."""
    snapshot, request_id = _fetch(link)
    if snapshot is not None:
        return apply_bank_link(link=link, snapshot=snapshot)
    settled_in = timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    if link.status in WAITING_BANK and link.status_at < now - settled_in:
        reason = "The broker no longer lists this bank. Link it again, or contact support."
        return state.move(
            link, BankLinkStatus.REJECTED, by=state.Process.REPLY, reason=reason, request_id=request_id
        )
    return link


def ask_broker(*, link: BankLink, by: User, now: datetime) -> BankLink:
    """Staff do at once what the sweeps would do: settle the link or poll it, and nothing more.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked.
    """
    logger.info("%s asks the broker about bank link %s", by, link.pk)
    if link.status in UNSETTLED_BANK:
        return settle_bank_link(link=link, now=now)
    return sync_bank_link(link=link, now=now)


def _fetch(link: BankLink) -> tuple[Snapshot | None, str]:
    listed = get_client(about=link).ach_relationships.list(link.account.broker_account_id)
    found = next((reply for reply in listed if reply.id == link.relationship_id), None)
    return (Snapshot.of(found) if found else None), listed.request_id


def on_bank_event(event: Mapping[str, Any]) -> str:
    """A funding event about a bank link: read the link at the broker and apply that; the event is a hint.

    Where Alpaca does not list it (refused and unlinked ones can be missing), the event itself is applied.
    Returns what was done, if not that. Raises `EventTooEarly` while a link of the account is unsettled,
    `BrokerNotDone` and `BrokerOutcomeUnknown`, all for the caller to try again.
    """
    link = BankLink.objects.filter(relationship_id=event["entity_id"]).select_related("account").first()
    if link is None:
        ours = BankLink.objects.filter(account__broker_account_id=event["account_id"])
        if ours.unsettled(timezone.now()).exists():
            raise EventTooEarly("a bank link of this account has no known outcome yet")
        return "not one of our bank links"
    snapshot, request_id = _fetch(link)
    apply_bank_link(link=link, snapshot=snapshot or Snapshot.of_event(event, request_id))
    return ""


def _note(link: BankLink, *, reason: str, request_id: str) -> BankLink:
    """Keep why a call was not done yet, without a change of status: the sweep will repeat it."""
    return _save(link, {"status_reason": reason[:500], "last_request_id": request_id})


def _save(link: BankLink, columns: dict[str, object]) -> BankLink:
    BankLink.objects.filter(pk=link.pk).update(**columns)
    link.refresh_from_db()
    return link
