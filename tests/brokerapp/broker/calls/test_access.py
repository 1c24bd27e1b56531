from datetime import UTC, datetime, timedelta

import pytest

from brokerapp.broker.alpaca.market_data import BarsWanted, MarketDataClient
from brokerapp.broker.alpaca.models import BySymbol
from brokerapp.broker.calls.access import find_no_access
from brokerapp.events.streams import PATHS
from tests.brokerapp.broker.calls.factories import ApiCallFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def call(minutes_ago, **columns):
    return ApiCallFactory.create(started_at=NOW - timedelta(minutes=minutes_ago), **columns)


def refused(minutes_ago, **columns):
    given = {"outcome": "NOT_DONE", "http_status": 401, "error_code": None} | columns
    return call(minutes_ago, **given)


def test_find_no_access_is_empty_while_the_broker_takes_our_calls():
    call(1)
    refused(1, error_code=40110000)
    refused(1, http_status=422)

    assert find_no_access(now=NOW) == []


def test_find_no_access_tells_since_when_and_the_newest_call():
    refused(60)
    call(30)
    first = refused(20, http_status=403)
    newest = refused(2)

    (found,) = find_no_access(now=NOW)

    assert (found.since, found.newest) == (first.started_at, newest)


def test_find_no_access_is_over_when_a_call_is_taken_again():
    refused(20)
    call(1)

    assert find_no_access(now=NOW) == []


def paths_of_market_data():
    """The path of each call that the client of the Market Data API makes."""
    paths = []

    class Noted:
        def send(self, method, path, read, **options):
            paths.append(path)
            return BySymbol({})

    client = MarketDataClient(Noted())  # type: ignore[arg-type]
    wanted = BarsWanted("1Day", NOW)
    client.get_snapshots(["A"])
    client.get_bars(["A"], wanted)
    client.get_crypto_bars(["A/USD"], wanted)
    client.get_option_bars(["A"], wanted)
    client.get_crypto_snapshots(["A/USD"])
    client.get_option_snapshots(["A"])
    client.get_most_actives(1)
    client.get_movers(1)
    client.get_corporate_actions(["A"], start=NOW.date(), end=NOW.date())
    return paths


@pytest.mark.parametrize("path", paths_of_market_data())
def test_find_no_access_tells_the_two_addresses_apart(path):
    refused(20)
    call(1, path=path)

    assert len(find_no_access(now=NOW)) == 1

    refused(0, path=path)
    assert len(find_no_access(now=NOW)) == 2


@pytest.mark.parametrize("path", [*PATHS.values(), "/v1/clock", "/v1/assets"])
def test_find_no_access_takes_no_call_to_the_broker_for_one_of_the_other_address(path):
    refused(20)
    call(1, path=path)

    assert find_no_access(now=NOW) == []


def test_find_no_access_forgets_after_a_day_without_a_call():
    refused(60 * 25)

    assert find_no_access(now=NOW) == []
