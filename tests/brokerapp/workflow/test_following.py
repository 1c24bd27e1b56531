from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from brokerapp.workflow.following import (
    FIRST_RETRY,
    LONGEST_RETRY,
    QUIETER_WHILE_LIVE,
    FollowedModel,
    Rhythm,
    apply,
    due,
    is_known_word,
    is_stale,
    schedule,
    schedule_retry,
)
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process

NOON = datetime(2024, 5, 7, 12, 0, tzinfo=UTC)
QUICK = Rhythm(first=timedelta(seconds=10), longest=timedelta(hours=1))


class Parcel(FollowedModel):
    """A noun of the tests' own."""

    TRANSITIONS = {
        "NEW": frozenset({"TAKEN", "MOVING", "ARRIVED"}),
        "TAKEN": frozenset({"MOVING", "ARRIVED"}),
        "MOVING": frozenset({"ARRIVED"}),
    }
    BROKER_WORDS = {"on_its_way": "MOVING", "there": "ARRIVED", "taken": "TAKEN"}
    OURS = ("NEW",)
    UNNAMED = "TAKEN"
    RHYTHM = {"TAKEN": QUICK, "MOVING": QUICK}

    user_id = models.BigIntegerField(default=1)
    status = models.CharField(max_length=20, default="NEW")
    weight = models.IntegerField(default=0)

    class Meta:
        app_label = "tests"


@pytest.fixture(autouse=True)
def table(db: None) -> None:
    """The table of parcels, for the length of the test's transaction."""
    with connection.schema_editor(atomic=False) as editor:
        editor.create_model(Parcel)


def parcel(**columns: Any) -> Parcel:
    return Parcel._default_manager.create(**{"status_at": NOON, **columns})


def test_rhythm_pause_grows_with_the_time_without_a_change() -> None:
    pauses = [QUICK.pause(timedelta(minutes=minutes), is_live=False) for minutes in (0, 1, 4, 60, 10_000)]
    assert [pause.total_seconds() for pause in pauses] == [10, 15, 60, 900, 3600]


def test_rhythm_pause_is_longer_while_the_stream_would_tell() -> None:
    for minutes in (0, 1, 4, 60, 10_000):
        unchanged = timedelta(minutes=minutes)
        slow, quick = QUICK.pause(unchanged, is_live=True), QUICK.pause(unchanged, is_live=False)
        assert slow == quick * QUIETER_WHILE_LIVE


@pytest.mark.parametrize(
    ("heard", "word", "stale"),
    [
        (timedelta(hours=-1), timedelta(hours=-2), True),
        (timedelta(hours=-2), timedelta(hours=-1), False),
        (timedelta(hours=1), timedelta(hours=-1), False),
        (timedelta(minutes=1), timedelta(seconds=30), True),
    ],
    ids=["older", "newer", "its clock was set back", "within what we can measure"],
)
def test_is_stale(heard: timedelta, word: timedelta, stale: bool) -> None:
    now = timezone.now()
    assert is_stale(parcel(broker_updated_at=now + heard), now + word) is stale


def test_schedule_row_is_due_after_its_pause_and_not_before() -> None:
    row = parcel(status="MOVING", failed_reads=3)
    schedule(row, now=NOON + timedelta(minutes=4), is_live=False)
    row.refresh_from_db()
    assert row.due_at == NOON + timedelta(minutes=5)
    assert (row.synced_at, row.failed_reads) == (NOON + timedelta(minutes=4), 0)
    assert not due(Parcel, NOON + timedelta(minutes=5, seconds=-1)).exists()
    assert due(Parcel, NOON + timedelta(minutes=5)).get() == row


def test_schedule_row_that_changes_no_more_is_never_due() -> None:
    row = parcel(status="ARRIVED")
    schedule(row, now=NOON, is_live=False)
    row.refresh_from_db()
    assert row.due_at is None
    assert not due(Parcel, NOON + timedelta(days=1000)).exists()


def test_schedule_retry_is_soon_and_then_less_and_less_often() -> None:
    row, pauses = parcel(status="MOVING"), []
    for _ in range(12):
        schedule_retry(row, now=NOON)
        row.refresh_from_db()
        assert row.due_at is not None
        pauses.append(row.due_at - NOON)
    assert pauses[:3] == [FIRST_RETRY, FIRST_RETRY * 2, FIRST_RETRY * 4]
    assert pauses[-1] == LONGEST_RETRY
    assert pauses == sorted(pauses)


def test_due_gives_the_never_read_first_then_the_longest_due() -> None:
    later = parcel(status="MOVING", due_at=NOON - timedelta(minutes=1))
    earlier = parcel(status="MOVING", due_at=NOON - timedelta(minutes=2))
    never = parcel(status="TAKEN")
    parcel(status="MOVING", due_at=NOON + timedelta(minutes=1))
    parcel(status="NEW")
    assert list(due(Parcel, NOON)) == [never, earlier, later]


def test_apply_takes_over_the_broker_s_word_with_its_columns() -> None:
    row = apply(parcel(), "on_its_way", at=NOON, by=Process.EVENT, weight=7)
    assert (row.status, row.broker_status, row.broker_updated_at, row.weight) == (
        "MOVING",
        "on_its_way",
        NOON,
        7,
    )
    assert StatusChange.objects.about(row).get().actor == "event"


def test_apply_older_word_changes_nothing() -> None:
    row = apply(parcel(), "on_its_way", at=NOON, by=Process.POLL)
    row = apply(row, "there", at=NOON - timedelta(seconds=1), by=Process.EVENT, weight=7)
    assert (row.status, row.weight) == ("MOVING", 0)


@pytest.mark.parametrize(("before", "after"), [("NEW", "TAKEN"), ("MOVING", "MOVING")])
def test_apply_unknown_word_is_kept_and_ours_becomes_the_broker_s(before: str, after: str) -> None:
    row = apply(parcel(status=before), "eaten_by_dog", at=NOON, by=Process.POLL)
    assert (row.status, row.broker_status) == (after, "eaten_by_dog")
    assert not is_known_word(row)


def test_apply_step_that_the_table_lacks_keeps_both_words() -> None:
    row = apply(parcel(status="ARRIVED"), "on_its_way", at=NOON, by=Process.POLL)
    assert (row.status, row.broker_status) == ("ARRIVED", "on_its_way")
    assert not StatusChange.objects.exists()
