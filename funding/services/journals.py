"""Credits from the firm to a customer's account. Broker API, "Journals API"."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.state import Process
from funding import rails, rules
from funding.models import Transfer, TransferQuerySet
from funding.services.applying import apply_transfer
from funding.services.transfers import start_transfer
from funding.snapshots import Snapshot
from funding.statuses import Direction, RailName


def credit_account(
    *, account: BrokerageAccount, credit_id: UUID, amount: Decimal, by: User, now: datetime
) -> Transfer:
    """Write down that the firm gives an account money (USD, 2 dp), as a member of staff decided.

    A task then sends it. Asked again with the same `credit_id`, returns the first one's row. No page asks for
    one yet: who does lets two members of staff decide. Raises `AccountRefused` and `rules.AmountTooSmall`.
    """
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
        first = Transfer.objects.filter(pk=credit_id, account=account).first()
        if first is not None:
            return first
        rules.check_credit(account, amount)
        credit = Transfer(
            id=credit_id,
            user_id=account.user_id,
            account=account,
            rail=RailName.JOURNAL,
            direction=Direction.INCOMING,
            amount=amount,
        )
        start_transfer(transfer=credit, by=by, now=now)
    return credit


def on_journal_event(event: Mapping[str, Any]) -> str:
    """A journal event: read the journal at the broker and apply that. Returns what was done, if not that.

    Where the broker does not give it, the event itself is applied. One that names our key is ours, whatever
    we thought became of it. Raises `EventTooEarly` while a journal of ours has no known outcome and the event
    names no key, `BrokerNotDone` and `BrokerOutcomeUnknown`, all for the caller to try again.
    """
    ours = Transfer.objects.filter(rail=RailName.JOURNAL).select_related("account")
    found = ours.filter(broker_transfer_id=event["journal_id"]).first() or _of_key(ours, event)
    if found is None:
        if not event.get("idempotency_key") and ours.unsettled().on_the_way().exists():
            raise EventTooEarly("a journal has no known outcome yet")
        return "not one of our journals"
    journal_id = UUID(str(event["journal_id"]))
    read = rails.of(found).read(found.account, about=found, wanted={journal_id})
    for snapshot in read or [Snapshot.of_journal_event(event)]:
        apply_transfer(transfer=found, snapshot=snapshot, by=Process.EVENT)
    return ""


def _of_key(ours: TransferQuerySet, event: Mapping[str, Any]) -> Transfer | None:
    """Ours whose id at the broker we do not know, by the key that it was sent with."""
    with suppress(ValueError):
        return ours.filter(pk=UUID(str(event.get("idempotency_key"))), broker_transfer_id=None).first()
    return None
