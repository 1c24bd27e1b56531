"""From settings to a broker client whose every call is recorded."""

import os
import threading
from functools import cache, partial

import requests
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction

from brokerapp.broker import broker_clock
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.market_data import MarketDataClient
from brokerapp.broker.alpaca.session import make_session
from brokerapp.broker.alpaca.transport import READ_ATTEMPTS, Transport
from brokerapp.broker.budget import budget_of
from brokerapp.broker.calls.models import label_of
from brokerapp.broker.calls.recorder import ApiCallRecorder
from brokerapp.security.known_values import known_values

QUICK_TIMEOUTS = (1.0, 2.0)
"""Connect and read, seconds, for a read that a page waits for and can do without."""
WAITED_FOR_TIMEOUTS = (1.0, 3.0)
"""The same for a call that somebody waits for: what it did is found out later if there is no answer."""

_threads = threading.local()


def get_client(
    *, about: models.Model | None = None, by: AbstractBaseUser | None = None, waited_for: bool = False
) -> BrokerClient:
    """A Broker API client.

    Its calls are recorded as being about the row `about`, for the person it belongs to, and as asked for by
    `by` where that is somebody else. One that is `waited_for` by a person tries each call once and is done,
    with what it waits for its turn, within the sum of `WAITED_FOR_TIMEOUTS`, or of the settings' if those are
    shorter. Raises `RuntimeError` in a database transaction, where no broker call may be made.
    """
    within = WAITED_FOR_TIMEOUTS if waited_for else None
    return BrokerClient(_transport(settings.BROKER_BASE_URL, about, by, within))


def get_market_data(
    *,
    about: models.Model | None = None,
    by: AbstractBaseUser | None = None,
    quick: bool = False,
    recorder: type[ApiCallRecorder] = ApiCallRecorder,
) -> MarketDataClient:
    """A Market Data API client, as `get_client`; a `quick` one tries once, within `QUICK_TIMEOUTS`."""
    transport = _transport(settings.BROKER_DATA_URL, about, by, QUICK_TIMEOUTS if quick else None, recorder)
    return MarketDataClient(transport, stock_feed=settings.MARKET_DATA_FEED)


def forbid_transaction() -> None:
    """Raise `RuntimeError` in a database transaction.

    A call can last as long as its timeouts while the transaction holds its locks, and a rollback would undo
    our record of something the broker has done. A test case's own transaction does not count, as it does not
    for `transaction.atomic(durable=True)`.
    """
    blocks = transaction.get_connection().atomic_blocks
    if any(not block._from_testcase for block in blocks):
        raise RuntimeError("A broker call may not be made in a database transaction.")


def _transport(
    base_url: str,
    about: models.Model | None,
    by: AbstractBaseUser | None,
    within: tuple[float, float] | None = None,
    make_recorder: type[ApiCallRecorder] = ApiCallRecorder,
) -> Transport:
    """`within`: connect and read, seconds, for calls that are tried once."""
    forbid_transaction()
    connect, read = settings.BROKER_TIMEOUTS
    asked_by_id = by.pk if by else None
    person_id = _person_of(about) or asked_by_id
    recorder = make_recorder(
        about_type=label_of(about) if about else "",
        about_id=str(about.pk) if about else "",
        person_id=person_id,
        asked_by_id=asked_by_id if asked_by_id != person_id else None,
    )
    timeouts = (min(connect, within[0]), min(read, within[1])) if within else (connect, read)
    return Transport(
        base_url,
        settings.BROKER_KEY,
        settings.BROKER_SECRET,
        recorder=recorder,
        timeouts=timeouts,
        read_attempts=1 if within else READ_ATTEMPTS,
        within=sum(timeouts) if within else None,
        session=session_of_thread(),
        budget=budget_of(base_url),
        write_slots=_write_slots(settings.BROKER_WRITES_IN_FLIGHT),
        guard=forbid_transaction,
        on_reply=partial(broker_clock.note, base_url),
        known=partial(known_values, person_id) if person_id else frozenset,
    )


@cache
def _write_slots(number: int) -> threading.Semaphore:
    """The places for this process's open writes."""
    return threading.BoundedSemaphore(number)


def _person_of(row: models.Model | None) -> int | None:
    for name in ("user_id", "person_id"):
        if (found := getattr(row, name, None)) is not None:
            return int(found)
    return None


def session_of_thread() -> requests.Session:
    """This thread's session, whose connections are reused; sessions are not thread-safe."""
    owner = (os.getpid(), settings.BROKER_KEY, settings.BROKER_SECRET)
    # A forked worker must not share its parent's sockets.
    if getattr(_threads, "owner", None) != owner:
        _threads.owner = owner
        _threads.session = make_session(settings.BROKER_KEY, settings.BROKER_SECRET)
    session: requests.Session = _threads.session
    return session
