"""The pages of a profile: what they show, and what they let be changed."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from onboarding.profile import parts_for
from onboarding.services import tax_forms
from tests.account_pages import AccountClient, short
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import BrokerageAccountFactory
from tests.onboarding import abroad
from tests.onboarding.profiles import MOVED, WORK, ask, person


def test_profile_page_shows_each_part_with_a_way_to_change_it(account: BrokerageAccount) -> None:
    page = AccountClient(account).get("/profile/").content.decode()
    for part in parts_for("trading", person()):
        assert account_url(account, "change_profile", part.key) in page
    assert "20 N San Mateo Dr" in page
    assert "124554321" not in page
    assert "W-8BEN" not in page


def test_profile_page_says_what_is_under_way_and_what_was_refused(account: BrokerageAccount) -> None:
    ask(account, "work", {"employer_name": "Looms"})
    refused = ask(account, "phone", {"phone_number": "+12125550199"})
    ProfileChange.objects.filter(pk=refused.pk).update(status="REFUSED", status_reason="phone is invalid")
    page = AccountClient(account).get("/profile/").content.decode()
    assert "Being sent" in page
    assert account_url(account, "change_profile", "work") not in page
    assert "data-live-url" in page
    assert "phone is invalid" in page


def test_profile_page_query_count_does_not_depend_on_the_changes(
    account: BrokerageAccount, django_assert_num_queries: Any
) -> None:
    client = AccountClient(account)
    client.get("/profile/")
    with django_assert_num_queries(9):
        client.get("/profile/")
    for key in ("work", "finances", "investing"):
        ask(account, key, {})
    ProfileChange.objects.update(status="APPLIED")
    with django_assert_num_queries(9):
        client.get("/profile/")


@pytest.mark.parametrize(
    ("key", "asks"), [("address", True), ("name", True), ("margin", True), ("work", False)]
)
def test_change_page_asks_who_it_is_for_what_tells_who_somebody_is(
    account: BrokerageAccount, key: str, asks: bool
) -> None:
    client = Client()
    client.force_login(account.user)
    answer = client.get(account_url(account, "change_profile", key))
    assert ("reauthenticate" in answer.headers.get("Location", "")) is asks


def test_change_page_says_the_effect_and_writes_the_change_down(account: BrokerageAccount) -> None:
    client = AccountClient(account)
    address = short("change_profile", "address")
    assert "no money can leave the account" in client.get(address).content.decode()
    assert client.post(address, MOVED).url == account_url(account, "profile")
    change = ProfileChange.objects.get()
    assert (change.part, change.answers["city"], change.status) == ("address", "New York", "SUBMITTING")
    client.post(address, {**MOVED, "city": "Albany", "postal_code": "12207"})
    assert ProfileChange.objects.count() == 1


def test_change_page_of_margin_says_without_scripts_when_to_agree(account: BrokerageAccount) -> None:
    page = AccountClient(account).get(short("change_profile", "margin")).content.decode()
    words = 'I have read and agree to the Margin Agreement <span class="optional">(if you answer Yes)</span>'
    assert words in page
    assert 'data-follows="wants_margin"' in page
    assert "Leave it unticked" not in page


def test_change_page_of_the_name_sends_the_paper_too(account: BrokerageAccount) -> None:
    typed = {"given_name": "Ada", "family_name": "King", "file": SimpleUploadedFile("new.pdf", passport())}
    AccountClient(account).post(short("change_profile", "name"), typed)
    assert ProfileChange.objects.get().answers == {"family_name": "King"}
    assert Document.objects.get().document_type == "identity_verification"


def test_change_page_with_nothing_changed_sends_nothing(account: BrokerageAccount) -> None:
    same = {
        **WORK,
        "employer_name": "Analytical Engines Inc",
        "employer_address": "1 Engine Way, San Mateo, CA",
        "funding_source": ["employment_income"],
    }
    page = AccountClient(account).post(short("change_profile", "work"), same, follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert not ProfileChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("SUBMITTED", "still in review"),
        ("ACCOUNT_CLOSED", "Your account is closed"),
        ("PAPER_ONLY", "a state that we do not know yet"),
    ],
)
def test_profile_of_an_account_that_may_not_change_it_says_why_and_changes_nothing(
    status: str, why: str
) -> None:
    account = BrokerageAccountFactory.create(status=status)
    client = AccountClient(account)
    profile_page = client.get(short("profile")).content.decode()
    assert why in profile_page
    assert account_url(account, "change_profile", "work") not in profile_page
    reply = client.post(short("change_profile", "work"), WORK, follow=True)
    assert reply.redirect_chain[0][0] == account_url(account, "profile")
    assert why in reply.content.decode()
    assert not ProfileChange.objects.exists()


@pytest.mark.django_db
def test_sign_tax_form_while_the_broker_waits_for_it() -> None:
    account = abroad.create_account()
    asked = "ACTION_REQUIRED"
    BrokerageAccount.objects.filter(pk=account.pk).update(status=asked, broker_status=asked)
    client = AccountClient(account)
    shown = client.get(short("sign_tax_form")).context["form"].initial["shown"]
    signed = {"mail_goes_elsewhere": "False", "certified": "on", "signature": "Ana Souza", "shown": shown}
    assert client.post(short("sign_tax_form"), signed).status_code == 302
    assert TaxForm.objects.count() == 2


@pytest.mark.django_db
def test_sign_tax_form_of_an_account_in_a_state_that_we_do_not_know_signs_nothing() -> None:
    account = abroad.create_account()
    BrokerageAccount.objects.filter(pk=account.pk).update(broker_status="PAPER_ONLY")
    client = AccountClient(account)
    assert client.get(short("sign_tax_form")).url == account_url(account, "profile")
    with pytest.raises(AccountRefused):
        tax_forms.sign_again(account=account, content={}, signature=abroad.SIGNATURE)
    assert TaxForm.objects.count() == 1


@pytest.mark.django_db
def test_change_page_of_a_part_that_the_kind_of_account_has_not_is_not_there() -> None:
    account = BrokerageAccountFactory.create(account_type="ira")
    assert AccountClient(account).get(short("change_profile", "margin")).status_code == 404


@pytest.mark.django_db
def test_sign_tax_form_again_shows_what_it_says_and_sends_it() -> None:
    account = abroad.create_account()
    client = AccountClient(account)
    address = short("sign_tax_form")
    page = client.get(address)
    assert "Rua Augusta 1000, Apto 12" in page.content.decode()
    shown = page.context["form"].initial["shown"]
    signed = {"mail_goes_elsewhere": "False", "certified": "on", "signature": "Ana Souza", "shown": shown}
    assert client.post(address, signed).url == account_url(account, "profile")
    statuses = TaxForm.objects.order_by("signed_at").values_list("status", flat=True)
    assert list(statuses) == ["SENT", "STORED"]


@pytest.mark.django_db
def test_sign_tax_form_asks_for_a_number_that_was_forgotten() -> None:
    account = abroad.create_account()
    KycApplication.objects.filter(account=account).update(foreign_tax_id="")
    client = AccountClient(account)
    address = short("sign_tax_form")
    shown = client.get(address).context["form"].initial["shown"]
    signed = {"mail_goes_elsewhere": "False", "certified": "on", "signature": "Ana Souza", "shown": shown}
    assert "Enter the number." in client.post(address, signed).content.decode()
    client.post(address, {**signed, "foreign_tax_id": "390.533.447-05"})
    newest = TaxForm.objects.order_by("-signed_at")[0]
    assert newest.content["foreign_tax_id"] == "39053344705"


@pytest.mark.django_db
def test_agreement_pdf(client: Client) -> None:
    file = client.get(reverse("agreement_pdf", args=["margin_agreement"]))
    assert file.headers["Content-Type"] == "application/pdf"
    assert 'filename="margin_agreement-22.2024.08.pdf"' in file.headers["Content-Disposition"]
    assert file.content.startswith(b"%PDF-")
    assert client.get(reverse("agreement_pdf", args=["other"])).status_code == 404
