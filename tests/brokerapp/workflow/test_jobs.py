from typing import Any

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from brokerapp.accounts import tasks
from brokerapp.workflow import jobs


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.sync_account, "apply_async", lambda kwargs, **_: messages.append(kwargs))
    return messages


@pytest.mark.django_db
def test_enqueue_waits_for_the_commit(sent: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=7)
        assert sent == []
    assert sent == [{"account_id": "7"}]


@pytest.mark.django_db(transaction=True)
def test_enqueue_in_a_rolled_back_transaction_sends_nothing(sent: list[Any]) -> None:
    with transaction.atomic():
        jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=7)
        transaction.set_rollback(True)
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_enqueue_without_a_queue_does_not_fail_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.sync_account, "apply_async", broken)
    jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=7)


def test_enqueue_of_an_unknown_task_fails_at_once() -> None:
    with pytest.raises(ImportError):
        jobs.enqueue("onboarding.tasks.no_such_task")
