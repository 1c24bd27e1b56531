"""HTTP to the broker: Basic auth, pooled connections, timeouts on every call, and a record of every attempt.

Reads are repeated when that may help; writes are sent exactly once, since only the caller can find out
what became of a write whose reply was lost.
"""

import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import requests
import urllib3

from brokerapp.broker.alpaca import replies
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerError,
    BrokerNotDone,
    BrokerOutcomeUnknown,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.rate_limit import RateLimit
from brokerapp.broker.alpaca.records import CallRecord, Outcome, Recorder
from brokerapp.broker.alpaca.scrub import sensitive_values

logger = logging.getLogger(__name__)

USER_AGENT = "brokerapp/0.1"
READ_ATTEMPTS = 3
BACKOFF_BASE, BACKOFF_CAP = 0.25, 2.0
MAX_RATE_WAIT = 5.0
"""Seconds a read waits at most for the rate limit to reset: somebody may be waiting for the page."""

T = TypeVar("T")
Read = Callable[[Any, str], T]
"""Makes the result from a reply's body and Request ID, or raises `ValueError` (`ValidationError` is one)."""
Query = Mapping[str, Any]
OnReply = Callable[[Mapping[str, str], float, float], None]
"""Is told of each reply's headers, and when it was sent and received (unix seconds)."""


def make_session(key: str, secret: str) -> requests.Session:
    """A session with the broker's credentials and its own connection pool. For one thread."""
    session = requests.Session()
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


class Transport:
    """Sends calls to one base URL.

    `timeouts` are connect and read, seconds; a GET is tried up to `read_attempts` times. `recorder` is told
    of every attempt before and after it. `guard` runs before every call and may raise to forbid it, and
    `on_reply` hears the headers of every reply. `session` and `rate_limit` can be shared by several
    transports (the session within one thread); without them this one makes its own.
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
        session: requests.Session | None = None,
        rate_limit: RateLimit | None = None,
        guard: Callable[[], None] | None = None,
        on_reply: OnReply | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._session = session or make_session(key, secret)
        self._recorder = recorder
        self._timeouts = timeouts
        self._read_attempts = read_attempts
        self._rate_limit = rate_limit or RateLimit()
        self._guard = guard
        self._on_reply = on_reply
        self._sleep = sleep
        self._jitter = jitter

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

        `path` is a template (`/v1/accounts/{account_id}`) filled from `ids`. A GET may be tried again,
        anything else is sent once. Raises `BrokerNotDone`, `BrokerOutcomeUnknown`, and `ValueError` for an
        id that cannot be part of a path.
        """
        call = _Call(method, path, ids or {}, query or {}, body, headers or {}, uuid4())
        attempts = self._read_attempts if method == "GET" else 1
        for attempt in range(1, attempts + 1):
            if attempts > 1:
                self._sleep_if_positive(min(self._rate_limit.wait(), MAX_RATE_WAIT))
            try:
                with self._exchange(call, attempt) as (response, record):
                    return self._read(response, record, read)
            except BrokerError as error:
                pause = self._pause_before_retry(error, attempt)
                if attempt == attempts or pause is None:
                    raise
                self._sleep_if_positive(pause)
        raise AssertionError("unreachable")

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
    def _exchange(
        self, call: _Call, attempt: int, stream_silence: float | None = None
    ) -> Iterator[tuple[requests.Response, CallRecord]]:
        """One attempt: a reply that is a 2xx, and the record, which is finished however this ends."""
        if self._guard is not None:
            self._guard()
        url = self._base_url + _fill(call.path, call.ids)
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
            self._rate_limit.note(response.headers)
            if not 200 <= response.status_code < 300:
                raise replies.refused(
                    response,
                    secrets=sensitive_values(call.body),
                    retry_after=self._rate_limit.retry_after(response.headers),
                    call_id=str(call.call_id),
                    request_id=record.request_id,
                )
            yield response, record
        except BrokerError as error:
            record.outcome = Outcome.NOT_DONE if isinstance(error, BrokerNotDone) else Outcome.UNKNOWN
            record.error_code, record.error_message = error.code, error.message
            raise
        except BaseException as error:
            record.outcome, record.error_message = Outcome.UNKNOWN, type(error).__name__
            raise
        finally:
            record.milliseconds = round((time.monotonic() - started) * 1000)
            record.finished_at = datetime.now(UTC)
            self._record_finish(token, record)

    def _request(self, call: _Call, url: str, stream_silence: float | None) -> requests.Response:
        connect, read_timeout = self._timeouts
        headers = dict(call.headers)
        data = None
        if call.body is not None:
            data = json.dumps(call.body).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self._session.request(
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
            result = read(replies.read_body(response), record.request_id)
        except ValueError as error:
            raise replies.unreadable(error, **facts) from None
        record.outcome = Outcome.OK
        return result

    def _pause_before_retry(self, error: BrokerError, attempt: int) -> float | None:
        """Seconds to wait before the next attempt of a read; None if another one cannot help."""
        backoff = self._jitter(0, min(BACKOFF_CAP, BACKOFF_BASE * 2**attempt))
        if isinstance(error, BrokerBusy):
            wait = error.retry_after or 0.0
            return wait + backoff if wait <= MAX_RATE_WAIT else None
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
        if self._recorder is None:
            return None
        try:
            return self._recorder.start(record)
        except Exception:
            logger.exception("call %s could not be recorded before it was made", record.call_id)
            return None

    def _record_finish(self, token: Any, record: CallRecord) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.finish(token, record)
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
