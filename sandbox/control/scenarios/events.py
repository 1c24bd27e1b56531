"""Scenarios of documents and event streams."""

from sandbox.accounts.documents import statements
from sandbox.control.scenarios.catalogue import Act, Field, scenario
from sandbox.kernel.clock import market_date
from sandbox.state import rows
from sandbox.state.api import decimal_of, invalid
from sandbox.state.faults import EVENT_ACTIONS

EVENTS_PATH = "/*/events/*"
DOCUMENT_TYPES = ("account_statement", "trade_confirmation", "tax_statement")
ANY_STREAM = Field("path", "Streams", EVENTS_PATH)
EVENT_WORDS = {
    "duplicate_event": "sent twice",
    "reorder_event": "sent after the one that follows it",
    "withhold_event": "not sent",
}


@scenario(
    "Documents and events", "Dropped stream", "Closes every open event stream in the middle.",
    ANY_STREAM, of_account=False,
)  # fmt: skip
def dropped_stream(act: Act) -> str:
    readers = act.world.feed.readers
    if not readers:
        raise invalid("nobody reads an event stream")
    _arm(act, "cut_stream", times=readers)
    act.world.feed.notify()
    return f"{readers} open stream{'s' * (readers > 1)} cut."


@scenario(
    "Documents and events", "Silent stream", "The next stream sends nothing, not even heartbeats.",
    Field("seconds", "Seconds", "60"), ANY_STREAM, of_account=False,
)  # fmt: skip
def silent_stream(act: Act) -> str:
    seconds = float(decimal_of(act.text("seconds") or "60", "seconds"))
    if not 0 < seconds <= 600:
        raise invalid("seconds must be above 0 and at most 600")
    _arm(act, "silent_stream", times=max(act.world.feed.readers, 1), seconds=seconds)
    act.world.feed.notify()
    return f"Streams are silent for {seconds:g} s."


@scenario(
    "Documents and events", "Next event goes wrong", "The account's next event, on one stream.",
    Field("how", "How", "duplicate_event", EVENT_ACTIONS), ANY_STREAM,
)  # fmt: skip
def event_fault(act: Act) -> str:
    how = act.text("how") or "duplicate_event"
    if how not in EVENT_ACTIONS:
        raise invalid(f"how must be one of {', '.join(EVENT_ACTIONS)}")
    _arm(act, how, account_id=act.account.id)
    return f"The next event of the account will be {EVENT_WORDS[how]}."


@scenario(
    "Documents and events", "Document published", "A document that covers the time up to today.",
    Field("type", "Type", "account_statement", DOCUMENT_TYPES),
)  # fmt: skip
def document_published(act: Act) -> str:
    kind, today = act.text("type") or DOCUMENT_TYPES[0], market_date(act.now)
    if kind not in DOCUMENT_TYPES:
        raise invalid(f"type must be one of {', '.join(DOCUMENT_TYPES)}")
    starts = {"account_statement": today.replace(day=1), "tax_statement": today.replace(month=1, day=1)}
    start = starts.get(kind, today)
    statements.publish(act.world, act.account, kind, max(start, market_date(act.account.created_at)), today)
    return f"The {kind.replace('_', ' ')} of {today} is there."


def _arm(act: Act, action: str, *, times: int = 1, seconds: float = 0.0, account_id: str = "") -> None:
    act.world.faults.arm(
        rows.Fault(
            id="", action=action, method="GET", path=act.text("path") or EVENTS_PATH, times=times,
            seconds=seconds, account_id=account_id,
        )
    )  # fmt: skip
