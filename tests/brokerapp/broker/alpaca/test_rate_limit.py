"""The budget: what the broker says of it, and which call of which kind it lets through."""

import threading
from email.utils import formatdate

import pytest
import requests

from brokerapp.broker.alpaca import transport as transport_module
from brokerapp.broker.alpaca.errors import BrokerBusy, BrokerSlow, BrokerUnreachable
from brokerapp.broker.alpaca.rate_limit import (
    BUSY_SECONDS,
    LocalBudget,
    Priority,
    Word,
    priority,
    priority_of,
    read_word,
    retry_after,
)
from tests.brokerapp.broker.alpaca.calling import ACCOUNT, URL, get, post

NOW = 1_772_460_000.0


def told(left: int, *, limit: int = 100, seconds: float = 30.0) -> Word:
    return Word(left, limit, NOW + seconds, seconds)


def headers(left: int, reset: float, **more: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(reset),
    } | {name.replace("_", "-"): value for name, value in more.items()}


def test_read_word_tells_what_is_left_and_for_how_long():
    assert read_word(headers(7, NOW + 20), 200, now=NOW) == Word(7, 100, NOW + 20, 20)


def test_read_word_goes_by_the_brokers_own_clock():
    behind = NOW - 300
    said = headers(7, behind + 20, Date=formatdate(behind, usegmt=True))
    assert read_word(said, 200, now=NOW) == Word(7, 100, behind + 20, 20)


@pytest.mark.parametrize(
    "said", [{}, {"X-RateLimit-Remaining": "7"}, headers(7, NOW - 1), headers(7, NOW + 9000)]
)
def test_read_word_is_none_where_a_reply_says_nothing_of_use(said):
    assert read_word(said, 200, now=NOW) is None


def test_read_word_of_a_429_stops_everybody_as_long_as_it_says():
    assert read_word({"Retry-After": "9"}, 429, now=NOW) == Word(0, 1000, 0, 9)
    assert read_word(headers(3, NOW + 20), 429, now=NOW) == Word(0, 100, NOW + 20, 20)
    assert read_word({}, 429, now=NOW) == Word(0, 1000, 0, BUSY_SECONDS)


def test_retry_after_falls_back_to_the_reset():
    assert retry_after({"X-RateLimit-Reset": str(NOW + 30)}, now=NOW) == 30
    assert retry_after({}, now=NOW) is None
    assert retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, now=NOW) is None


def test_take_is_free_while_nothing_is_known_and_after_the_reset():
    now = [0.0]
    budget = LocalBudget(clock=lambda: now[0])
    assert budget.take(Priority.POLL) == 0
    budget.note(told(0))
    assert budget.take(Priority.WRITE) == 30
    now[0] = 30.0
    assert budget.take(Priority.POLL) == 0


def test_take_keeps_a_share_free_for_what_goes_before():
    budget = LocalBudget(clock=lambda: 0.0)
    budget.note(told(33))

    taken = dict.fromkeys(reversed(Priority), 0)
    for level in taken:
        while budget.take(level) == 0:
            taken[level] += 1

    assert taken == {Priority.POLL: 3, Priority.PERSON: 20, Priority.WRITE: 10}


def test_priority_of_a_write_is_a_write_whatever_it_is_made_within():
    assert [priority_of("GET"), priority_of("POST")] == [Priority.PERSON, Priority.WRITE]
    with priority(Priority.POLL):
        assert [priority_of("GET"), priority_of("DELETE")] == [Priority.POLL, Priority.WRITE]
    assert priority_of("GET") is Priority.PERSON


def test_a_poll_without_budget_is_not_made(transport, broker, budget, slept, recorded):
    budget.note(told(30, seconds=3))

    with priority(Priority.POLL), pytest.raises(BrokerBusy) as caught:
        get(transport)

    assert caught.value.retry_after == 3
    assert (len(broker.calls), slept, recorded.started) == (0, [], [])


def test_a_persons_read_waits_for_the_reset(transport, broker, budget, slept):
    broker.get(URL, json=ACCOUNT)
    budget.note(told(10, seconds=3))

    get(transport)

    assert slept == [3]


def test_a_persons_read_is_not_made_if_it_would_wait_too_long(transport, broker, budget, slept):
    budget.note(told(10, seconds=40))

    with pytest.raises(BrokerBusy):
        get(transport)

    assert (len(broker.calls), slept) == (0, [])


def test_a_read_that_is_tried_once_does_not_wait(make_transport, broker, budget, slept):
    budget.note(told(10, seconds=3))

    with pytest.raises(BrokerBusy):
        get(make_transport(read_attempts=1))

    assert (len(broker.calls), slept) == (0, [])


def test_a_write_goes_where_polls_and_people_have_used_up_theirs(transport, broker, budget, slept):
    broker.post(URL, json=ACCOUNT)
    budget.note(told(1))

    post(transport)

    assert slept == []


def test_a_write_waits_for_the_reset(transport, broker, budget, slept):
    broker.post(URL, json=ACCOUNT)
    budget.note(told(0, seconds=2.5))

    post(transport)

    assert sum(slept) == 2.5


def test_a_write_is_sent_after_a_bounded_wait_rather_than_refused(transport, broker, budget, slept):
    broker.post(URL, json=ACCOUNT)
    budget.note(told(0, seconds=50))

    post(transport)

    assert sum(slept) == 10


def test_a_429_is_heard_by_whoever_shares_the_budget(make_transport, broker):
    broker.post(URL, status=429, headers={"Retry-After": "20"})
    with pytest.raises(BrokerBusy):
        post(make_transport())

    with pytest.raises(BrokerBusy):
        get(make_transport())

    assert len(broker.calls) == 1


def test_a_429_to_an_event_stream_says_nothing_of_calls(transport, broker, budget):
    broker.get(f"{URL}/events", status=429, json={"message": "Too many requests"})

    with pytest.raises(BrokerBusy), transport.stream("/v1/accounts/a-1/events", silence=5):
        pass

    assert budget.take(Priority.POLL) == 0


def test_a_write_that_waits_for_the_budget_holds_no_place(make_transport, broker, budget, slept, monkeypatch):
    monkeypatch.setattr(transport_module, "MAX_SLOT_WAIT", 0.0)
    broker.post(URL, json=ACCOUNT)
    budget.note(told(0, seconds=2.5))
    slots, sent = threading.BoundedSemaphore(1), []

    def sleep(seconds):
        """Another customer's write comes while the first one waits."""
        slept.append(seconds)
        if len(slept) == 1:
            sent.append(post(make_transport(write_slots=slots)))

    sent.append(post(make_transport(write_slots=slots, sleep=sleep)))

    assert len(sent) == len(broker.calls) == 2


def test_a_write_that_is_waited_for_keeps_half_of_its_time_for_the_call(
    make_transport, broker, budget, slept, monkeypatch
):
    given = []

    def request(self, *args, timeout, **options):
        given.append(timeout)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests.Session, "request", request)
    budget.note(told(0, seconds=30))

    with pytest.raises(BrokerUnreachable):
        post(make_transport(timeouts=(1.0, 3.0), within=4.0))

    assert sum(slept) == 2
    assert given == [(1.0, 2.0)]


def test_a_write_that_is_waited_for_gets_no_more_time_for_a_place(make_transport, broker, budget):
    slots = threading.BoundedSemaphore(1)
    slots.acquire()
    budget.note(told(0, seconds=30))

    with pytest.raises(BrokerSlow):
        post(make_transport(within=4.0, write_slots=slots))
