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


def test_known_forgets_an_old_clock() -> None:
    assert hours.known(clock(True), SATURDAY + timedelta(minutes=9)) is not None
    assert hours.known(clock(True), SATURDAY + timedelta(minutes=11)) is None
    assert hours.known(None, SATURDAY) is None
