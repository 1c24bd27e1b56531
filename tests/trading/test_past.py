"""What is read of an account's past: a few of its days tell as much as all of them."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokerapp.accounts.models import BrokerageAccount
from tests.depth import SCALE
from tests.trading.books import on
from trading.lots import Flow
from trading.models import DailyEquity, ExternalFlow
from trading.performance import DayValue, Summary, summarize
from trading.services.past import find_turns

pytestmark = pytest.mark.django_db

D = Decimal
LAST = 30


def tell(account: BrokerageAccount, values: dict[int, int], moved: dict[int, int]) -> None:
    """What the account was worth at the end of days and what came in or went out, by the day's number."""
    DailyEquity.objects.filter(account=account).delete()
    ExternalFlow.objects.filter(account=account).delete()
    DailyEquity.objects.bulk_create(
        DailyEquity(
            account=account, day=on(day), at=datetime.combine(on(day), time(20), UTC), equity=D(value)
        )
        for day, value in values.items()
    )
    ExternalFlow.objects.bulk_create(
        ExternalFlow(account=account, day=on(day), amount=D(amount), kind="CSD")
        for day, amount in moved.items()
    )


def summary_of(days: list[DayValue], moved: dict[int, int], opening: Decimal) -> Summary:
    return summarize(
        first_day=None,
        opening=opening,
        days=days,
        closing=DayValue(on(LAST), D(105)),
        flows=[Flow(on(day), D(amount), "CSD") for day, amount in moved.items()],
        income={},
    )


@settings(max_examples=40 * SCALE, suppress_health_check=list(HealthCheck))
@given(
    values=st.dictionaries(st.integers(0, LAST), st.sampled_from([-3, 0, 90, 100, 101, 130]), max_size=20),
    moved=st.dictionaries(st.integers(0, LAST), st.sampled_from([-100, -1, 5, 100]), max_size=4),
    opening=st.sampled_from([D(0), D(100)]),
)
def test_find_turns_tells_of_growth_what_all_days_do(
    account: BrokerageAccount, values: dict[int, int], moved: dict[int, int], opening: Decimal
) -> None:
    tell(account, values, moved)
    every = [DayValue(on(day), D(value)) for day, value in sorted(values.items())]

    turns = find_turns(account.pk, on(0))
    few = [DayValue(*row) for row in zip(turns.days, turns.equities, strict=True)]

    assert turns.counted == len(every)
    assert summary_of(few, moved, opening) == summary_of(every, moved, opening)


def test_find_turns_of_years_without_flows_are_two_days(account: BrokerageAccount) -> None:
    tell(account, dict.fromkeys(range(400), 100), {200: 50})

    turns = find_turns(account.pk, on(10))

    assert list(turns.days) == [on(10), on(199), on(200), on(399)]
    assert (turns.counted, turns.value_before, turns.had_flows_before) == (390, D(100), False)
    assert find_turns(account.pk, on(300)).had_flows_before


def test_find_turns_counts_days_of_which_the_broker_says_another_figure(account: BrokerageAccount) -> None:
    tell(account, {1: 100, 2: 100, 3: 100}, {})
    for day, told in ((1, "100.01"), (2, "100.00"), (3, "99.99")):
        DailyEquity.objects.filter(day=on(day)).update(broker_equity=D(told))

    assert find_turns(account.pk, on(1)).differing == 2
    assert find_turns(account.pk, on(2)).differing == 1


def test_find_turns_of_nothing(account: BrokerageAccount) -> None:
    turns = find_turns(account.pk, on(0) - timedelta(days=9))

    assert (turns.value_before, turns.had_flows_before, turns.counted, turns.differing) == (None, False, 0, 0)
    assert (list(turns.days), list(turns.equities), turns.newest) == ([], [], None)
