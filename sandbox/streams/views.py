"""What each event stream shows: which events of the log, and how one is written (7.1, 7.4 of the API)."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.kernel import eventlog
from sandbox.kernel.eventlog import Event, ulid_text
from sandbox.state.api import decode_json, encode_json, encode_numbers, text_of

CORRESPONDENT = "SNDB"
EXECUTIONS = frozenset(("fill", "partial_fill", "trade_correct", "trade_bust"))
CENT = Decimal("0.01")
Renderer = Callable[[Event], bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Stream:
    kinds: frozenset[int]
    render: Renderer  # one JSON object; b"" for an event that is not shown
    integer_ids: bool  # v1: since_id is an integer, ULIDs have parameters of their own
    filter_key: str = ""  # the member the id parameter filters by


def render_v1(event: Event) -> bytes:
    """Integer id and ULID in front of the body."""
    return (
        b'{"event_id":%d,"event_ulid":"%s",' % (event.number, ulid_text(event.ulid).encode()) + event.body[1:]
    )


def render_v2(event: Event) -> bytes:
    """The ULID is the id."""
    return b'{"event_id":"%s",' % ulid_text(event.ulid).encode() + event.body[1:]


def render_transfer_v1(event: Event) -> bytes:
    body = decode_json(event.body)
    body["transfer_id"] = body.pop("entity_id")
    del body["entity_type"]
    return render_v1(event._replace(body=encode_json(body)))


def render_funding(event: Event) -> bytes:
    """The first status comes from null here, from "" in every other stream."""
    body = decode_json(event.body)
    body["correspondent"] = CORRESPONDENT
    body["status_from"] = body["status_from"] or None
    return render_v2(event._replace(body=encode_json(body)))


def render_journal_v1(event: Event) -> bytes:
    body = decode_json(event.body)
    kept = ("at", "entry_type", "journal_id", "status_from", "status_to")
    return render_v1(event._replace(body=encode_json({name: body[name] for name in kept})))


def render_nta(event: Event) -> bytes:
    """A non-trade activity; amounts are JSON numbers, the price is text."""
    body = decode_json(event.body)
    shown = {
        "account_id": body["account_id"],
        "at": body["at"],
        "description": body["description"],
        "entry_type": body["activity_type"],
        "id": _reference(body),
        "net_amount": Decimal(body["net_amount"]),
        "price": body["price"] or "0",
        "qty": Decimal(body["qty"] or 0),
        "settle_date": body["date"],
        "status": "executed",
        "symbol": body["symbol"],
        "system_date": body["date"],
    }
    if body["activity_sub_type"]:
        shown["entry_sub_type"] = body["activity_sub_type"]
    if body["per_share_amount"]:
        shown["per_share_amount"] = Decimal(body["per_share_amount"])
    return render_v1(event._replace(body=encode_numbers(shown)))


def render_activity(event: Event) -> bytes:
    """Executions and everything else that moved cash or shares, in one shape."""
    body = decode_json(event.body)
    if event.kind == eventlog.TRADE:
        if body["event"] not in EXECUTIONS:
            return b""
        shown = _execution(body)
    else:
        shown = _entry(body)
    return render_v2(event._replace(body=encode_json(shown)))


def _execution(body: dict[str, Any]) -> dict[str, Any]:
    order, price, qty = body["order"], Decimal(body["price"]), Decimal(body["qty"])
    amount = (price * qty).quantize(CENT)
    left = Decimal(order["qty"]) - Decimal(order["filled_qty"]) if order["qty"] else Decimal(0)
    revised = body.get("previous_execution_id")
    return {
        **({"previous_id": revised} if revised else {}),
        "account_id": body["account_id"],
        "at": body["at"],
        "executed_at": body["timestamp"],
        "activity_type": "FILL",
        "ref_id": body["execution_id"],
        "status": "executed",
        "currency": "USD",
        "net_amount": text_of(-amount if order["side"] == "buy" else amount),
        "price": body["price"],
        "qty": body["qty"],
        "settle_date": body["settle_date"],
        "details": {
            "asset_id": order["asset_id"],
            "client_order_id": order["client_order_id"],
            "commission": order["commission"] or "0",
            "cum_qty": order["filled_qty"],
            "execution_type": body["event"].replace("partial_", ""),
            "leaves_qty": text_of(left),
            "order_id": order["id"],
            "order_status": order["status"],
            "side": order["side"],
            "symbol": order["symbol"],
        },
    }


def _entry(body: dict[str, Any]) -> dict[str, Any]:
    details = {"system_date": body["date"]}
    if body["transfer_id"]:
        linked = {"FEE": "parent_id", "MEM": "transfer_id"}.get(body["activity_type"], "bank_transaction_id")
        details[linked] = body["transfer_id"]
    elif body["journal_id"]:
        details["journal_id"] = body["journal_id"]
    elif body["activity_type"] == "FEE":
        details["parent_id"] = _reference(body)
    if body["symbol"]:
        details["symbol"] = body["symbol"]
    shown = {
        "account_id": body["account_id"],
        "at": body["at"],
        "executed_at": body["at"],
        "activity_type": body["activity_type"],
        "ref_id": _reference(body),
        "status": "executed",
        "currency": "USD",
        "net_amount": body["net_amount"],
        "settle_date": body["date"],
        "details": details,
    }
    if body["activity_sub_type"]:
        shown["activity_subtype"] = body["activity_sub_type"]
    return shown | {name: body[name] for name in ("price", "qty") if body[name]}


def _reference(body: dict[str, Any]) -> str:
    """The UUID at the end of an activity's id."""
    return str(body["activity_id"]).rpartition("::")[2]


