"""From where a stream is read after a start or a break: early enough to miss nothing; repeats are cheap."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from brokerapp.broker.streams.models import EventStream
from brokerapp.events.models import BrokerEvent

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ULID_LENGTH, TIME_LENGTH = 26, 10

OVERLAP = timedelta(minutes=5)
"""ULIDs of one millisecond are in no order, nor are events of different accounts: so we go back a little."""
FIRST_LOOK_BACK = timedelta(days=2)
"""Where nothing is stored (a new or restored database), the stream is read from two days back.

Reading only what is new would do for rows whose status is still open, since sweeps poll those. But settled
accounts are not polled, and complete deposits seldom: their news since a backup would be missed. Older events
say nothing that the objects themselves, read again for each event, do not.
"""


@dataclass(frozen=True)
class ResumePoint:
    """The id of an event that is stored, after which to go on; or a day from which on."""

    after_id: str = ""
    since: date | None = None


def ulid_time(ulid: str) -> datetime | None:
    """When a ULID was made, to the millisecond; None for an id that is not one."""
    if len(ulid) != ULID_LENGTH or any(letter not in CROCKFORD for letter in ulid):
        return None
    milliseconds = 0
    for letter in ulid[:TIME_LENGTH]:
        milliseconds = milliseconds * 32 + CROCKFORD.index(letter)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def ulid_floor(instant: datetime) -> str:
    """The smallest ULID of an instant: every ULID made earlier sorts before it."""
    milliseconds = int(instant.timestamp() * 1000)
    letters = ""
    for _ in range(TIME_LENGTH):
        milliseconds, digit = divmod(milliseconds, 32)
        letters = CROCKFORD[digit] + letters
    return letters + "0" * (ULID_LENGTH - TIME_LENGTH)


def resume_point(stream: EventStream, now: datetime) -> ResumePoint:
    """The newest stored event that is `OVERLAP` older than the newest of all, or else a day before that one.

    A stored id is used, not one made up for a time: the broker only promises to know ids that it sent.
    """
    stored = BrokerEvent.objects.readable().filter(stream=stream)
    newest = stored.order_by("-event_id").values_list("event_id", "received_at").first()
    if newest is None:
        return ResumePoint(since=(now - FIRST_LOOK_BACK).astimezone(UTC).date())
    newest_id, received_at = newest
    made_at = ulid_time(newest_id)
    if made_at is not None:
        older = stored.filter(event_id__lt=ulid_floor(made_at - OVERLAP)).order_by("-event_id")
        if (after_id := older.values_list("event_id", flat=True).first()) is not None:
            return ResumePoint(after_id=after_id)
    return ResumePoint(since=((made_at or received_at) - timedelta(days=1)).astimezone(UTC).date())
