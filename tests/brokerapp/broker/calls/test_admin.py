from uuid import uuid4

import pytest
from django.urls import reverse

from brokerapp.broker.calls.filters import area_of
from brokerapp.broker.calls.models import ApiCall
from brokerapp.ui import admin_pages
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import StatusChange
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import KycApplicationFactory, StaffFactory, UserFactory

POLL = Actor(ActorKind.POLL)

pytestmark = pytest.mark.django_db
LIST = "admin:calls_apicall_changelist"


@pytest.fixture
def staff(client):
    client.force_login(StaffFactory.create())
    return client


def found(client, **query):
    response = client.get(reverse(LIST), query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_calls_are_found_by_request_id(staff):
    call, _ = ApiCallFactory.create(), ApiCallFactory.create()
    assert found(staff, q=call.request_id) == [call]
    assert found(staff, q=f" {call.request_id.upper()} ") == [call]


def test_calls_are_found_by_our_call_id_where_the_broker_never_answered(staff):
    first = ApiCallFactory.create(request_id="", outcome="UNKNOWN", http_status=None)
    second = ApiCallFactory.create(call_id=first.call_id, attempt=2)
    ApiCallFactory.create()
    assert found(staff, q=str(first.call_id)) == [second, first]


def test_calls_are_found_by_the_persons_email_address(staff):
    person = UserFactory.create(email="ann@example.com")
    call, _ = ApiCallFactory.create(person_id=person.pk), ApiCallFactory.create(person_id=person.pk + 1)
    assert found(staff, q="Ann@Example.com") == [call]
    assert found(staff, q="nobody@example.com") == []


def test_calls_are_found_by_broker_account_and_by_row(staff):
    call = ApiCallFactory.create(account_id=uuid4(), about_id=str(uuid4()))
    ApiCallFactory.create()
    assert found(staff, q=str(call.account_id)) == [call]
    assert found(staff, q=call.about_id) == [call]


def test_calls_are_found_by_part_of_a_path(staff):
    call, _ = ApiCallFactory.create(path="/v1/clock"), ApiCallFactory.create()
    assert found(staff, q="/clock") == [call]
    assert found(staff, path="/v1/clock") == [call]


@pytest.mark.parametrize(
    ("http", "statuses"),
    [("2xx", {200}), ("4xx", {404, 429}), ("429", {429}), ("5xx", {503}), ("none", {None})],
)
def test_calls_are_filtered_by_status(staff, http, statuses):
    for status in (200, 404, 429, 503, None):
        ApiCallFactory.create(http_status=status, outcome="OK" if status == 200 else "UNKNOWN")
    assert {call.http_status for call in found(staff, http=http)} == statuses


def test_the_list_counts_no_more_than_it_shows(staff, monkeypatch):
    monkeypatch.setattr(admin_pages, "MOST", 2)
    ApiCallFactory.create_batch(4)

    response = staff.get(reverse(LIST), {"reads": "all"})

    assert response.context["cl"].paginator.count == 2


def test_calls_are_filtered_by_outcome_and_time(staff):
    call = ApiCallFactory.create(outcome="UNKNOWN")
    ApiCallFactory.create()
    assert found(staff, outcome__exact="UNKNOWN") == [call]
    assert found(staff, started_at__lt="2001-01-01 00:00:00+00:00") == []


def test_the_list_links_to_the_subject_and_shows_no_email_address(staff):
    application = KycApplicationFactory.create(user=UserFactory.create(email="ann@example.com"))
    ApiCallFactory.create(
        about_type="onboarding.KycApplication", about_id=str(application.pk), person_id=application.user_id
    )

    page = staff.get(reverse(LIST), {"reads": "all"}).content.decode()

    assert reverse("admin:onboarding_kycapplication_change", args=[application.pk]) in page
    assert "Ada Byron" in page
    assert "ann@example.com" not in page


def test_a_subject_without_an_admin_page_is_plain_text(staff):
    call = ApiCallFactory.create(about_type="gone.Model", about_id="1")
    page = staff.get(reverse("admin:calls_apicall_change", args=[call.pk])).content.decode()
    assert "gone.Model" in page


def test_a_call_has_its_whole_request_id_on_its_page(staff):
    call = ApiCallFactory.create(request_id="f28488627cf84a8fa1adbde2796df4f2")
    page = staff.get(reverse("admin:calls_apicall_change", args=[call.pk])).content.decode()
    assert f"<code>{call.request_id}</code>" in page
    rows = staff.get(reverse(LIST), {"q": call.request_id}).content.decode()
    assert "<code>f28488627cf8…</code>" in rows


def test_nobody_can_add_change_or_delete_calls(staff):
    call = ApiCallFactory.create()

    assert staff.get(reverse("admin:calls_apicall_add")).status_code == 403
    assert (
        staff.post(reverse("admin:calls_apicall_delete", args=[call.pk]), {"post": "yes"}).status_code == 403
    )
    assert (
        staff.post(reverse("admin:calls_apicall_change", args=[call.pk]), {"path": "/x"}).status_code == 403
    )
    staff.post(reverse(LIST), {"action": "delete_selected", "_selected_action": [call.pk], "post": "yes"})

    assert ApiCall.objects.get().path == call.path


def test_people_who_are_not_staff_see_no_calls(client):
    assert client.get(reverse(LIST)).status_code == 302
    client.force_login(UserFactory.create())
    assert client.get(reverse(LIST)).status_code == 302


def test_status_changes_are_found_by_request_id_row_and_person(staff):
    application = KycApplicationFactory.create(user=UserFactory.create(email="ann@example.com"))
    change = StatusChange.record(application, "SUBMITTING", POLL, "", "r" * 32)
    StatusChange.record(KycApplicationFactory.create(), "SUBMITTING", POLL, "", "s" * 32)
    url = reverse("admin:workflow_statuschange_changelist")

    for term in ("R" * 32, str(application.pk), application.pk.hex, "ann@example.com"):
        assert list(staff.get(url, {"q": term}).context["cl"].result_list) == [change]
    page = staff.get(url).content.decode()
    assert reverse("admin:onboarding_kycapplication_change", args=[application.pk]) in page
    assert staff.get(reverse("admin:workflow_statuschange_add")).status_code == 403


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/v1/trading/accounts/{account_id}/orders", "Orders, holdings and figures"),
        ("/v1/accounts/{account_id}/transfers", "Money"),
        ("/v1/accounts/activities", "Money"),
        ("/v1/journals/{journal_id}", "Money"),
        ("/v1/accounts/{account_id}/documents/upload", "Accounts and papers"),
        ("/v2/events/trades", "Events"),
        ("/v2/stocks/snapshots", "Prices"),
        ("/v1beta3/crypto/us/bars", "Prices"),
        ("/v1/clock", "Assets, calendar and the rest"),
    ],
)
def test_area_of_a_path(path, area):
    assert area_of(path) == area


def test_calls_are_filtered_by_a_path_and_by_what_they_are_about(staff):
    account, transfers = "/v1/accounts/{account_id}", "/v1/accounts/{account_id}/transfers"
    money, other = ApiCallFactory.create(path=transfers), ApiCallFactory.create(path=account)
    journal = ApiCallFactory.create(path="/v1/journals")
    assert found(staff, path=account) == [other]
    assert found(staff, path="Money") == [journal, money]
    asked = {"path": transfers, "http": "2xx", "person_id__exact": "1", "p": "1"}
    page = staff.get(reverse(LIST), asked).content.decode()
    assert f"<option selected>{transfers}</option>" in page
    assert '<optgroup label="Accounts and papers">' in page
    assert '<input type="hidden" name="http" value="2xx">' in page
    assert '<input type="hidden" name="person_id__exact" value="1">' in page
    assert '<input type="hidden" name="p"' not in page


def test_path_that_was_asked_for_is_shown_as_chosen_though_no_call_has_it_now(staff):
    ApiCallFactory.create(path="/v1/clock")
    page = staff.get(reverse(LIST), {"path": "/v1/calendar"}).content.decode()
    assert "<option selected>/v1/calendar</option>" in page
