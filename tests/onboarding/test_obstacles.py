"""What was asked before an application was begun, or answered well then, is asked again when it is sent."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow.state import IllegalMove
from onboarding import addresses, steps
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.services import applications, kinds, obstacles, reviews
from onboarding.statuses import ApplicationStatus
from tests.factories import BrokerageAccountFactory, KycApplicationFactory, StaffFactory, UserFactory
from tests.onboarding.account_kinds import CHILD_PAGES, IRA_PAGES, begin, fill_in, missing

pytestmark = pytest.mark.django_db

ABROAD = {
    "country_of_residence": "DEU",
    "country_of_citizenship": "DEU",
    "permanent_resident": False,
    "country_of_tax_residence": "DEU",
}
ON_A_VISA = {
    "local_name_answered": True,
    "permanent_resident": False,
    "country_of_citizenship": "IND",
    "country_of_tax_residence": "USA",
    "visa_type": "H1B",
}


@pytest.fixture
def ira(person: Client, account: BrokerageAccount) -> KycApplication:
    """A complete draft of an IRA that names the person's first account."""
    return fill_in(person, begin(account.user, AccountKind.IRA), IRA_PAGES)


@pytest.fixture
def child(person: Client, account: BrokerageAccount) -> KycApplication:
    """A complete draft of an account for a child."""
    return fill_in(person, begin(account.user, AccountKind.CUSTODIAL), CHILD_PAGES)


def keep(application: KycApplication, **answers: Any) -> None:
    application.keep_answers(answers)
    application.save()


def submit(application: KycApplication) -> None:
    applications.submit_application(application=application, by=application.user, now=timezone.now())


def check_page(client: Client, application: KycApplication) -> str:
    return client.get(addresses.url(application, "apply_check")).content.decode()


def test_submit_of_a_draft_whose_owner_moved_abroad_is_refused_with_words_on_its_pages(
    person: Client, account: BrokerageAccount, ira: KycApplication
) -> None:
    assert "Send my application" in check_page(person, ira)
    keep(account.application, **ABROAD)

    with pytest.raises(kinds.NotTaxedHere):
        submit(ira)

    shown = check_page(person, ira)
    assert "only for people who live and pay tax in the United States" in shown
    assert "Send my application" not in shown
    assert "cannot be sent as it is" in person.get(addresses.url(ira, "apply")).content.decode()
    reply = person.post(addresses.url(ira, "apply_check"), follow=True)
    assert "Not sent. It is only for people" in reply.content.decode()
    ira.refresh_from_db()
    assert ira.status == ApplicationStatus.DRAFT


def test_submit_of_a_child_s_draft_whose_owner_moved_abroad_leads_to_the_answer(
    person: Client, account: BrokerageAccount, child: KycApplication
) -> None:
    keep(child, **ABROAD)
    with pytest.raises(steps.ApplicationIncomplete):
        submit(child)
    obstacle = obstacles.find(child)
    assert isinstance(obstacle, kinds.NotTaxedHere)
    assert obstacle.page == "eligibility"


