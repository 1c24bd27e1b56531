"""Rows of the call log, as the recorder leaves them."""

from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from brokerapp.broker.calls.models import ApiCall


class ApiCallFactory(DjangoModelFactory[ApiCall]):
    """A call that was done."""

    class Meta:
        model = ApiCall

    call_id = factory.LazyFunction(uuid4)
    request_id = factory.LazyFunction(lambda: uuid4().hex)
    method = "GET"
    path = "/v1/accounts/{account_id}"
    http_status = 200
    outcome = ApiCall.Outcome.OK
    milliseconds = 12
    finished_at = factory.LazyFunction(timezone.now)
