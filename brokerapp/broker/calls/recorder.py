"""Writes a row per attempt of a broker call: a short statement before it, one after it, each committed."""

from dataclasses import dataclass
from uuid import UUID

from brokerapp.broker.alpaca.records import CallRecord
from brokerapp.broker.calls.models import ApiCall


@dataclass(frozen=True)
class ApiCallRecorder:
    """Keeps call records as `ApiCall` rows, with what and whom the calls are for."""

    about_type: str = ""
    about_id: str = ""
    person_id: int | None = None

    def start(self, record: CallRecord) -> ApiCall:
        """Write that the attempt is about to be made: a process that dies in mid-call leaves its trace."""
        return ApiCall.objects.create(
            call_id=record.call_id,
            attempt=record.attempt,
            method=record.method,
            path=record.path,
            account_id=_uuid(record.ids.get("account_id", "")),
            about_type=self.about_type,
            about_id=self.about_id,
            person_id=self.person_id,
            started_at=record.started_at,
        )

    def finish(self, token: ApiCall | None, record: CallRecord) -> None:
        """Write how the attempt ended; all of it, if the first write failed."""
        call = token or self.start(record)
        call.http_status = record.http_status
        call.request_id = record.request_id
        call.outcome = ApiCall.Outcome(record.outcome)
        call.milliseconds = record.milliseconds
        call.error_code = record.error_code
        call.error_message = record.error_message[:500]
        call.finished_at = record.finished_at
        call.save(
            update_fields=[
                "http_status",
                "request_id",
                "outcome",
                "milliseconds",
                "error_code",
                "error_message",
                "finished_at",
            ]
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
