"""Instants at which a suite that trusts the calendar fails, and how a test run is made to believe in one.

`make test AT="2027-03-14 07:30:00"` runs the part without a browser at that instant (UTC), `make test AT=any`
at one that is drawn from INSTANTS. It takes libfaketime: on Debian, `apt-get install faketime`.
"""

import os
import random
import subprocess
from datetime import UTC, datetime, timedelta

from devstack.errors import StackError
from devstack.paths import ROOT

ANY = "any"
FORMAT = "%Y-%m-%d %H:%M:%S"
TEN_YEARS = timedelta(days=3652)

INSTANTS = {
    "2027-11-25 15:00:00": "a market holiday, at 10:00 in New York",
    "2027-11-26 19:00:00": "a half day, an hour after its close",
    "2027-03-14 07:30:00": "the Sunday that summer time begins on, half an hour into it",
    "2027-11-07 06:30:00": "the Sunday that summer time ends on, in the hour that comes twice",
    "2028-01-01 04:59:00": "31 December, 23:59 in New York",
    "2028-02-29 15:00:00": "29 February",
}
"""UTC, with what is odd about each. Ten years on is added when one is drawn."""

SITE = ROOT / "devstack" / "faketime"
"""What every Python of such a run imports first: a sleep that works there."""


def all_instants(today: datetime) -> dict[str, str]:
    """INSTANTS, and the one about ten years after `today`."""
    return INSTANTS | {(today + TEN_YEARS).strftime(FORMAT): "ten years on"}


def instant(asked: str) -> tuple[datetime, str]:
    """The instant that AT names, with what is odd about it; "any" draws one.

    Raises StackError for any other text.
    """
    known = all_instants(datetime.now(UTC))
    text = random.choice(list(known)) if asked == ANY else asked  # noqa: S311
    try:
        at = datetime.strptime(text, FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise StackError(
            f'AT={text} is not an instant: give it in UTC, as in AT="2027-03-14 07:30:00", or AT=any.'
        ) from error
    return at, known.get(text, "")


def environment_at(at: datetime) -> dict[str, str]:
    """The variables under which every process takes the time to be `at` plus what has passed since this call.

    The monotonic clock and the files' times stay as they are: timeouts wait by the one, Python tells a stale
    cache by the other. Raises StackError without libfaketime.
    """
    # An offset, not the instant: from that, each process would count anew.
    seconds = round((at - datetime.now(UTC)).total_seconds())
    path = os.pathsep.join(filter(None, [str(SITE), os.environ.get("PYTHONPATH", "")]))
    return {
        "LD_PRELOAD": library(),
        "FAKETIME": f"{seconds:+d}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Otherwise a wait for the interpreter's lock, which goes by the monotonic clock, returns at once and
        # is begun again: two threads that compute take ten times the processor.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": path,
    }


def library() -> str:
    """What its own command preloads; that command has only one process in mind, which we do not."""
    try:
        return subprocess.run(
            ["faketime", "-m", "-f", "+0s", "printenv", "LD_PRELOAD"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackError("AT needs libfaketime: install it (on Debian, apt-get install faketime).") from error
