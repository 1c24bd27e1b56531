from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.utils import timezone
from django.utils.module_loading import import_string

from brokerapp.broker.alpaca.errors import BrokerMisconfigured, BrokerOutcomeUnknown
from brokerapp.broker.alpaca.stream import Event
from brokerapp.broker.streams.models import EventStream
from brokerapp.events import services
from brokerapp.events.models import BrokerEvent
from brokerapp.workflow.state import LostRace
from funding.models import Transfer
from tests.factories import BrokerageAccountFactory, StaffFactory, TransferFactory
from tests.funding.conftest import listed

pytestmark = pytest.mark.django_db

ULID = "01F84ZC0H0Q1QN7XPNWX44HF5J"


def stored(stream: EventStream = EventStream.FUNDING, account_id: Any = None, **body: Any) -> BrokerEvent:
    account_id = account_id or BrokerageAccountFactory.create().broker_account_id
    body = {
        "account_id": str(account_id),
        "at": timezone.now().isoformat(),
        "entity_type": "Transfer",
        **body,
    }
    row = services.store_event(stream=stream, event=Event(uuid4().hex, body))
    assert row is not None
    return row


def handle(event: BrokerEvent, now: datetime | None = None) -> BrokerEvent:
    services.handle_event(event_pk=event.pk, now=now or timezone.now())
    event.refresh_from_db()
    return event


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for what handles transfer events: gives the answers in this list, the last one for ever."""
    answers: list[Any] = []

    def act(payload: dict[str, Any]) -> str:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    monkeypatch.setattr("funding.services.transfers.on_transfer_event", act)
    return answers


def test_store_event_twice_keeps_and_sends_one(django_capture_on_commit_callbacks: Any) -> None:
    event = Event(ULID, {"account_id": str(uuid4()), "at": "2026-03-02T15:00:00Z"})
    with django_capture_on_commit_callbacks() as callbacks:
        first = services.store_event(stream=EventStream.FUNDING, event=event)
        again = services.store_event(stream=EventStream.FUNDING, event=event)
    assert first is not None
    assert again is None
    assert len(callbacks) == 1
    assert services.store_event(stream=EventStream.TRADES, event=event) is not None


def test_store_event_keeps_no_personal_data() -> None:
    body = {
        "account_id": str(uuid4()),
        "account_number": "684486106",
        "kyc_results": {"reject": {"IDENTITY_VERIFICATION": {}}},
        "status_to": "REJECTED",
    }
    row = services.store_event(stream=EventStream.ACCOUNTS, event=Event(ULID, body))
    assert row is not None
    row.refresh_from_db()
    assert row.payload == {"event_id": ULID, "account_id": body["account_id"], "status_to": "REJECTED"}


def test_store_event_keeps_every_digit() -> None:
    body = {"account_id": str(uuid4()), "qty": Decimal("0.123456789")}
    row = services.store_event(stream=EventStream.TRADES, event=Event(ULID, body))
    assert row is not None
    row.refresh_from_db()
    assert row.payload["qty"] == "0.123456789"


def test_event_stored_once_is_a_constraint() -> None:
    event = stored()
    with pytest.raises(IntegrityError):
        BrokerEvent.objects.create(stream=event.stream, event_id=event.event_id, payload={})


def test_handle_event_applies_and_closes(handler: list[Any]) -> None:
    handler.append("")
    event = handle(stored())
    assert event.handled_at is not None
    assert (event.attempts, event.error, event.outcome) == (1, "", "")


def test_handle_event_twice_acts_once(handler: list[Any]) -> None:
    handler.extend(["", RuntimeError("handled again")])
    event = handle(handle(stored()))
    assert event.attempts == 1


def test_handle_event_that_fails_is_tried_again_later_and_says_why(handler: list[Any]) -> None:
    handler.extend([BrokerOutcomeUnknown("no reply"), ""])
    event, now = stored(), timezone.now()
    event = handle(event, now)
    assert event.handled_at is None
    assert "no reply" in event.error
    assert handle(event, now).attempts == 1  # not due yet
    event = handle(event, now + timedelta(seconds=6))
    assert event.handled_at is not None
    assert event.error == ""


def test_handle_event_gives_up_with_a_reason(handler: list[Any]) -> None:
    handler.append(LookupError("no such row"))
    event, now = stored(), timezone.now()
    for _ in range(services.MAX_ATTEMPTS):
        now += services.LONGEST_PAUSE
        event = handle(event, now)
    assert event.handled_at is not None
    assert event.outcome == "given up after 10 attempts"
    assert event.error == "LookupError: no such row"


def test_handle_event_broker_away_is_not_given_up_for_a_day(handler: list[Any]) -> None:
    handler.append(BrokerOutcomeUnknown("no reply"))
    event, now = stored(), timezone.now()
    BrokerEvent.objects.update(attempts=services.MAX_ATTEMPTS + 20)
    assert handle(event, now + timedelta(hours=23)).handled_at is None
    assert handle(event, now + timedelta(hours=25)).handled_at is not None


def test_handle_event_is_not_given_up_while_our_key_is_refused(handler: list[Any]) -> None:
    handler.extend([BrokerMisconfigured("unauthorized."), ""])
    event, now = stored(), timezone.now()
    BrokerEvent.objects.update(attempts=services.MAX_ATTEMPTS + 20)
    assert handle(event, now + timedelta(days=3)).handled_at is None
    assert handle(event, now + timedelta(days=4)).outcome == ""
    assert BrokerEvent.objects.get().handled_at is not None


def test_handle_event_database_errors_keep_row_values_out(handler: list[Any]) -> None:
    handler.append(IntegrityError("Failing row contains (Ada Byron)"))
    assert handle(stored()).error == "IntegrityError"


def test_handle_event_of_a_foreign_account_is_closed_once_it_is_old() -> None:
    young = handle(stored(account_id=uuid4()))
    old = handle(stored(account_id=uuid4(), at=(timezone.now() - timedelta(hours=1)).isoformat()))
    assert young.handled_at is None
    assert old.outcome == "not one of our accounts"


def test_handle_event_before_our_commit_is_applied_after_it(broker: Any) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker_id = str(uuid4())
    event = stored(account_id=transfer.account.broker_account_id, entity_id=broker_id)
    assert "EventTooEarly" in handle(event).error
    Transfer.objects.filter(pk=transfer.pk).update(status="QUEUED", broker_transfer_id=broker_id)
    transfer.refresh_from_db()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    event = handle(event, timezone.now() + timedelta(minutes=1))
    transfer.refresh_from_db()
    assert (event.handled_at is not None, transfer.status) == (True, "COMPLETE")


def test_handle_event_whose_row_was_changed_meanwhile_is_tried_again(handler: list[Any]) -> None:
    handler.extend([LostRace("somebody was faster"), ""])
    event, now = stored(), timezone.now()
    assert handle(event, now).handled_at is None
    assert handle(event, now + timedelta(seconds=6)).handled_at is not None


def test_retry_event_leaves_an_unreadable_one_alone() -> None:
    event = services.store_unreadable(stream=EventStream.TRADES, text="not JSON", reason="not JSON")
    assert event is not None
    services.retry_event(event=event, by=StaffFactory.create())
    event.refresh_from_db()
    assert event.outcome == "unreadable"


def test_handle_event_of_a_wire_bank_is_not_followed() -> None:
    assert handle(stored(entity_type="WireBank")).outcome == "not followed: WireBank"


def test_store_event_of_a_journal_which_names_no_account() -> None:
    body = {
        "at": "2021-05-07T10:28:23.163857Z",
        "description": "Journal of cash between accounts",
        "entry_type": "JNLC",
        "event_id": ULID,
        "idempotency_key": "4eabb5ed-a9e0-4c1e-8a9b-5b6e6f0f6a0f",
        "journal_id": "2f144d2a-91e6-46ff-8e37-959a701cc58d",
        "status_from": "",
        "status_to": "queued",
    }
    row = services.store_event(stream=EventStream.JOURNALS, event=Event(ULID, body))
    assert row is not None
    assert row.outcome == ""
    assert row.payload == {name: value for name, value in body.items() if name != "description"}
    assert handle(row).outcome == "not one of our journals"


@pytest.mark.parametrize("stream", list(services.DISPATCH))
def test_dispatch_every_handler_is_there(stream: EventStream) -> None:
    for path in (services.DISPATCH[stream], *services.FUNDING_DISPATCH.values()):
        assert callable(import_string(path))


def test_handle_waiting_events_takes_lost_messages_and_goes_on_after_a_failure(handler: list[Any]) -> None:
    handler.extend([RuntimeError("bug"), ""])
    first, second = stored(), stored()
    services.handle_waiting_events()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.handled_at is None, second.handled_at is None) == (True, False)


def test_prune_events_keeps_young_waiting_and_newest_ones() -> None:
    now = timezone.now()
    old, waiting, young, newest = (stored() for _ in range(4))
    BrokerEvent.objects.filter(pk=newest.pk).update(event_id="z" * 26)
    BrokerEvent.objects.exclude(pk=waiting.pk).update(handled_at=now)
    BrokerEvent.objects.exclude(pk=young.pk).update(received_at=now - timedelta(days=91))
    assert services.prune_events(now=now) == 1
    assert not BrokerEvent.objects.filter(pk=old.pk).exists()


def test_retry_event_handles_a_given_up_one(handler: list[Any]) -> None:
    handler.append("")
    event = stored()
    BrokerEvent.objects.update(handled_at=timezone.now(), outcome="given up", attempts=10)
    services.retry_event(event=event, by=StaffFactory.create())
    assert handle(event).outcome == ""
