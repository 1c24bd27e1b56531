import logging
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from brokerapp.web.middleware import LogFormatter, NoStoreMiddleware
from tests.factories import UserFactory


@pytest.mark.django_db
def test_failure_shows_the_reference_that_is_in_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("onboarding.views.render", fail)
    client.raise_request_exception = False
    with caplog.at_level(logging.ERROR, logger="django.request"):
        reply = client.get("/")
    (record,) = caplog.records
    line = LogFormatter("%(reference)s %(message)s").format(record)
    reference = line.split()[0]
    assert len(reference) == 16
    assert reply.status_code == 500
    assert reference in reply.content.decode()
    assert "boom" not in reply.content.decode()


def test_log_formatter_without_a_request() -> None:
    record = logging.makeLogRecord({"msg": "hello"})
    assert LogFormatter("%(reference)s %(message)s").format(record) == "- hello"


@pytest.mark.django_db
def test_no_store_leaves_a_view_its_own_cache_header() -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.create()
    kept = HttpResponse(headers={"Cache-Control": "max-age=60"})
    assert NoStoreMiddleware(lambda _: kept)(request)["Cache-Control"] == "max-age=60"
    assert "no-store" in NoStoreMiddleware(lambda _: HttpResponse())(request)["Cache-Control"]


def test_log_formatter_lets_no_message_look_like_a_line_of_its_own() -> None:
    record = logging.makeLogRecord({"msg": "no such page: %s", "args": ("a\n- ERROR b\rc",)})
    assert LogFormatter("%(reference)s %(message)s").format(record) == "- no such page: a\\n- ERROR b\\rc"