def _kinds(*kinds: int) -> frozenset[int]:
    return frozenset(kinds)


ACCOUNTS = Stream(_kinds(eventlog.ACCOUNT), render_v1, True, "account_id")
TRANSFERS_V1 = Stream(_kinds(eventlog.TRANSFER), render_transfer_v1, True)
JOURNALS_V1 = Stream(_kinds(eventlog.JOURNAL), render_journal_v1, True, "journal_id")
TRADES_V1 = Stream(_kinds(eventlog.TRADE), render_v1, True, "account_id")
NTA = Stream(_kinds(eventlog.ACTIVITY), render_nta, True, "account_id")
FUNDING = Stream(_kinds(eventlog.RELATIONSHIP, eventlog.TRANSFER), render_funding, False)
JOURNALS = Stream(_kinds(eventlog.JOURNAL), render_v2, False, "journal_id")
TRADES = Stream(_kinds(eventlog.TRADE), render_v2, False)
ACTIVITIES = Stream(_kinds(eventlog.TRADE, eventlog.ACTIVITY), render_activity, False)
ADMIN_ACTIONS = Stream(_kinds(eventlog.ADMIN), render_v2, False)
SYSTEM = Stream(_kinds(eventlog.SYSTEM), render_v2, False)
IPOS = Stream(_kinds(eventlog.IPO), render_v2, False)  # nothing here offers any: heartbeats only

_NEWEST = {
    "funding/status": FUNDING,
    "journals/status": JOURNALS,
    "trades": TRADES,
    "admin-actions": ADMIN_ACTIONS,
    "system": SYSTEM,
    "ipos": IPOS,
}
STREAMS = {
    "/v1/events/accounts/status": ACCOUNTS,
    "/v1/events/transfers/status": TRANSFERS_V1,
    "/v1/events/journals/status": JOURNALS_V1,
    "/v1/events/journal/updates": JOURNALS_V1,  # printed by one guide, nowhere else
    "/v1/events/trades": TRADES_V1,  # removed from the real API in 2026; the SDK still calls it
    "/v1/events/nta": NTA,
    **{f"/{version}/events/{name}": of for version in ("v2", "v2beta1") for name, of in _NEWEST.items()},
    "/v2beta1/events/activities": ACTIVITIES,
}
