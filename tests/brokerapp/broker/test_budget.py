import socket
import time

import pytest

from brokerapp.broker import clients
from brokerapp.broker.alpaca.errors import BrokerBusy
from brokerapp.broker.alpaca.rate_limit import Word
from brokerapp.broker.budget import Priority, SharedBudget, budget_of, priority

BASE = "http://budget.test"
RESET = 1_772_460_060


@pytest.fixture
def budget():
    found = SharedBudget(BASE)
    found.forget()
    yield found
    found.forget()


@pytest.fixture
def other(budget):
    """The same budget, in another process."""
    return SharedBudget(BASE)


def told(left, *, reset=RESET, seconds=30.0):
    return Word(left, 100, reset, seconds)


def test_every_process_hears_what_one_was_told(budget, other):
    budget.note(told(30))

    assert 0 < other.take(Priority.POLL) <= 30
    assert other.take(Priority.PERSON) == 0


def test_processes_count_each_others_calls(budget, other):
    budget.note(told(12))

    assert [each.take(Priority.PERSON) == 0 for each in (budget, other, budget, other)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_429_stops_every_process(budget, other):
    budget.note(told(80))
    budget.note(Word(0, 100, 0, 5))

    assert all(0 < other.take(level) <= 5 for level in Priority)


def test_a_reply_about_an_earlier_window_changes_nothing(budget, other):
    budget.note(told(90))
    budget.note(told(0, reset=RESET - 60))

    assert other.take(Priority.POLL) == 0


def test_the_next_window_begins_anew(budget, other):
    budget.note(told(0))
    budget.note(told(99, reset=RESET + 60))

    assert other.take(Priority.POLL) == 0


def test_what_was_told_ends_with_its_window(budget, other):
    budget.note(told(0, seconds=0.05))
    time.sleep(0.1)

    assert other.take(Priority.POLL) == 0


def test_without_redis_a_process_goes_by_its_own_replies(budget, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/3"
    budget.note(told(30))

    assert budget.take(Priority.POLL) > 0
    assert budget.take(Priority.PERSON) == 0


def test_a_frozen_redis_holds_up_one_call_and_not_the_next(budget, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        budget.note(told(30))
        silent.settimeout(5)
        silent.accept()

        waits = [budget.take(Priority.POLL) for _ in range(20)]

        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert all(waits)


@pytest.mark.django_db
def test_a_poll_of_a_client_makes_way_by_what_another_process_was_told(broker, settings):
    settings.BROKER_BASE_URL = BASE
    SharedBudget(BASE).note(told(30))
    try:
        with priority(Priority.POLL), pytest.raises(BrokerBusy):
            clients.get_client().clock.get()
    finally:
        budget_of(BASE).forget()

    assert len(broker.calls) == 0
