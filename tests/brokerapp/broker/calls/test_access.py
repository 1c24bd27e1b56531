from datetime import UTC, datetime, timedelta

import pytest

from brokerapp.broker.calls.access import find_no_access
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


def test_find_no_access_tells_the_two_addresses_apart():
    refused(20)
    call(1, path="/v2/stocks/snapshots")

    assert len(find_no_access(now=NOW)) == 1


def test_find_no_access_forgets_after_a_day_without_a_call():
    refused(60 * 25)

    assert find_no_access(now=NOW) == []
