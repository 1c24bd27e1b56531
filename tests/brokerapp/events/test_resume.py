from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from brokerapp.broker.alpaca.stream import Event
from brokerapp.broker.streams.models import EventStream
from brokerapp.events import resume
from brokerapp.events.resume import ResumePoint, resume_point, ulid_floor, ulid_time
from brokerapp.events.services import store_event, store_unreadable

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def store(at: datetime, tail: str = "") -> str:
    event_id = ulid_floor(at)[: 26 - len(tail)] + tail
    store_event(stream=EventStream.TRADES, event=Event(event_id, {"account_id": str(uuid4())}))
    return event_id


def test_ulid_time_of_a_documented_event() -> None:
    # The broker's own sample: this event_ulid beside "at": "2021-06-14T09:59:15.558338Z".
    at = ulid_time("01F84ZC0H0Q1QN7XPNWX44HF5J")
    assert at is not None
    assert abs(at - datetime(2021, 6, 14, 9, 59, 15, tzinfo=UTC)) < timedelta(days=1)


def test_ulid_floor_and_time_are_inverse() -> None:
    assert ulid_time(ulid_floor(NOON)) == NOON


@pytest.mark.parametrize("not_one", ["", "122040", "01f84zc0h0q1qn7xpnwx44hf5j", "I" * 26])
def test_ulid_time_of_other_ids_is_none(not_one: str) -> None:
    assert ulid_time(not_one) is None


@pytest.mark.django_db
def test_resume_point_first_start_looks_two_days_back() -> None:
    assert resume_point(EventStream.TRADES, NOON) == ResumePoint(since=date(2026, 3, 2))


@pytest.mark.django_db
def test_resume_point_is_a_stored_event_before_the_overlap() -> None:
    old = store(NOON - timedelta(hours=3))
    store(NOON - resume.OVERLAP + timedelta(milliseconds=1))
    store(NOON, "ZZZ")
    store(NOON, "AAA")
    assert resume_point(EventStream.TRADES, NOON) == ResumePoint(after_id=old)


@pytest.mark.django_db
def test_resume_point_only_young_events_starts_a_day_before_them() -> None:
    store(NOON)
    assert resume_point(EventStream.TRADES, NOON + timedelta(days=30)) == ResumePoint(since=date(2026, 3, 3))


@pytest.mark.django_db
def test_resume_point_is_never_an_unreadable_event() -> None:
    old = store(NOON - timedelta(hours=3))
    store(NOON)
    store_unreadable(stream=EventStream.TRADES, text="not JSON", reason="not JSON")
    assert resume_point(EventStream.TRADES, NOON) == ResumePoint(after_id=old)


@pytest.mark.django_db
def test_resume_point_is_per_stream() -> None:
    store(NOON)
    assert resume_point(EventStream.FUNDING, NOON) == ResumePoint(since=date(2026, 3, 2))
