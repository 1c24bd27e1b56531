"""HTTP to the broker: Basic auth, pooled connections, timeouts on every call, and a record of every attempt.

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
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import requests
import urllib3

from brokerapp.broker.alpaca import replies
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

logger = logging.getLogger(__name__)

USER_AGENT = "brokerapp/0.1"
READ_ATTEMPTS = 3
BACKOFF_BASE, BACKOFF_CAP = 0.25, 2.0
MAX_RATE_WAIT = {Priority.WRITE: 10.0, Priority.PERSON: 5.0, Priority.POLL: 0.0}
"""Seconds that a call waits at most for its budget; then a write is sent all the same, and a read is not."""
MAX_SLOT_WAIT = 2.0
"""Seconds that a write waits at most while as many as may be open wait for the broker."""
LEAST_SECONDS = 0.1
"""That a call gets at least, however long it waited."""
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


class Session(requests.Session):
    """Looks up the environment's proxies and certificates once for each server, and not for each call."""

    def __init__(self) -> None:
        super().__init__()
        self._ways: dict[tuple[str, str], Any] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """As of `requests`; what a call itself asks for is worked out for it."""
        if proxies or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(url)
        server = (parts.scheme, parts.netloc)
        if server not in self._ways:
            self._ways[server] = super().merge_environment_settings(url, {}, None, None, None)
        return {**self._ways[server], "stream": self.stream if stream is None else stream}


def make_session(key: str, secret: str) -> requests.Session:
    """A session with the broker's credentials and its own connection pool. For one thread."""
    session = Session()
    session.auth = (key, secret)
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    return session


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


class Transport:
    """Sends calls to one base URL.

    `timeouts` are connect and read, seconds; a GET for a person is tried up to `read_attempts` times, any
    other call once. `recorder` is told of every attempt before and after it. `guard` runs before every call
    and may raise to forbid it, and `on_reply` hears the headers of every reply. `known` gives what is known
    of the person whom the calls are about: that is taken out of what somebody wrote in a reply. `budget` says
    when a call may be made, and `write_slots` how many writes may be open. `within` is how many seconds a
    call may take in all, of which at most half are spent waiting for these two. `session` is for one thread;
    without one this transport makes its own. `clock` tells seconds.
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
                with self._slot(call), self._exchange(call, attempt) as (response, record):
                    return self._read(response, record, read)
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
        if call.method == "GET" or self.write_slots is None:
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
        with self._exchange(call, 1, stream_silence=silence) as (response, record):
            record.outcome = Outcome.OK
        with response:
            yield response, record.request_id

    @contextmanager
    def open_file(self, path: str, *, ids: Mapping[str, Any]) -> Iterator[tuple[requests.Response, str]]:
        """Ask for a file, once: the open response, which may be a redirect, and its Request ID.

        Raises as `send` does; the attempt is recorded as done once the response is there.
        """
        headers = {"Accept": "application/pdf", "Accept-Encoding": "identity"}
        call = _Call("GET", path, ids, {}, None, headers, uuid4())
        self._wait_for_budget(call, priority_of(call.method), 0.0)
        with self._exchange(call, 1, self.timeouts[1], redirects=True) as (response, record):
            record.outcome = Outcome.OK
        with response:
            yield response, record.request_id

    @contextmanager
    def _exchange(
        self, call: _Call, attempt: int, stream_silence: float | None = None, *, redirects: bool = False
    ) -> Iterator[tuple[requests.Response, CallRecord]]:
        """One attempt: a reply that is a 2xx, and the record, which is finished however this ends."""
        if self._guard is not None:
            self._guard()
        url = self.base_url + _fill(call.path, call.ids)
        record = CallRecord(
            call.call_id,
            call.method,
            call.path,
            {name: str(value) for name, value in call.ids.items()},
            attempt,
        )
        token = self._record_start(record)
        started, sent = time.monotonic(), time.time()
        try:
            response = self._request(call, url, stream_silence)
            if self._on_reply is not None:
                self._on_reply(response.headers, sent, time.time())
            record.http_status = response.status_code
            record.request_id = response.headers.get("X-Request-ID", "")[:64]
            if stream_silence is None:  # the limit on open streams is another one
                self._note_budget(response)
            if not 200 <= response.status_code < 300 and not (redirects and response.is_redirect):
                raise replies.refused(
                    response,
                    sent=sensitive_values(call.body),
                    known=self._known,
                    retry_after=retry_after(response.headers, now=time.time()),
                    call_id=str(call.call_id),
                    request_id=record.request_id,
                )
            yield response, record
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

    def _request(self, call: _Call, url: str, stream_silence: float | None) -> requests.Response:
        left = max(LEAST_SECONDS, call.until - self._clock())
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
                params=_query(call.query),
                data=data,
                headers=headers,
                timeout=(connect, stream_silence or read_timeout),
                allow_redirects=False,
                stream=stream_silence is not None,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, ValueError):  # a malformed base URL or header: our fault, nothing was sent
                raise
            # Without the cause: its text holds the URL, and a query may hold a person's e-mail address.
            raise replies.failed_exchange(error, call_id=str(call.call_id)) from None

    def _read(self, response: requests.Response, record: CallRecord, read: Read[T]) -> T:
        facts: dict[str, Any] = {
            "http_status": response.status_code,
            "request_id": record.request_id,
            "call_id": str(record.call_id),
        }
        try:
            result = read(scrub_members(replies.read_body(response), self._known), record.request_id)
        except ValueError as error:
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


def _fill(path: str, ids: Mapping[str, Any]) -> str:
    """The path with its ids, each one segment. Raises `ValueError` for an id that would change the path."""
    segments = {}
    for name, value in ids.items():
        text = str(value)
        if text in ("", ".", ".."):
            raise ValueError(f"{name} is empty or a dot segment")
        segments[name] = quote(text, safe="")
    return path.format(**segments)


def _query(query: Query) -> dict[str, Any]:
    """Query parameters as the broker takes them: None left out, lists repeated, tuples comma-joined."""
    return {name: _parameter(value) for name, value in query.items() if value is not None and value != ()}


def _parameter(value: Any) -> Any:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value)
