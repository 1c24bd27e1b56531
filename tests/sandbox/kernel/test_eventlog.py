import datetime as dt
from pathlib import Path

import pytest

from sandbox.kernel.eventlog import ACCOUNT, TRADE, EventLog, parse_ulid, ulid_text

NOW = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


def log_of(path: Path, *times: dt.datetime) -> EventLog:
    log = EventLog(path)
    for number, at in enumerate(times):
        log.stage(TRADE, at, b'{"n":%d}' % number)
    log.write()
    return log


def test_ulid_text_of_known_value() -> None:
    assert ulid_text(parse_ulid("01F84ZC0H0Q1QN7XPNWX44HF5J")) == "01F84ZC0H0Q1QN7XPNWX44HF5J"
    assert ulid_text(bytes(16)) == "0" * 26


@pytest.mark.parametrize(
    "text", ["", "01F84ZC0H0Q1QN7XPNWX44HF5", "01F84ZC0H0Q1QN7XPNWX44HF5U", "8" + "0" * 25]
)
def test_parse_ulid_of_anything_else(text: str) -> None:
    with pytest.raises(ValueError):
        parse_ulid(text)


def test_ulids_rise_within_one_millisecond_and_when_time_stands_still(tmp_path: Path) -> None:
    log = log_of(tmp_path, *[NOW] * 50, NOW - dt.timedelta(seconds=5), NOW)

    ulids = [event.ulid for event in log.read(0, len(log))]

    assert ulids == sorted(set(ulids))


def test_read_after_reopening_gives_the_same_events(tmp_path: Path) -> None:
    before = list(log_of(tmp_path, NOW, NOW, NOW).read(0, 3))

    again = EventLog(tmp_path)

    assert list(again.read(0, 3)) == before
    assert [event.number for event in before] == [1, 2, 3]


@pytest.mark.parametrize("name", ["events", "events.index"])
def test_reopening_with_a_torn_tail_drops_it(tmp_path: Path, name: str) -> None:
    log_of(tmp_path, NOW, NOW).close()
    with (tmp_path / name).open("r+b") as file:
        file.truncate((tmp_path / name).stat().st_size - 1)

    assert len(EventLog(tmp_path)) == 1


def test_position_since_and_after(tmp_path: Path) -> None:
    second = dt.timedelta(seconds=1)
    log = log_of(tmp_path, NOW, NOW + second, NOW + 2 * second)

    assert log.position_since(NOW - second) == 0
    assert log.position_since(NOW) == 0
    assert log.position_since(NOW + second) == 1
    assert log.position_since(NOW + 9 * second) == 3
    assert log.position_after(log.ulid_at(1)) == 2


def test_kinds_are_kept(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.stage(ACCOUNT, NOW, b"{}")
    log.stage(TRADE, NOW, b"{}")
    log.write()

    assert [log.kind_at(position) for position in range(2)] == [ACCOUNT, TRADE]
