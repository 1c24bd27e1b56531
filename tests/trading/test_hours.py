from datetime import UTC, datetime, timedelta

from trading import hours
from trading.models import MarketClock

SATURDAY = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)


def clock(is_open: bool) -> MarketClock:
    """Daylight saving starts on the Sunday in between: Monday's open is 13:30 UTC and not 14:30."""
    return MarketClock(
        is_open=is_open,
        next_open=datetime(2026, 3, 9, 13, 30, tzinfo=UTC),
        next_close=datetime(2026, 3, 6, 21, 0, tzinfo=UTC),
        synced_at=SATURDAY,
    )


def test_pill_open() -> None:
    assert hours.pill(clock(True)) == {"is_open": True, "text": "Open · closes 4:00 pm ET"}


def test_pill_closed() -> None:
    assert hours.pill(clock(False)) == {"is_open": False, "text": "Closed · opens Mon 9:30 am ET"}


def test_wait_note_closed_says_until_when() -> None:
    assert hours.wait_note(clock(False)) == "The market is closed. This order will wait until Mon 9:30 am ET."


def test_wait_note_open_or_unknown_is_empty() -> None:
    assert hours.wait_note(clock(True)) == hours.wait_note(None) == ""


SYNCED = datetime(2026, 3, 6, 20, 55, tzinfo=UTC)
CLOSE, OPEN = datetime(2026, 3, 6, 21, 0, tzinfo=UTC), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)


def test_known_forgets_an_old_clock() -> None:
    seen = MarketClock(is_open=True, next_close=CLOSE, next_open=OPEN, synced_at=SYNCED)

    assert hours.known(seen, SYNCED + timedelta(minutes=4)) is seen
    assert hours.known(seen, SYNCED + timedelta(minutes=11)) is None
    assert hours.known(None, SYNCED) is None


def test_known_past_the_close_is_closed() -> None:
    seen = MarketClock(is_open=True, next_close=CLOSE, next_open=OPEN, synced_at=SYNCED)

    found = hours.known(seen, CLOSE)

    assert found is not None
    assert hours.pill(found) == {"is_open": False, "text": "Closed · opens Mon 9:30 am ET"}
    assert hours.wait_note(found)


def test_known_past_the_open_is_open_until_the_close() -> None:
    synced = datetime(2026, 3, 9, 13, 28, tzinfo=UTC)
    close = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)
    seen = MarketClock(is_open=False, next_open=OPEN, next_close=close, synced_at=synced)

    found = hours.known(seen, OPEN)

    assert found is not None
    assert hours.pill(found) == {"is_open": True, "text": "Open · closes 4:00 pm ET"}


def test_known_that_has_run_out_is_unknown() -> None:
    seen = MarketClock(
        is_open=True, next_close=CLOSE, next_open=CLOSE + timedelta(minutes=1), synced_at=SYNCED
    )

    assert hours.known(seen, CLOSE + timedelta(minutes=2)) is None
