"""The instants that a test run can be set to."""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from devstack.errors import StackError
from devstack.instants import INSTANTS, all_instants, environment_at, instant
from sandbox.kernel.trading_calendar import session_on

NEW_YORK = ZoneInfo("America/New_York")


def in_new_york(what: str) -> datetime:
    """The instant that is described so."""
    (text,) = (text for text, description in INSTANTS.items() if description.startswith(what))
    return instant(text)[0].astimezone(NEW_YORK)


def test_instants_are_what_they_are_called() -> None:
    holiday = in_new_york("a market holiday")
    assert holiday.weekday() < 5
    assert session_on(holiday.date()) is None
    half_day = in_new_york("a half day")
    session = session_on(half_day.date())
    assert session
    assert session.is_half_day
    assert half_day > session.close
    for change in ("the Sunday that summer time begins", "the Sunday that summer time ends"):
        day = in_new_york(change).replace(hour=0)
        assert day.weekday() == 6
        assert day.utcoffset() != day.replace(hour=23).utcoffset()
    assert in_new_york("31 December").strftime("%d %B %H:%M") == "31 December 23:59"
    assert in_new_york("29 February").strftime("%d %B") == "29 February"


def test_all_instants_of_a_leap_day_has_one_ten_years_on() -> None:
    assert "2038-02-28 12:00:00" in all_instants(datetime(2028, 2, 29, 12, tzinfo=UTC))


def test_instant_any_is_one_of_the_list() -> None:
    at, what = instant("any")

    assert all_instants(datetime.now(UTC)).get(f"{at:%Y-%m-%d %H:%M:%S}") == what


@pytest.mark.parametrize("text", ["soon", "2027-03-14", "2027-02-29 00:00:00", ""])
def test_instant_other_text_is_refused(text: str) -> None:
    with pytest.raises(StackError, match=f"AT={text} is not an instant"):
        instant(text)


with_faketime = pytest.mark.skipif(
    shutil.which("faketime") is None or "FAKETIME" in os.environ,
    reason="without libfaketime, or in its hands",
)


@with_faketime
def test_environment_at_sets_the_clock_and_leaves_waiting_alone() -> None:
    code = """if True:
        import datetime, threading, time
        started = time.monotonic()
        time.sleep(0.1)
        threading.Event().wait(0.1)
        assert time.monotonic() - started >= 0.2
        print(datetime.datetime.now(datetime.UTC).date(), time.monotonic())
    """
    command = [sys.executable, "-c", code]
    env = os.environ | environment_at(datetime(2036, 2, 29, 12, tzinfo=UTC))
    before = time.monotonic()

    day, monotonic = subprocess.run(
        command, env=env, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()

    assert day == "2036-02-29"
    assert before <= float(monotonic) <= time.monotonic()


@with_faketime
def test_environment_at_lets_threads_take_turns_as_they_do_without_it() -> None:
    code = """if True:
        import resource, threading
        def count():
            for _ in range(2_000_000):
                pass
        threads = [threading.Thread(target=count) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(used.ru_utime + used.ru_stime)
    """
    faked = os.environ | environment_at(datetime(2036, 2, 29, 12, tzinfo=UTC))

    without, within = (
        float(subprocess.check_output([sys.executable, "-c", code], env=env, text=True, timeout=60))
        for env in (dict(os.environ), faked)
    )

    # Processor time, not the clock's: it was ten times as much.
    assert within < 4 * without
