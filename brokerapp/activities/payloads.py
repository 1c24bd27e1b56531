"""The broker's activities to our columns. Pure."""

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from brokerapp.activities.models import FILL, Activity
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from brokerapp.units.money import CENT

OPTION = re.compile(r"[A-Z]{1,6}\d{6}[CP]\d{8}")
SHARES_A_CONTRACT = 100
_JOURNAL = re.compile(r"\bID: ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE)


def activity_row(account_id: UUID, told: alpaca.Fill | alpaca.NonTrade, *, read_at: datetime) -> Activity:
    """The row of an activity of one of our accounts, read at `read_at`."""
    columns = _of_fill(told) if isinstance(told, alpaca.Fill) else _of_other(told, read_at)
    return Activity(
        account_id=account_id,
        activity_id=told.id[:100],
        reference=reference_of(told.id),
        previous_id=told.previous_id[:64],
        symbol=told.symbol[:32],
        request_id=told.request_id,
        received_at=read_at,
        **columns,
    )


def reference_of(activity_id: str) -> str:
    """What names an activity in events and corrections: the UUID at the end of its id in the list."""
    return activity_id.rpartition("::")[2][:64]


def cash_of_fill(side: str, qty: Decimal, price: Decimal, symbol: str) -> Decimal:
    """By how much an execution changed the cash, USD, 2 dp; the list of activities does not say."""
    value = qty * price * (SHARES_A_CONTRACT if OPTION.fullmatch(symbol) else 1)
    cents = value.quantize(CENT, ROUND_HALF_UP)
    return -cents if side.startswith("buy") else cents


def _of_fill(told: alpaca.Fill) -> dict[str, Any]:
    return {
        "activity_type": FILL,
        "subtype": told.type[:20],
        "at": told.transaction_time,
        "date": day_in_new_york(told.transaction_time),
        "net_amount": cash_of_fill(told.side, told.qty, told.price, told.symbol),
        "qty": told.qty,
        "price": told.price,
        "side": told.side[:12],
        "broker_order_id": told.order_id,
        "status": "executed",
    }


def _of_other(told: alpaca.NonTrade, read_at: datetime) -> dict[str, Any]:
    at = told.created_at or (_midnight(told.date) if told.date else read_at)
    return {
        "activity_type": told.activity_type[:20],
        "subtype": told.activity_sub_type[:20],
        "at": at,
        "date": told.date or day_in_new_york(at),
        "net_amount": told.net_amount,
        "qty": told.qty or None,
        "price": told.price or None,
        "per_share_amount": told.per_share_amount,
        "status": told.status[:20],
        "description": told.description[:500],
        "group_id": told.group_id,
        "broker_transfer_id": told.transfer_id or _journal_of(told),
    }


def _journal_of(told: alpaca.NonTrade) -> UUID | None:
    """The journal that an activity books: its id begins the description."""
    found = _JOURNAL.match(told.description) if told.activity_type.startswith("JNL") else None
    return UUID(found[1]) if found else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), NEW_YORK)
