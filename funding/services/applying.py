"""How the broker's word on a transfer reaches its row: replies, polls and events alike."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import want_balances
from brokerapp.broker.streams.models import is_live
from brokerapp.workflow import following
from brokerapp.workflow.state import Process
from funding import rails
from funding.models import Transfer
from funding.snapshots import Snapshot
from funding.statuses import TransferStatus

logger = logging.getLogger(__name__)

By = AbstractBaseUser | Process


def apply_transfer(*, transfer: Transfer, snapshot: Snapshot, by: By) -> Transfer:
    """Take over the broker's word on a transfer, and when it is asked again. Returns the row re-read.

    Every change of status has the balances read again: COMPLETE adds cash, and what is undone takes it back.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = Transfer.objects.select_for_update(of=("self",), no_key=True).get(pk=transfer.pk)
        if following.is_stale(locked, snapshot.updated_at):
            return locked
        columns: dict[str, Any] = {
            "broker_transfer_id": snapshot.id,
            "accepted_at": locked.accepted_at or now,
            "needs_decision_at": None,
        }
        if Transfer.BROKER_WORDS.get(snapshot.status) == TransferStatus.COMPLETE:
            columns["completed_at"] = locked.completed_at or now
        before = locked.status
        applied = following.apply(
            locked,
            snapshot.status,
            at=snapshot.updated_at,
            by=by,
            reason=snapshot.reason,
            request_id=snapshot.request_id,
            **columns,
        )
        if applied.status != before:
            want_balances(account_id=applied.account_id)
        schedule(applied, now=now)
    applied.refresh_from_db()
    return applied


def schedule(transfer: Transfer, *, now: datetime) -> None:
    """Note that it was read, and when it is read next: more seldom while events would tell of a change."""
    stream = rails.of(transfer).stream
    # Of a row that we have not matched yet, no event can be told to be about it.
    tells = transfer.broker_transfer_id is not None and is_live(stream, now)
    following.schedule(transfer, now=now, is_live=tells)


def adopt(*, account: BrokerageAccount, listed: Iterable[Snapshot], by: By) -> list[Transfer]:
    """Match what the broker lists to those of the account's transfers that we know no id of.

    A listed transfer that fits one of ours (`Rail.fits`) and is no other row's can only be ours: the rules
    refuse a second transfer of the same direction and amount while one is unsettled. Where several fit, none
    is adopted. Rows with an unknown outcome come before those that we called not made. Returns the adopted.
    """
    listed = list(listed)
    adopted = []
    for row in Transfer.objects.unmatched(timezone.now()).filter(account=account).select_related("bank_link"):
        matches = find_matches(row, listed)
        if len(matches) == 1:
            adopted.append(apply_transfer(transfer=row, snapshot=matches[0], by=by))
    return adopted


def find_matches(transfer: Transfer, listed: Iterable[Snapshot]) -> list[Snapshot]:
    """Those of the listed that can be this transfer and are no other row's; newest first, as listed."""
    rail = rails.of(transfer)
    fitting = [found for found in listed if rail.fits(transfer, found)]
    others = Transfer.objects.filter(broker_transfer_id__in=[found.id for found in fitting])
    taken = set(others.exclude(pk=transfer.pk).values_list("broker_transfer_id", flat=True))
    return [found for found in fitting if found.id not in taken]
