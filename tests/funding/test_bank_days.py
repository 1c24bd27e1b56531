from datetime import date, datetime

import pytest

from funding import bank_days


def ny(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=bank_days.NEW_YORK)


@pytest.mark.parametrize(
    ("asked_at", "sent_on"),
    [
        (ny("2026-03-03T13:59:59"), date(2026, 3, 3)),
        (ny("2026-03-03T14:00:00"), date(2026, 3, 4)),
        (ny("2026-03-06T15:00:00"), date(2026, 3, 9)),  # Friday after the cut-off
        (
            ny("2026-10-12T09:00:00"),
            date(2026, 10, 13),
        ),  # Columbus Day: the market is open, the banks are not
        (ny("2027-07-02T15:00:00"), date(2027, 7, 6)),  # July 4th on a Sunday, kept on Monday
    ],
)
def test_sent_on(asked_at: datetime, sent_on: date) -> None:
    assert bank_days.sent_on(asked_at) == sent_on


def test_is_bank_day_saturday_holiday_leaves_friday_open() -> None:
    assert bank_days.is_bank_day(date(2026, 7, 3))  # July 4th on a Saturday: the Fed does not move it


def test_expected_on_two_bank_days_after_sending() -> None:
    assert bank_days.expected_on(ny("2026-11-25T10:00:00")) == date(
        2026, 11, 30
    )  # over Thanksgiving and a weekend


def test_is_late_only_after_the_day_is_over_in_new_york() -> None:
    assert not bank_days.is_late(date(2026, 3, 4), ny("2026-03-04T23:59:00"))
    assert bank_days.is_late(date(2026, 3, 4), ny("2026-03-05T00:00:00"))
