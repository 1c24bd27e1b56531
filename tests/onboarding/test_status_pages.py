"""The status page with what is asked on it, as its owner and others find it."""

import html
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from onboarding.cases import KycAnswer, StaffRequest, Word, WordKind
from onboarding.kyc_results import REQUESTS
from onboarding.models import Document
from onboarding.progress import ACCOUNT_NOTICES, LOOKED_INTO, NOT_SAID
from onboarding.services import applications, reviews
from onboarding.staff_reasons import ASK_REASONS, STAFF_ASKED
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import BrokerageAccountFactory, KycApplicationFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db

REASONS: dict[str, Any] = {"PEP": {}, "TAX_IDENTIFICATION": {}, "FAMILY_MEMBER_PEP": {}}
OFFICE = {
    "card-pep-employment_position": "Mayor",
    "card-pep-employer_name": "City of Austin",
    "card-pep-employer_address": "301 W 2nd St, Austin",
}


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(status="ACTION_REQUIRED", kyc_results={"indeterminate": REASONS})


@pytest.fixture
def owner(client: Client, account: BrokerageAccount) -> Client:
    client.force_login(account.user)
    return client


def page_of(client: Client) -> str:
    return html.unescape(client.get(reverse("application_status")).content.decode())


def answer(client: Client, account: BrokerageAccount, code: str, data: dict[str, Any]) -> Any:
    url = reverse("answer_asked", args=[account.application.pk])
    return client.post(url, {"code": code, **data})


def test_status_page_has_a_form_for_each_reason(owner: Client) -> None:
    page = page_of(owner)
    for code in REASONS:
        assert REQUESTS[code].title in page
        assert f'value="{code}"' in page
    assert page.count("To do") >= len(REASONS)
    assert page.count('type="file"') == 1


def test_wrong_tax_form_leads_to_the_page_that_signs_a_new_one(client: Client) -> None:
    results: dict[str, Any] = {"indeterminate": {"W8BEN_CORRECTION": {}}}
    account = BrokerageAccountFactory.create(status="ACTION_REQUIRED", kyc_results=results)
    client.force_login(account.user)
    assert f'href="{reverse("sign_tax_form", args=[account.pk])}"' in page_of(client)


def test_answer_is_kept_and_its_card_says_so(owner: Client, account: BrokerageAccount) -> None:
    reply = answer(owner, account, "PEP", OFFICE)
    assert reply.status_code == 302
    kept = KycAnswer.objects.get()
    assert (kept.code, kept.answers["employer_name"]) == ("PEP", "City of Austin")
    page = page_of(owner)
    assert "Being sent" in page
    assert 'value="PEP"' not in page


def test_account_in_a_state_that_we_do_not_know_is_offered_nothing(client: Client) -> None:
    account = BrokerageAccountFactory.create()
    client.force_login(account.user)
    assert "Link your bank" in page_of(client)
    BrokerageAccount.objects.filter(pk=account.pk).update(broker_status="PAPER_ONLY")
    page = page_of(client)
    assert "Your account is in a state that we do not know" in page
    assert "Link your bank" not in page
    assert "Not known yet" in page


def test_status_page_with_everything_sent_asks_for_nothing(client: Client) -> None:
    results: dict[str, Any] = {"indeterminate": {"PEP": {}, "WATCHLIST_HIT": {}}}
    account = BrokerageAccountFactory.create(status="ACTION_REQUIRED", kyc_results=results)
    client.force_login(account.user)
    assert LOOKED_INTO.title not in page_of(client)
    answer(client, account, "PEP", OFFICE)
    page = page_of(client)
    assert LOOKED_INTO.title in page
    assert "needs something from you" not in page


def test_answer_that_lacks_something_keeps_the_rest(owner: Client, account: BrokerageAccount) -> None:
    reply = answer(owner, account, "PEP", {**OFFICE, "card-pep-employer_address": ""})
    page = reply.content.decode()
    assert reply.status_code == 422
    assert "Enter the address of your office." in page
    assert 'value="City of Austin"' in page
    assert not KycAnswer.objects.exists()


def test_paper_is_uploaded_on_its_card(owner: Client, account: BrokerageAccount) -> None:
    file = SimpleUploadedFile("card.pdf", passport())
    reply = answer(owner, account, "TAX_IDENTIFICATION", {"card-tax-identification-file": file})
    assert reply.status_code == 302
    document = Document.objects.get()
    assert (document.document_type, document.answers_to) == ("tax_id_verification", ["TAX_IDENTIFICATION"])


