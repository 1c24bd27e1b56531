import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import redis

from brokerapp.broker import broker_clock, clients, shared
from brokerapp.broker.broker_clock import to_broker_time

BASE = "http://clock.test"
NOW = datetime(2026, 3, 2, 15, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def unmeasured(settings):
    """Nothing is known of the broker's clock, here or in Redis."""
    settings.BROKER_BASE_URL = BASE
    shared.ask(lambda client: client.delete(f"broker:clock:{BASE}"))


def hear(behind: timedelta, times: int = 1, *, took: float = 0.1, start: datetime = NOW) -> None:
    """Note replies, sent a little later each, of a broker whose clock is `behind` ours."""
    for number in range(times):
        sent = start + timedelta(seconds=number * 0.37)
        written = sent + timedelta(seconds=took / 2) - behind
        headers = {"Date": format_datetime(written, usegmt=True)}
        broker_clock.note(BASE, headers, sent.timestamp(), sent.timestamp() + took)


def test_to_broker_time_is_ours_while_nothing_was_measured():
    assert to_broker_time(NOW) == NOW


@pytest.mark.parametrize("minutes", [-3, 0, 4])
def test_to_broker_time_follows_the_brokers_clock_to_about_half_a_second(minutes):
    hear(timedelta(minutes=minutes), times=15)

    shown = to_broker_time(NOW)

    assert abs(shown - (NOW - timedelta(minutes=minutes))) <= timedelta(seconds=0.6)


def test_to_broker_time_is_not_moved_by_a_few_wrong_dates():
    hear(timedelta(0), times=9)
    hear(timedelta(days=3), times=3)

    assert abs(to_broker_time(NOW) - NOW) <= timedelta(seconds=0.6)


def test_to_broker_time_follows_a_clock_that_was_set():
    hear(timedelta(0), times=15)
    hear(timedelta(minutes=5), times=8)

    assert abs(to_broker_time(NOW) - (NOW - timedelta(minutes=5))) <= timedelta(seconds=0.6)


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_note_ignores_a_reply_without_a_date(headers):
    broker_clock.note(BASE, headers, 100.0, 100.1)

    assert to_broker_time(NOW) == NOW


def test_note_ignores_a_reply_that_took_long():
    hear(timedelta(minutes=5), times=9, took=8)

    assert to_broker_time(NOW) == NOW


def test_to_broker_time_in_another_process_believes_what_was_measured():
    hear(timedelta(minutes=5), times=9)
    broker_clock.forget()  # as a process that has made no call yet

    assert abs(to_broker_time(NOW) - (NOW - timedelta(minutes=5))) <= timedelta(seconds=0.6)


def test_to_broker_time_goes_on_by_its_own_samples_while_redis_is_away(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    hear(timedelta(minutes=5), times=2)

    assert abs(to_broker_time(NOW) - (NOW - timedelta(minutes=5))) <= timedelta(seconds=1)


def test_ask_leaves_redis_alone_for_a_while_after_a_failure(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/1"
    asked = []

    def fail(client: redis.Redis) -> None:
        asked.append(client)
        raise redis.ConnectionError("away")

    assert shared.ask(fail) is None
    assert shared.ask(fail) is None
    assert len(asked) == 1


@pytest.mark.django_db
def test_every_call_measures_the_brokers_clock(broker):
    behind = datetime.fromtimestamp(time.time(), UTC) - timedelta(minutes=4)
    broker.on(
        "GET",
        "/v1/clock",
        status=404,
        json={"code": 40410000, "message": "x"},
        headers={"Date": format_datetime(behind, usegmt=True)},
    )
    for _ in range(5):
        with pytest.raises(Exception, match="x"):
            clients.get_client().clock.get()

    assert abs(to_broker_time(NOW) - (NOW - timedelta(minutes=4))) < timedelta(minutes=1)
