"""Writes a row per attempt of a broker call: a short statement before it, one after it, each committed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error, connection, models, transaction

from brokerapp.broker.alpaca.errors import ClaimLost
from brokerapp.broker.alpaca.records import CallRecord, Outcome
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.web.fixed_queries import lock_columns
from brokerapp.web.fixed_writes import insert, set_columns


@dataclass(frozen=True)
class Claim:
    """A row that this process has claimed, to send it: what its columns hold as long as the claim does."""

    row: models.Model
    columns: Mapping[str, object]

    def check(self) -> None:
        """Lock the row and compare, within a transaction. Raises `ClaimLost` if it has changed."""
        if lock_columns(type(self.row), self.row.pk, tuple(self.columns)) != tuple(self.columns.values()):
            raise ClaimLost("The call was not sent: its claim was given back meanwhile.")


_claim: ContextVar[Claim | None] = ContextVar("claim", default=None)


@contextmanager
def sending(row: models.Model, **columns: object) -> Iterator[None]:
    """Within this, a write is the call that sends `row`, and is made only while the row holds `columns`.

    The log names the row as what such a call is about: whoever looks whether the row was sent finds it.
    """
    token = _claim.set(Claim(row, columns))
    try:
        yield
    finally:
        _claim.reset(token)


@dataclass(frozen=True)
class ApiCallRecorder:
    """Keeps call records as `ApiCall` rows, with what and whom the calls are for."""

    about_type: str = ""
    about_id: str = ""
    person_id: int | None = None
    asked_by_id: int | None = None

    def start(self, record: CallRecord) -> ApiCall:
        """Write that the attempt is about to be made: a process that dies in mid-call leaves its trace.

        A write that sends a claimed row is recorded in one transaction with a look at its claim, under the
        row's lock. Raises `ClaimLost` if that no longer holds.
        """
        claim = _claim.get() if record.method != "GET" else None
        try:
            if claim is None:
                return self.insert(record, self.about_type, self.about_id)
            with transaction.atomic(durable=True):
                claim.check()
                return self.insert(record, label_of(claim.row), str(claim.row.pk))
        except Error:
            # A session that died here must not fail what the caller writes next.
            connection.close_if_unusable_or_obsolete()
            raise

    def insert(self, record: CallRecord, about_type: str, about_id: str) -> ApiCall:
        """The row of an attempt, written. Raises `DatabaseError`."""
        call = ApiCall(
            call_id=record.call_id,
            attempt=record.attempt,
            method=record.method,
            path=record.path,
            account_id=_uuid(record.ids.get("account_id", "")),
            about_type=about_type,
            about_id=about_id,
            person_id=self.person_id,
            asked_by_id=self.asked_by_id,
            started_at=record.started_at,
        )
        insert(call)
        return call

    def finish(self, token: ApiCall | None, record: CallRecord) -> None:
        """Write how the attempt ended; all of it, if the first write of a read failed.

        Where the database session died during the call, the reply is kept on a new one, which is the one that
        the caller then writes the outcome on. Raises `DatabaseError`.
        """
        try:
            self._finish(token, record)
        except Error:
            connection.close_if_unusable_or_obsolete()
            if connection.connection is not None:
                raise
            self._finish(token, record)

    def _finish(self, token: ApiCall | None, record: CallRecord) -> None:
        call = token or self.insert(record, self.about_type, self.about_id)
        columns: dict[str, Any] = {
            "http_status": record.http_status,
            "request_id": record.request_id,
            "outcome": ApiCall.Outcome(record.outcome),
            "milliseconds": record.milliseconds,
            "error_code": record.error_code,
            "error_message": record.error_message[:500],
            "finished_at": record.finished_at,
        }
        # The time as well: it says which partition the row is in.
        set_columns(ApiCall, {"pk": call.pk, "started_at": call.started_at}, columns)


class FailureRecorder(ApiCallRecorder):
    """Keeps only the reads that failed: for those made every second, of which the rest tell nothing.

    For reads alone: it does not write down before a call that the call is about to be made.
    """

    def start(self, record: CallRecord) -> Any:
        """Nothing yet. Raises `ValueError` for a write."""
        if record.method != "GET":
            raise ValueError("a write has to be recorded before it is made")

    def finish(self, token: ApiCall | None, record: CallRecord) -> None:
        """Write an attempt that failed."""
        if record.outcome != Outcome.OK:
            super().finish(None, record)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
