from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.broker.alpaca.models.accounts import KycResults
from onboarding.kyc_results import NOT_ENOUGH, REQUESTS, open_requests
from tests.factories import BrokerageAccountFactory


@pytest.mark.parametrize("results", [None, {}, {"accept": {"IDENTITY_VERIFICATION": {}}, "reject": None}])
def test_open_requests_of_nothing_open(results: dict[str, object] | None) -> None:
    assert open_requests(results) == []


def test_open_requests_says_when_documents_were_not_enough() -> None:
    results: dict[str, Any] = {
        "indeterminate": {"TAX_IDENTIFICATION": {}},
        "reject": {"IDENTITY_VERIFICATION": {}},
    }
    first, second = open_requests(results)
    assert first.text == NOT_ENOUGH + REQUESTS["IDENTITY_VERIFICATION"].text
    assert second == REQUESTS["TAX_IDENTIFICATION"]


def test_open_requests_nothing_to_do_is_never_called_not_enough() -> None:
    assert open_requests({"reject": {"WATCHLIST_HIT": {}}}) == [REQUESTS["WATCHLIST_HIT"]]


def test_open_requests_code_in_both_parts_is_asked_once() -> None:
    results: dict[str, Any] = {"indeterminate": {"PEP": {}}, "reject": {"PEP": {}}}
    assert [asked.title for asked in open_requests(results)] == [REQUESTS["PEP"].title]


@pytest.mark.parametrize("code", ["OTHER", "A_CODE_OF_TOMORROW"])
def test_open_requests_other_passes_on_what_the_broker_said(code: str) -> None:
    results = KycResults(indeterminate={code: {}}, additional_information="A clearer copy, please.")
    assert open_requests(results.model_dump())[0].text == "A clearer copy, please."
    assert open_requests({"indeterminate": {code: {}}})[0].text == "Support can tell you what it is."


def test_open_requests_leaves_out_what_only_the_partner_may_see() -> None:
    assert open_requests({"indeterminate": {"OTHER_PARTNER": {}}}) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "shown"), [("ACTION_REQUIRED", True), ("ACTIVE", False)])
def test_status_page_lists_what_the_broker_asks_for(client: Client, status: str, shown: bool) -> None:
    account = BrokerageAccountFactory.create(status=status, kyc_results={"indeterminate": {"PEP": {}}})
    client.force_login(account.user)
    page = client.get(reverse("application_status")).content.decode()
    assert (REQUESTS["PEP"].title in page) is shown
