"""Journals: cash (JNLC) and securities (JNLS) between the firm's account and a customer's."""

import datetime as dt
import hashlib
import uuid
from typing import Any

from sandbox.kernel.clock import market_date
from sandbox.money.journal_book import TO_CLEARING, TO_PENDING, end, journal_view, move
from sandbox.money.journal_rules import Wanted, moved_today, read_journal, reserve
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    endpoint,
    invalid,
    malformed,
    not_found,
    parse_date,
    unprocessable,
    uuid_of,
    words,
)  # fmt: skip
from sandbox.state.rows import ZERO

STATUSES = words(
    "queued sent_to_clearing pending executed rejected refused canceled deleted correct"
)  # fmt: skip
MOST_ROWS = 100_000


@endpoint("POST", "/v1/journals")
def create_journal(call: Call) -> dict[str, Any]:
    """Move cash or shares. The same Idempotency-Key and body give the first journal."""
    body = call.json_object()
    if first := _made_before(call):
        return journal_view(first[0])
    return journal_view(_make(call, [read_journal(call, body)], in_batch=False)[0])


@endpoint("POST", "/v1/journals/batch")
def create_batch(call: Call) -> list[dict[str, Any]]:
    """Cash from one account to many: all of them or none."""
    return _batch(call, one="from_account", many="to_account")


@endpoint("POST", "/v1/journals/reverse_batch")
def create_reverse_batch(call: Call) -> list[dict[str, Any]]:
    """Cash from many accounts to one: all of them or none."""
    return _batch(call, one="to_account", many="from_account")


@endpoint("GET", "/v1/journals")
def list_journals(call: Call) -> list[dict[str, Any]]:
    """Newest first. 422 above 100,000 rows."""
    status, entry_type = call.arg("status"), call.arg("entry_type")
    if status and status not in STATUSES:
        raise malformed("invalid status")
    if entry_type not in ("", "JNLC", "JNLS"):
        raise malformed("invalid entry_type")
    after, before = (_day(call, name) for name in ("after", "before"))
    limit = call.number("limit", MOST_ROWS + 1, 1, MOST_ROWS)
    parties = {name: uuid_of(call.arg(name)) for name in ("from_account", "to_account") if call.arg(name)}
    found = [
        journal
        for journal in reversed(list(call.world.store.journals))
        if (not status or journal.status == status)
        and (not entry_type or journal.entry_type == entry_type)
        and all(getattr(journal, name) == account_id for name, account_id in parties.items())
        and (after is None or market_date(journal.created_at) >= after)
        and (before is None or market_date(journal.created_at) <= before)
    ][:limit]
    if len(found) > MOST_ROWS:
        raise invalid("result set exceeds 100000 records")
    return [journal_view(journal) for journal in found]


@endpoint("GET", "/v1/journals/{journal_id}")
def get_journal(call: Call) -> dict[str, Any]:
    return journal_view(_journal(call))


@endpoint("DELETE", "/v1/journals/{journal_id}")
def cancel_journal(call: Call) -> Reply:
    """Only while it is pending; 422 otherwise."""
    journal = _journal(call)
    if journal.status != "pending":
        raise unprocessable(f"journal is not cancelable in status {journal.status}")
    end(call.world, journal, "canceled", call.now)
    return NO_CONTENT


def _batch(call: Call, *, one: str, many: str) -> list[dict[str, Any]]:
    body = call.json_object()
    entries = body.get("entries")
    if body.get("entry_type") != "JNLC":
        raise malformed("entry_type must be JNLC for a batch")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise malformed("entries must be an array of one object or more")
    made = _made_before(call)
    if not made:
        shared = {"entry_type": "JNLC", one: body.get(one)}
        for entry in entries:
            if many not in entry:
                raise malformed(f"{many} is required in every entry")
        made = _make(call, [read_journal(call, {**entry, **shared}) for entry in entries], in_batch=True)
    return [{**journal_view(journal), "error_message": ""} for journal in made]


def _made_before(call: Call) -> list[rows.Journal]:
    """What an earlier request with this Idempotency-Key made. Raises a 422 when its body was another."""
    key = call.headers.get("idempotency-key", "")
    if len(key) > 128:
        raise invalid("Idempotency-Key must be no more than 128 characters")
    made = list(call.world.store.journals.by_key.get(key, {}).values()) if key else []
    if made and made[0].request_digest != _digest(call):
        raise unprocessable("idempotency key was used with a different request body")
    return made


def _make(call: Call, wanted: list[Wanted], *, in_batch: bool) -> list[rows.Journal]:
    """Reserve and queue them all; a refusal of one undoes the others with the transaction."""
    world, moved, made = call.world, moved_today(call.world, call.now), []
    for want in wanted:
        reserve(world, want, call.now)
        fixture = want.fixture(moved)
        moved += ZERO if fixture else want.value
        journal = rows.Journal(
            id=str(uuid.uuid4()), created_at=call.now, entry_type=want.entry_type, status="",
            from_account=want.source.id, to_account=want.target.id, amount=want.amount, symbol=want.symbol,
            qty=want.qty, price=want.price, description=want.description, transmitter=want.transmitter,
            fixture_status=fixture, idempotency_key=call.headers.get("idempotency-key", ""),
            request_digest=_digest(call), in_batch=in_batch,
        )  # fmt: skip
        world.store.add(journal)
        move(world, journal, "queued", call.now)
        journal.due_at = call.now + world.clock.wait(TO_PENDING if fixture else TO_CLEARING)
        made.append(journal)
    return made


def _digest(call: Call) -> str:
    return hashlib.sha256(call.body).hexdigest()


def _journal(call: Call) -> rows.Journal:
    journal_id = uuid_of(call.params["journal_id"])
    journal = call.world.store.journals.get(journal_id)
    if journal is None:
        raise not_found(f"journal not found for {journal_id}")
    return journal


def _day(call: Call, name: str) -> dt.date | None:
    text = call.arg(name)
    return parse_date(text, name) if text else None
