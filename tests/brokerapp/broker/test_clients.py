import os
import threading
from typing import Any

import pytest
from django.db import transaction

from brokerapp.broker import clients
from tests.factories import KycApplicationFactory, UserFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("get", [clients.get_client, clients.get_market_data])
def test_get_client_refuses_a_transaction(get):
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        get()


@pytest.mark.django_db(transaction=True)
def test_a_client_made_before_a_transaction_refuses_to_call_in_it():
    client = clients.get_client()
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        client.clock.get()


@pytest.mark.django_db
def test_the_transaction_of_a_test_case_does_not_count_and_one_within_it_does():
    clients.forbid_transaction()
    with transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        clients.forbid_transaction()


@pytest.mark.django_db
def test_get_client_works_without_a_row_or_a_person():
    assert clients.get_client().transport is not None


def _session_of(client):
    return client.transport.session


@pytest.mark.django_db
def test_clients_of_one_thread_share_a_session_and_threads_do_not():
    found = []
    thread = threading.Thread(target=lambda: found.append(clients.session_of_thread()))
    thread.start()
    thread.join()

    mine = _session_of(clients.get_client())
    assert _session_of(clients.get_market_data()) is mine
    assert found[0] is not mine


@pytest.mark.django_db
def test_a_forked_process_does_not_share_its_parents_session(monkeypatch):
    before = _session_of(clients.get_client())
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert _session_of(clients.get_client()) is not before


@pytest.mark.django_db
def test_clients_share_the_budget_and_the_places_for_writes(settings):
    settings.BROKER_WRITES_IN_FLIGHT = 3
    one, two = clients.get_client().transport, clients.get_client().transport
    assert one.budget is two.budget
    assert one.write_slots is two.write_slots


@pytest.mark.django_db
def test_calls_name_the_person_that_the_row_belongs_to_and_who_asked_if_that_is_another():
    application, staff = KycApplicationFactory.create(), UserFactory.create()

    def named(**who):
        recorder: Any = clients.get_client(**who).transport.recorder
        return recorder.person_id, recorder.asked_by_id

    assert named(about=application, by=staff) == (application.user_id, staff.pk)
    assert named(about=application, by=application.user) == (application.user_id, None)
    assert named(by=staff) == (staff.pk, None)
    assert named() == (None, None)


@pytest.mark.django_db
def test_a_client_that_is_waited_for_is_done_within_four_seconds(settings):
    settings.BROKER_TIMEOUTS = (3.05, 10.0)

    transport = clients.get_client(waited_for=True).transport

    assert transport.within == sum(transport.timeouts) == 4
    assert clients.get_client().transport.within is None
