"""HTTP to the broker: timeouts and a deadline on every call, and a record of every attempt.

A read that a person waits for is repeated when that may help; a poll is not, as it is due again soon. Writes
are sent exactly once, since only the caller can find out what became of a write whose reply was lost.
"""

import json
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid4

import requests
import urllib3

from brokerapp.broker.alpaca import replies
from brokerapp.broker.alpaca.addresses import fill, to_parameters
from brokerapp.broker.alpaca.bodies import read_pieces
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerError,
    BrokerMisconfigured,
    BrokerNotDone,
    BrokerOutcomeUnknown,
    BrokerSlow,
    BrokerUnreachable,
    CallNotRecorded,
)
from brokerapp.broker.alpaca.rate_limit import (
    Budget,
    LocalBudget,
    Priority,
    priority_of,
    read_word,
    retry_after,
)
from brokerapp.broker.alpaca.records import CallRecord, Outcome, Recorder
from brokerapp.broker.alpaca.scrub import Known, scrub_members, sensitive_values
from brokerapp.broker.alpaca.session import make_session

logger = logging.getLogger(__name__)

READ_ATTEMPTS = 3
BACKOFF_BASE, BACKOFF_CAP = 0.25, 2.0
MAX_RATE_WAIT = {Priority.WRITE: 10.0, Priority.PERSON: 5.0, Priority.POLL: 0.0}
"""Seconds that a call waits at most for its budget; then a write is sent all the same, and a read is not."""
MAX_SLOT_WAIT = 2.0
"""Seconds that a write waits at most while as many as may be open wait for the broker."""
LEAST_SECONDS = 0.1
"""That a call gets at least, however long it waited."""
READ_SECONDS = 30.0
"""For the whole of an attempt at a read, some of which are large. A write has the sum of its timeouts."""
MOST_BYTES = 64 * 1024 * 1024
"""Of a reply; the list of all assets has some ten million."""
ALARM_SECONDS = 60.0
"""Between two alarms of one process that the broker does not accept our key or our address."""

T = TypeVar("T")
Read = Callable[[Any, str], T]
"""Makes the result from a reply's body and Request ID, or raises `ValueError` (`ValidationError` is one)."""
Query = Mapping[str, Any]
alarmed_at: dict[str, float] = {}
"""When the last alarm of each address was, by the monotonic clock."""
OnReply = Callable[[Mapping[str, str], float, float], None]
"""Is told of each reply's headers, and when it was sent and received (unix seconds)."""


