"""The home of staff and the way to their lists."""

import html
import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.roles import Role
from brokerapp.broker.streams.models import StreamCursor
from brokerapp.health.models import Heartbeat
from brokerapp.in_hand.admin import HandMixin
from brokerapp.ops.queues import QUEUES
from brokerapp.ui import queues
from brokerapp.ui.admin_pages import models_in_admin
from brokerapp.workflow.writes import SentModel
from funding.models import Transfer
from onboarding.models import ProfileChange
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.brokerapp.ops.browsers import browser
from tests.factories import (
    TransferFactory,
    UserFactory,
    confirm,
    staff_in_role,
)

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")


def test_every_queue_leads_to_the_list_of_its_rows(account: BrokerageAccount) -> None:
    client = browser(Role.OPERATIONS)
    for queue in QUEUES:
        reply = client.get(queue.url)
        assert reply.status_code == 200, queue.name
        if ":" not in queue.page:
            assert set(reply.context["cl"].result_list) == set(queue.rows()), queue.name


def test_whatever_is_sent_has_a_queue_of_what_has_no_outcome() -> None:
    sent = {model for model in apps.get_models() if issubclass(model, SentModel)}
    asked = {queue.page for queue in QUEUES if queue.name.endswith("-unknown")}
    assert {f"{model._meta.app_label}_{model._meta.model_name}" for model in sent} == asked


def test_rows_of_every_queue_can_be_taken_in_hand() -> None:
    for queue in QUEUES:
        assert isinstance(admin.site.get_model_admin(queue.rows().model), HandMixin), queue.name


def test_paper_of_unknown_outcome_waits_for_staff(account: BrokerageAccount) -> None:
    change = ProfileChange.objects.create(
        user=account.user, account=account, part="address", status=ProfileChange.UNKNOWN, answers={}
    )
    client = browser(Role.OPERATIONS)
    (length,) = [
        length
        for length in client.get(HOME).context["lengths"]
        if length.queue.name == "profile-changes-unknown"
    ]
    assert length.count == 1
    assert list(client.get(length.queue.url).context["cl"].result_list) == [change]


def test_queue_tells_how_many_since_when_and_whose(account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, status="UNKNOWN")
    since = timezone.now() - timedelta(hours=3)
    Transfer.objects.filter(pk=transfer.pk).update(needs_decision_at=since)
    (length,) = [
        length
        for length in browser(Role.SUPPORT).get(HOME).context["lengths"]
        if length.queue.name == "transfers-undecided"
    ]
    assert (length.count, length.oldest, length.queue.owner) == (1, since, "operations")
    page = browser(Role.SUPPORT).get(HOME).content.decode()
    assert "3\xa0hours" in page
    listed = browser(Role.SUPPORT).get(length.queue.url).context["cl"].result_list
    assert [row.pk for row in listed] == [transfer.pk]


def test_queue_counts_no_more_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "MOST", 2)
    for _ in range(4):
        UserFactory.create()
    queue = queues.Queue("x", "x", "x", User.objects.all, "date_joined", "accounts_user", "", "x")
    assert queues.measure(queue).in_words == "over 2"


def test_home_shows_streams_broker_and_signs_of_life() -> None:
    now = timezone.now()
    StreamCursor.objects.create(stream="trades", connected=True, last_seen_at=now, last_event_id="01ABC")
    StreamCursor.objects.create(
        stream="funding", connected=False, problem="cut", last_seen_at=now - timedelta(hours=1)
    )
    Heartbeat.objects.create(name="people", at=now - timedelta(minutes=9))
    ApiCallFactory.create(outcome="UNKNOWN", http_status=None, milliseconds=900)
    ApiCallFactory.create_batch(3)
    page = browser(Role.SUPPORT).get(HOME)
    text = page.content.decode()
    assert "01ABC" in text
    assert "silent" in text
    assert "late:" in text
    assert (page.context["broker"].calls, page.context["broker"].trouble) == (4, 1)
    assert page.context["broker"].error_rate == "25.0%"
    assert {sign["name"] for sign in page.context["heartbeats"]} == {"beat", "worker: people", "follower"}


def test_figures_of_the_broker_on_the_home_lead_to_the_calls_that_they_count() -> None:
    failed = ApiCallFactory.create(outcome="UNKNOWN", http_status=None)
    done = ApiCallFactory.create()
    old = ApiCallFactory.create(outcome="UNKNOWN", started_at=timezone.now() - timedelta(minutes=16))
    client = browser(Role.SUPPORT)
    links = re.findall(r'href="([^"]*started_at__gte[^"]*)"', client.get(HOME).content.decode())
    every, trouble, slowest = (
        set(client.get(html.unescape(link)).context["cl"].result_list) for link in links
    )
    assert every == slowest == {failed, done}
    assert trouble == {failed}
    assert old not in every


def test_home_shows_a_role_what_it_may_read() -> None:
    page = browser(Role.ADMINISTRATOR).get(HOME)
    assert page.context["broker"] is None
    assert page.context["lengths"] == []
    assert [title for title, _ in page.context["sidebar"]] == ["People", "System"]


def test_sidebar_is_of_the_permissions_that_one_has_now() -> None:
    support, other = staff_in_role(Role.SUPPORT), staff_in_role(Role.ADMINISTRATOR)
    client, second = Client(), Client()
    client.force_login(support)
    second.force_login(other)
    before = client.get(HOME).context["sidebar"]
    assert before != second.get(HOME).context["sidebar"]
    support.groups.set(other.groups.all())
    assert client.get(HOME).context["sidebar"] == second.get(HOME).context["sidebar"] != before


def test_every_list_has_its_place_in_the_sidebar() -> None:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    confirm(client)
    groups = dict(client.get(HOME).context["sidebar"])
    assert "More" not in groups
    assert sum(map(len, groups.values())) == len(models_in_admin())