def test_submit_after_the_first_account_was_closed_is_refused_until_the_owner_is_told_of_anew(
    account: BrokerageAccount, ira: KycApplication
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(status="ACCOUNT_CLOSED")
    with pytest.raises(obstacles.BegunBefore):
        submit(ira)

    again = begin(account.user, AccountKind.IRA)

    assert (again.pk, again.holder_id, again.answer("account_sub_type")) == (ira.pk, None, "roth")
    assert missing(again) == ["account-email"]
    keep(again, account_email="ada+ira@example.com")
    submit(again)
    again.refresh_from_db()
    assert (again.status, again.email_address) == (ApplicationStatus.SUBMITTING, "ada+ira@example.com")


def test_person_whose_only_account_is_closed_applies_for_a_new_one(
    person: Client, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(status="ACCOUNT_CLOSED")
    status = person.get(reverse("account_status", args=[account.pk])).content.decode()
    assert "Open a new account" in status
    offers = person.get(reverse("account_kinds")).content.decode()
    assert "Begin: Individual account" in offers

    again = begin(account.user, AccountKind.INDIVIDUAL)

    assert missing(again) == ["account-email", "agreements"]
    assert (again.given_name, again.holder_id) == ("Ada", None)
    assert "Still to answer" in check_page(person, again)


def test_person_whose_application_was_rejected_begins_no_other(account: BrokerageAccount) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(status="REJECTED")
    with pytest.raises(kinds.FirstNotOpen):
        begin(account.user, AccountKind.IRA)


def test_submit_of_an_ira_of_a_kind_that_was_opened_meanwhile_is_refused(
    person: Client, account: BrokerageAccount, ira: KycApplication
) -> None:
    KycApplication.objects.filter(pk=ira.pk).update(status="NEEDS_CHANGES", submitted_at=timezone.now())
    other = KycApplicationFactory.create(user=account.user, account_kind=AccountKind.IRA)
    keep(other, account_sub_type="roth")
    KycApplication.objects.filter(pk=other.pk).update(status="SUBMITTED", submitted_at=timezone.now())
    ira.refresh_from_db()
    with pytest.raises(kinds.HasItAlready):
        submit(ira)
    assert addresses.url(ira, "apply_step", "retirement") in check_page(person, ira)


def test_submit_with_an_address_that_another_account_took_meanwhile_is_refused(
    account: BrokerageAccount, child: KycApplication
) -> None:
    KycApplication.objects.filter(account=account).update(email_address="Ada+Tim@example.com")
    with pytest.raises(kinds.HasItAlready, match="address"):
        submit(child)


def begun_before_the_first_account(client: Client) -> KycApplication:
    """An IRA of which much was answered before another account of the person was opened."""
    user: User = UserFactory.create()
    draft = KycApplicationFactory.create(user=user, account_kind=AccountKind.IRA)
    keep(draft, beneficiaries_answered=True, account_sub_type="roth", number_of_beneficiaries="0")
    BrokerageAccountFactory.create(user=user)
    client.force_login(user)
    draft.refresh_from_db()
    return draft


def test_submit_of_a_draft_begun_before_the_first_account_is_refused_until_it_names_it(
    client: Client,
) -> None:
    draft = begun_before_the_first_account(client)
    assert missing(draft) == []
    with pytest.raises(obstacles.BegunBefore):
        submit(draft)
    assert "See all your accounts" in check_page(client, draft)

    again = begin(draft.user, AccountKind.IRA)

    assert (again.pk, again.answer("account_sub_type")) == (draft.pk, "roth")
    first = BrokerageAccount.objects.get(user=draft.user)
    assert again.holder_id == first.broker_account_id
    assert (again.tax_id, again.tax_id_last4) == ("", "")
    submit(again)
    again.refresh_from_db()
    assert again.status == ApplicationStatus.SUBMITTING


@pytest.mark.parametrize("status", ["ACTIVE", "SUBMITTED", "ACTION_REQUIRED"])
def test_second_individual_application_is_refused_on_its_first_page_and_when_it_is_sent(
    client: Client, status: str
) -> None:
    account = BrokerageAccountFactory.create(status=status)
    second = KycApplicationFactory.create(user=account.user)
    client.force_login(account.user)

    opened = client.get(addresses.url(second, "apply")).content.decode()
    with pytest.raises(kinds.HasItAlready):
        submit(second)
    shown = check_page(client, second)

    for page in (opened, shown):
        assert "You have an individual account here" in page
        assert "See all your accounts" in page
    assert "Send my application" not in shown
    page = addresses.url(second, "apply_step", "name")
    for reply in (client.get(page), client.post(page, {"given_name": "Ada", "family_name": "King"})):
        assert reply.url == addresses.url(second, "apply")  # type: ignore[attr-defined]
    second.refresh_from_db()
    assert (second.status, second.family_name) == (ApplicationStatus.DRAFT, "Byron")
    offers = client.get(reverse("account_kinds")).content.decode()
    assert account.title in offers


@pytest.mark.parametrize("over", ["ACCOUNT_CLOSED", "REJECTED"])
def test_individual_application_after_one_that_came_to_nothing_meets_no_obstacle(over: str) -> None:
    account = BrokerageAccountFactory.create()
    BrokerageAccount.objects.filter(pk=account.pk).update(status=over)
    second = KycApplicationFactory.create(user=account.user)
    assert obstacles.find(second) is None


def test_apply_while_another_kind_is_under_way_is_refused_before_any_page(client: Client) -> None:
    waiting = BrokerageAccountFactory.create(status="SUBMITTED")
    KycApplication.objects.filter(account=waiting).update(account_kind=AccountKind.IRA)
    client.force_login(waiting.user)
    reply = client.get(reverse("apply"), follow=True)
    assert reply.redirect_chain == [(reverse("account_kinds"), 302)]
    assert "Your first account has to be open before you apply for another" in reply.content.decode()
    assert not KycApplication.objects.filter(account=None).exists()


def test_apply_with_another_kind_open_begins_with_what_is_known(
    person: Client, account: BrokerageAccount
) -> None:
    KycApplication.objects.filter(account=account).update(account_kind=AccountKind.IRA)
    assert person.get(reverse("apply")).status_code == 200
    begun = KycApplication.objects.get(account=None)
    assert (begun.account_kind, begun.holder_id) == (AccountKind.INDIVIDUAL, account.broker_account_id)


def test_submit_of_somebody_s_first_application_meets_no_obstacle() -> None:
    application = KycApplicationFactory.create()
    assert obstacles.find(application) is None
    submit(application)
    KycApplication.objects.filter(pk=application.pk).update(status="NEEDS_CHANGES")
    application.refresh_from_db()
    assert obstacles.find(application) is None


def days_from_now(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("page", "answers", "words"),
    [
        ("child", {"minor_date_of_birth": days_from_now(-19 * 366)}, "for a child under 18"),
        ("visa", {**ON_A_VISA, "visa_expiration_date": days_from_now(-1)}, "in the past"),
        ("eligibility", {"country_of_residence": "PRK"}, "US sanctions forbid it"),
        ("eligibility", {**ON_A_VISA, "country_of_tax_residence": "DEU"}, "only if they are tax residents"),
        ("eligibility", {"date_of_birth": timezone.localdate() - timedelta(days=17 * 365)}, "18 or older"),
    ],
)
def test_answer_that_would_not_be_taken_any_more_is_asked_again_and_says_why(
    person: Client, child: KycApplication, page: str, answers: dict[str, Any], words: str
) -> None:
    assert missing(child) == []
    keep(child, **answers)
    assert page in missing(child)
    with pytest.raises(steps.ApplicationIncomplete, match=PAGES[page].title.replace("?", r"\?")):
        submit(child)
    assert words in check_page(person, child)
    assert words in person.get(addresses.url(child, "apply_step", page)).content.decode()


def test_approve_of_what_cannot_be_sent_any_more_is_refused_with_why(settings: Any) -> None:
    settings.STAFF_APPROVE_APPLICATIONS = True
    application = KycApplicationFactory.create()
    ends = {**ON_A_VISA, "visa_expiration_date": days_from_now(1)}
    keep(application, **ends)
    submit(application)
    application.refresh_from_db()
    keep(application, visa_expiration_date=days_from_now(-1))
    with pytest.raises(IllegalMove, match=r"Visa ends: .* in the past"):
        reviews.approve(
            application=application, reason="All agree.", by=StaffFactory.create(), now=timezone.now()
        )


def test_approve_of_what_the_broker_has_come_to_ask_since_is_refused(settings: Any) -> None:
    settings.STAFF_APPROVE_APPLICATIONS = True
    application = KycApplicationFactory.create()
    submit(application)
    application.refresh_from_db()
    keep(application, wants_trusted_contact=None)
    missing_page = PAGES["trusted-contact"].title
    with pytest.raises(IllegalMove, match=f"“{missing_page}” is not complete. Ask the person for it."):
        reviews.approve(
            application=application, reason="All agree.", by=StaffFactory.create(), now=timezone.now()
        )
