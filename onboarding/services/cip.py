"""The record of how our own staff made sure who somebody is, sent once the broker has the account."""

from datetime import datetime
from functools import partial

from django.conf import settings

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, sweeps, writes
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import HasRequestId
from onboarding import payloads
from onboarding.cases import CipRecord
from onboarding.models import KycApplication
from onboarding.statuses import AnswerStatus

SEND = "onboarding.tasks.send_cip_record"
NOT_FOUND = 404


def send_record(*, record: CipRecord, again_by: User | Process | None = None, now: datetime) -> CipRecord:
    """Send a record with `POST /v1/accounts/{account_id}/cip`, once (`writes.send`).

    Not while there is no account.
    """
    application = _application(record)
    account = application.account
    if account is None:
        return record
    client = get_client(about=record)
    return writes.send(
        record,
        call=lambda: client.cip.create(
            account.broker_account_id, payloads.cip_request(application, settings.CIP_PROVIDER)
        ),
        apply=partial(_sent, record),
        refuse=partial(_refused, record),
        again_by=again_by,
        now=now,
    )


def _application(record: CipRecord) -> KycApplication:
    return KycApplication.objects.select_related("account", "cip").get(pk=record.application_id)


def _sent(record: CipRecord, reply: HasRequestId) -> CipRecord:
    return writes.conclude(record, AnswerStatus.SENT, reason="", request_id=reply.request_id)


def _refused(record: CipRecord, error: BrokerRejected) -> CipRecord:
    return writes.conclude(record, AnswerStatus.REFUSED, reason=error.message, request_id=error.request_id)


def settle_record(*, record: CipRecord, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Ask whether the account has the record: there, SENT; absent, sent again (it takes the place of one)."""
    if writes.release_unsent(record, now=now):
        jobs.enqueue(SEND, record_id=record.pk)
        return
    application = _application(record)
    assert application.account is not None, "a record is only sent to an account"
    try:
        reply = get_client(about=record).cip.get(application.account.broker_account_id)
    except BrokerRejected as error:
        if error.http_status != NOT_FOUND:
            raise
    else:
        if reply.kyc and reply.kyc.id == str(record.pk):
            _sent(record, reply)
            return
    send_record(record=record, again_by=by, now=now)


def settle_records(*, now: datetime) -> None:
    """Send what waits and settle what is unknown."""
    sweeps.sweep_calls(
        "CIP records",
        writes.waiting_to_be_sent(CipRecord, now).filter(application__account__isnull=False),
        writes.without_outcome(CipRecord, now),
        send=lambda record: send_record(record=record, now=now),
        settle=lambda record: settle_record(record=record, now=now),
        failed=partial(writes.put_off, now=now),
    )
