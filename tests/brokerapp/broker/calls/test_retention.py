from datetime import timedelta

import pytest
from django.utils import timezone

from brokerapp.broker.calls import retention, tasks
from brokerapp.broker.calls.models import ApiCall
from tests.brokerapp.broker.calls.factories import ApiCallFactory

pytestmark = pytest.mark.django_db


def test_prune_api_calls_deletes_what_is_past_its_lifetime_and_no_more(settings, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    settings.API_CALL_RETENTION_DAYS = 10
    now = timezone.now()
    for _ in range(5):
        ApiCallFactory.create(started_at=now - timedelta(days=10, seconds=1))
    kept = ApiCallFactory.create(started_at=now - timedelta(days=9, hours=23))

    assert retention.prune_api_calls(now=now) == 5

    assert list(ApiCall.objects.all()) == [kept]


def test_prune_api_calls_task_may_run_twice(settings):
    ApiCallFactory.create(started_at=timezone.now() - timedelta(days=settings.API_CALL_RETENTION_DAYS + 1))

    assert [tasks.prune_api_calls(), tasks.prune_api_calls(later="argument")] == [1, 0]