def test_card_that_needs_a_paper_asks_for_it(owner: Client, account: BrokerageAccount) -> None:
    reply = answer(owner, account, "TAX_IDENTIFICATION", {})
    assert reply.status_code == 422
    assert "Choose the photo or scan." in reply.content.decode()


def test_answer_to_what_is_not_asked_changes_nothing(owner: Client, account: BrokerageAccount) -> None:
    reply = answer(owner, account, "CONTROL_PERSON", {})
    assert reply.status_code == 302
    assert not KycAnswer.objects.exists()


def test_another_person_answers_nothing(account: BrokerageAccount) -> None:
    stranger = Client()
    stranger.force_login(UserFactory.create())
    assert answer(stranger, account, "PEP", OFFICE).status_code == 404
    assert not KycAnswer.objects.exists()


def test_sent_card_offers_to_send_something_else(owner: Client, account: BrokerageAccount) -> None:
    answer(owner, account, "PEP", OFFICE)
    KycAnswer.objects.update(status="SENT")
    assert "?more=PEP" in page_of(owner)
    more = owner.get(reverse("application_status"), {"more": "PEP"}).content.decode()
    assert 'value="PEP"' in more


@pytest.mark.parametrize("status", [status for status in AccountStatus if status in ACCOUNT_NOTICES])
def test_status_page_says_what_each_status_means_and_what_comes_next(client: Client, status: str) -> None:
    account = BrokerageAccountFactory.create(status=status)
    client.force_login(account.user)
    page = page_of(client)
    notice = NOT_SAID if status == "ACTION_REQUIRED" else ACCOUNT_NOTICES[AccountStatus(status)]
    assert notice.title in page
    assert bool(notice.next) is ("What comes next" in page)


def test_rejected_says_why_and_takes_an_appeal_once(client: Client) -> None:
    results: dict[str, Any] = {"reject": {"IDENTITY_VERIFICATION": {}, "WATCHLIST_HIT": {}}}
    account = BrokerageAccountFactory.create(status="REJECTED", kyc_results=results)
    client.force_login(account.user)
    page = page_of(client)
    assert REQUESTS["IDENTITY_VERIFICATION"].title in page
    assert REQUESTS["WATCHLIST_HIT"].title not in page
    url = reverse("appeal", args=[account.application.pk])
    assert client.post(url, {"appeal-words": ""}).status_code == 422
    assert client.post(url, {"appeal-words": "My passport is new."}).status_code == 302
    (word,) = Word.objects.all()
    assert (word.kind, word.text) == (WordKind.APPEAL, "My passport is new.")
    after = page_of(client)
    assert "Your appeal is with our staff" in after
    assert "Send the appeal" not in after


def test_what_staff_ask_is_a_card_too(owner: Client, account: BrokerageAccount) -> None:
    asked = StaffRequest.objects.create(
        application=account.application, reasons=["WORK"], text="Since when?", asked_by_id=1
    )
    assert ASK_REASONS["WORK"].words in page_of(owner)
    code = f"STAFF:{asked.pk}"
    reply = answer(owner, account, code, {f"card-staff-{asked.pk}-words": "Since May."})
    assert reply.status_code == 302
    assert Word.objects.get(code=code).text == "Since May."
    assert "With our staff" in page_of(owner)


def test_application_that_staff_gave_back_says_what_to_change(client: Client, settings: Any) -> None:
    settings.STAFF_APPROVE_APPLICATIONS = True
    application = KycApplicationFactory.create()
    applications.submit_application(application=application, by=application.user, now=timezone.now())
    application.refresh_from_db()
    reviews.ask(
        application=application,
        reasons=["NAME", "ID_PAPER"],
        text="Both sides, please.",
        by=StaffFactory.create(),
        now=timezone.now(),
    )
    application.refresh_from_db()
    assert (application.status, application.status_reason) == ("NEEDS_CHANGES", STAFF_ASKED)
    client.force_login(application.user)
    page = client.get(reverse("apply")).content.decode()
    assert "Both sides, please." in page
    assert ASK_REASONS["NAME"].words in page
    assert reverse("apply_step", args=["documents"]) in page


def test_status_page_asks_the_database_the_same_however_many_cards(client: Client) -> None:
    counts = []
    several: tuple[dict[str, Any], ...] = ({"PEP": {}}, {code: {} for code in REQUESTS})
    for codes in several:
        account = BrokerageAccountFactory.create(
            status="ACTION_REQUIRED", kyc_results={"indeterminate": codes}
        )
        client.force_login(account.user)
        page_of(client)
        with CaptureQueriesContext(connection) as found:
            page_of(client)
        counts.append(len(found))
    assert counts[0] == counts[1]