@dataclass(frozen=True)
class _Call:
    """One call as asked for; each attempt of it shares the call id."""

    method: str
    path: str
    ids: Mapping[str, Any]
    query: Query
    body: Any
    headers: Mapping[str, str]
    call_id: UUID
    until: float = math.inf
    """When it has to be over, by the transport's clock."""

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing at the broker."""
        return self.method == "GET"


class _Reply(NamedTuple):
    """A reply with its body, if that was read, and the record of the attempt."""

    response: requests.Response
    content: bytes
    record: CallRecord


class Transport:
    """Sends calls to one base URL.

    `timeouts` are connect and read (each wait for bytes), seconds; a GET for a person is tried up to
    `read_attempts` times, any other call once. `within` is how many seconds a call may take in all, of which
    at most half are spent waiting for its turn: `budget` says when a call may be made, and `write_slots` how
    many writes may be open. `recorder` is told of every attempt before and after it. `guard` runs before
    every call and may raise to forbid it, and `on_reply` hears the headers of every reply. `known` gives what
    is known of the person whom the calls are about: that is taken out of what somebody wrote in a reply.
    `session` is for one thread; without one this transport makes its own. `clock` tells seconds.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: str,
        *,
        recorder: Recorder | None = None,
        timeouts: tuple[float, float] = (3.05, 10),
        read_attempts: int = READ_ATTEMPTS,
        within: float | None = None,
        session: requests.Session | None = None,
        budget: Budget | None = None,
        write_slots: threading.Semaphore | None = None,
        guard: Callable[[], None] | None = None,
        on_reply: OnReply | None = None,
        known: Known = frozenset,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = session or make_session(key, secret)
        self.recorder = recorder
        self.timeouts = timeouts
        self._read_attempts = read_attempts
        self.within = within
        self.budget = budget or LocalBudget()
        self.write_slots = write_slots
        self._guard = guard
        self._on_reply = on_reply
        self._known = known
        self._sleep = sleep
        self._jitter = jitter
        self._clock = clock

    def send(
        self,
        method: str,
        path: str,
        read: Read[T],
        *,
        ids: Mapping[str, Any] | None = None,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send a call and return what `read` makes of the reply.

        `path` is a template (`/v1/accounts/{account_id}`) filled from `ids`. A GET for a person may be tried
        again, anything else is sent once. Raises `BrokerNotDone`, `BrokerOutcomeUnknown`, and `ValueError`
        for an id that cannot be part of a path.
        """
        until = math.inf if self.within is None else self._clock() + self.within
        call = _Call(method, path, ids or {}, query or {}, body, headers or {}, uuid4(), until)
        level = priority_of(call.method)
        attempts = self._read_attempts if level is Priority.PERSON else 1
        patience = self._patience(level, attempts)
        for attempt in range(1, attempts + 1):
            self._wait_for_budget(call, level, patience)
            try:
                # Whoever waits for the budget holds no place: others would wait for it in vain.
                with self._slot(call), self._exchange(call, attempt) as reply:
                    return self._read(reply, read)
            except BrokerError as error:
                pause = self._pause_before_retry(error, attempt, patience)
                if attempt == attempts or pause is None:
                    raise
                self._sleep_if_positive(pause)
        raise AssertionError("unreachable")

    def _patience(self, level: Priority, attempts: int) -> float:
        """Seconds that a call may wait for its budget."""
        if level is Priority.WRITE and self.within is not None:
            return min(MAX_RATE_WAIT[level], self.within / 2)
        # Of a read that is tried once, somebody waits who can do without.
        return MAX_RATE_WAIT[level] if attempts > 1 or level is Priority.WRITE else 0.0

    @contextmanager
    def _slot(self, call: _Call) -> Iterator[None]:
        """Hold one of the places for open writes. Raises `BrokerSlow` if none gets free."""
        if call.is_read or self.write_slots is None:
            yield
            return
        # The second half of the time is the call's own.
        left = call.until - self._clock() - (self.within or 0.0) / 2
        if not self.write_slots.acquire(timeout=max(0.0, min(MAX_SLOT_WAIT, left))):
            raise BrokerSlow("The call was not sent: others wait for the broker.", call_id=str(call.call_id))
        try:
            yield
        finally:
            self.write_slots.release()

    def _wait_for_budget(self, call: _Call, level: Priority, patience: float) -> None:
        """Return when the call may be made. Raises `BrokerBusy` for a read that would wait too long."""
        while (wait := self.budget.take(level)) > 0:
            if level is not Priority.WRITE and wait > patience:
                message = "The call was not made: the minute's calls are used up."
                raise BrokerBusy(message, retry_after=wait, call_id=str(call.call_id))
            if patience <= 0:
                return  # only the broker itself refuses a write
            pause = min(wait, patience, 1.0) if level is Priority.WRITE else wait
            self._sleep(pause)
            patience -= pause

    @contextmanager
    def stream(
        self, path: str, *, query: Query | None = None, silence: float
    ) -> Iterator[tuple[requests.Response, str]]:
        """Open an event stream: its response and Request ID.

        A read of it fails after `silence` seconds without a byte. Raises as `send` does; the attempt is
        recorded as done once the stream is open.
        """
        headers = {
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",
            "Cache-Control": "no-cache",
        }
        call = _Call("GET", path, {}, query or {}, None, headers, uuid4())
        with self._exchange(call, 1, stream_silence=silence) as reply:
            reply.record.outcome = Outcome.OK
        with reply.response:
            yield reply.response, reply.record.request_id

    @contextmanager
    def open_file(self, path: str, *, ids: Mapping[str, Any]) -> Iterator[tuple[requests.Response, str]]:
        """Ask for a file, once: the open response, which may be a redirect, and its Request ID.

        Raises as `send` does; the attempt is recorded as done once the response is there.
        """
        headers = {"Accept": "application/pdf", "Accept-Encoding": "identity"}
        call = _Call("GET", path, ids, {}, None, headers, uuid4())
        self._wait_for_budget(call, priority_of(call.method), 0.0)
        with self._exchange(call, 1, self.timeouts[1], redirects=True) as reply:
            reply.record.outcome = Outcome.OK
        with reply.response:
            yield reply.response, reply.record.request_id

    @contextmanager
    def _exchange(
        self, call: _Call, attempt: int, stream_silence: float | None = None, *, redirects: bool = False
    ) -> Iterator[_Reply]:
        """One attempt: a reply that is a 2xx, and the record, which is finished however this ends.

        With `stream_silence`, seconds, the reply's body is left to be read.
        """
        if self._guard is not None:
            self._guard()
        url = self.base_url + fill(call.path, call.ids)
        ids = {name: str(value) for name, value in call.ids.items()}
        record = CallRecord(call.call_id, call.method, call.path, ids, attempt)
        with self._recorded(record):
            until, sent = self._ends(call), time.time()
            response = self._request(call, url, until, stream_silence)
            if self._on_reply is not None:
                self._on_reply(response.headers, sent, time.time())
            record.http_status = response.status_code
            record.request_id = response.headers.get("X-Request-ID", "")[:64]
            if stream_silence is None:  # the limit on open streams is another one
                self._note_budget(response)
            is_good = 200 <= response.status_code < 300 or (redirects and response.is_redirect)
            is_left = is_good and stream_silence is not None
            content = b"" if is_left else self._content(response, record, until)
            if not is_good:
                raise replies.refused(
                    call.method,
                    response.status_code,
                    content,
                    sent=sensitive_values(call.body),
                    known=self._known,
                    retry_after=retry_after(response.headers, now=time.time()),
                    call_id=str(call.call_id),
                    request_id=record.request_id,
                )
            yield _Reply(response, content, record)

    @contextmanager
    def _recorded(self, record: CallRecord) -> Iterator[None]:
        """Have an attempt recorded before it is made, and how it ended."""
        token = self._record_start(record)
        started = time.monotonic()
        try:
            yield
        except BrokerError as error:
            record.outcome = Outcome.NOT_DONE if isinstance(error, BrokerNotDone) else Outcome.UNKNOWN
            record.error_code, record.error_message = error.code, error.message
            if isinstance(error, BrokerMisconfigured):
                self._alarm(error)
            raise
        except BaseException as error:
            record.outcome, record.error_message = Outcome.UNKNOWN, type(error).__name__
            raise
        finally:
            record.milliseconds = round((time.monotonic() - started) * 1000)
            record.finished_at = datetime.now(UTC)
            self._record_finish(token, record)

    def _ends(self, call: _Call) -> float:
        """When an attempt that begins now has to be over, by the transport's clock."""
        seconds = sum(self.timeouts)
        return min(call.until, self._clock() + (max(seconds, READ_SECONDS) if call.is_read else seconds))

    def _request(
        self, call: _Call, url: str, until: float, stream_silence: float | None
    ) -> requests.Response:
        """The reply's head; its body is still to be read."""
        left = max(LEAST_SECONDS, until - self._clock())
        connect, read_timeout = (min(timeout, left) for timeout in self.timeouts)
        headers = dict(call.headers)
        data = None
        if call.body is not None:
            data = json.dumps(call.body).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self.session.request(
                call.method,
                url,
                params=to_parameters(call.query),
                data=data,
                headers=headers,
                timeout=(connect, stream_silence or read_timeout),
                allow_redirects=False,
                stream=True,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, ValueError):  # a malformed base URL or header: our fault, nothing was sent
                raise
            # Without the cause: its text holds the URL, and a query may hold a person's e-mail address.
            raise replies.failed_exchange(error, call_id=str(call.call_id)) from None

    def _content(self, response: requests.Response, record: CallRecord, until: float) -> bytes:
        pieces = read_pieces(
            response,
            most=MOST_BYTES,
            until=until,
            clock=self._clock,
            call_id=str(record.call_id),
            request_id=record.request_id,
        )
        return b"".join(pieces)

    def _read(self, reply: _Reply, read: Read[T]) -> T:
        record = reply.record
        facts: dict[str, Any] = {
            "http_status": record.http_status,
            "request_id": record.request_id,
            "call_id": str(record.call_id),
        }
        try:
            result = read(scrub_members(replies.read_body(reply.content), self._known), record.request_id)
        except replies.UNREADABLE as error:
            raise replies.unreadable(error, **facts) from None
        record.outcome = Outcome.OK
        return result

    def _note_budget(self, response: requests.Response) -> None:
        word = read_word(response.headers, response.status_code, now=time.time())
        if word is not None:
            self.budget.note(word)

    def _alarm(self, error: BrokerMisconfigured) -> None:
        now = time.monotonic()
        if now - alarmed_at.get(self.base_url, -ALARM_SECONDS) >= ALARM_SECONDS:
            alarmed_at[self.base_url] = now
            logger.critical("%s does not accept our key or our address: %s", self.base_url, error)

    def _pause_before_retry(self, error: BrokerError, attempt: int, patience: float) -> float | None:
        """Seconds to wait before the next attempt of a read; None if another one cannot help."""
        backoff = self._jitter(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt))
        if isinstance(error, BrokerBusy):  # the budget knows how long
            return backoff if (error.retry_after or 0.0) <= patience else None
        if isinstance(error, BrokerUnreachable):
            return backoff
        if isinstance(error, BrokerOutcomeUnknown) and (
            error.http_status is None or error.http_status >= 500
        ):
            return backoff
        return None

    def _sleep_if_positive(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _record_start(self, record: CallRecord) -> Any:
        """Have the attempt recorded. Raises `CallNotRecorded` for a write that could not be."""
        if self.recorder is None:
            return None
        try:
            return self.recorder.start(record)
        except CallNotRecorded as refused:
            refused.call_id = str(record.call_id)
            raise
        except Exception as error:
            logger.exception("call %s could not be recorded before it was made", record.call_id)
            if record.method != "GET":
                message = "The call was not sent, as it could not be recorded."
                raise CallNotRecorded(message, call_id=str(record.call_id)) from error
            return None

    def _record_finish(self, token: Any, record: CallRecord) -> None:
        if self.recorder is None:
            return
        try:
            self.recorder.finish(token, record)
        except Exception:
            logger.exception("the outcome of call %s could not be recorded", record.call_id)
