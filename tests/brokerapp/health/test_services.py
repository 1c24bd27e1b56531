from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.health import services, tasks
from brokerapp.health.models import Heartbeat
from brokerapp.health.services import LATE_AFTER, delayed_since, is_alive
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

QUEUES = ("people", "news", "market", "sweeps")
BANNER = "Updates are delayed"


def all_well(now: datetime) -> None:
    """Every stream is followed and every queue is worked on."""
    for stream in EventStream:
        StreamCursor.objects.update_or_create(
            stream=stream, defaults={"connected": True, "last_seen_at": now}
        )
    for queue in QUEUES:
        services.note_alive(queue=queue, now=now)


def test_note_alive_keeps_one_row_a_queue() -> None:
    tasks.note_alive(queue="sweeps")
    tasks.note_alive(queue="sweeps", of_a_later_version=1)
    heartbeat = Heartbeat.objects.get()
    assert timezone.now() - heartbeat.at < LATE_AFTER


def test_delayed_since_nothing_was_ever_heard_is_not_delayed() -> None:
    assert delayed_since(timezone.now()) is None


@pytest.mark.parametrize("silent", ["sweeps", "market", EventStream.TRADES, EventStream.FUNDING])
def test_delayed_since_what_keeps_figures_fresh_fell_silent(silent: str) -> None:
    now = timezone.now()
    all_well(now)
    since = now - LATE_AFTER - timedelta(seconds=1)
    Heartbeat.objects.filter(name=silent).update(at=since)
    StreamCursor.objects.filter(stream=silent).update(last_seen_at=since)
    assert delayed_since(now) == since


def test_delayed_since_a_stream_that_breaks_for_a_moment_is_not() -> None:
    now = timezone.now()
    all_well(now)
    StreamCursor.objects.update(connected=False, last_seen_at=now - LATE_AFTER)
    Heartbeat.objects.filter(name="people").update(at=now - timedelta(days=1))
    assert delayed_since(now) is None


def test_delayed_since_is_one_query(django_assert_num_queries: Any) -> None:
    all_well(timezone.now())
    with django_assert_num_queries(1):
        delayed_since(timezone.now())


def test_is_alive_tells_the_processes_apart() -> None:
    now = timezone.now()
    all_well(now)
    names = ("beat", "events", *QUEUES)
    assert [name for name in names if is_alive(name, now)] == list(names)
    Heartbeat.objects.filter(name="sweeps").update(at=now - timedelta(hours=1))
    StreamCursor.objects.update(last_seen_at=now - timedelta(hours=1))
    assert [name for name in names if is_alive(name, now)] == ["beat", "people", "news", "market"]
    Heartbeat.objects.update(at=now - timedelta(hours=1))
    Heartbeat.objects.create(name="prices", at=now)  # which nobody rings
    assert [name for name in names if is_alive(name, now)] == []


def test_check_alive_fails_for_a_process_that_is_silent() -> None:
    all_well(timezone.now())
    call_command("check_alive", "events")
    with pytest.raises(CommandError, match="nobody has not given a sign of life"):
        call_command("check_alive", "nobody")


def test_readyz_names_who_is_late_and_serves_pages_all_the_same(client: Client) -> None:
    all_well(timezone.now())
    Heartbeat.objects.filter(name="news").update(at=timezone.now() - timedelta(hours=1))
    answer = client.get("/readyz/", headers={"host": "nobody.example"})
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "late": ["news"]})


def test_healthz_asks_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz/", headers={"host": "nobody.example"}).status_code == 200


def test_pages_say_since_when_figures_are_delayed(client: Client, django_assert_num_queries: Any) -> None:
    all_well(timezone.now())
    client.force_login(UserFactory.create())
    assert BANNER not in client.get("/display/").content.decode()
    Heartbeat.objects.filter(name="sweeps").update(at=timezone.now() - timedelta(hours=1))
    assert BANNER in client.get("/display/").content.decode()


def test_pages_of_visitors_say_nothing_of_it(client: Client) -> None:
    all_well(timezone.now() - timedelta(hours=1))
    assert BANNER not in client.get("/display/").content.decode()


def test_heartbeats_are_shown_to_staff(client: Client) -> None:
    all_well(timezone.now())
    client.force_login(StaffFactory.create())
    assert "sweeps" in client.get("/admin/health/heartbeat/").content.decode()
