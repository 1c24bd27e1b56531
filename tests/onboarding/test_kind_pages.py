"""Pages of several applications of one person: told apart, and nobody else's."""

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from onboarding import addresses
from onboarding.agreements import asked_for
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus
from tests.factories import BrokerageAccountFactory, UserFactory
from tests.onboarding.account_kinds import begin

pytestmark = pytest.mark.django_db


def test_pages_of_several_applications_are_told_apart(person: Client, account: BrokerageAccount) -> None:
    ira, child = begin(account.user, AccountKind.IRA), begin(account.user, AccountKind.CUSTODIAL)
    for application, key in ((ira, "retirement"), (child, "custody")):
        page = person.get(addresses.url(application, "apply")).content.decode()
        assert f'href="/apply/{key}/{application.pk}/"' in page
        assert f"/apply/check/{application.pk}/" not in page  # not complete
    person.post(addresses.url(ira, "apply_step", "retirement"), {"account_sub_type": "roth"})
    child.refresh_from_db()
    ira.refresh_from_db()
    assert (ira.answer("account_sub_type"), child.answer("account_sub_type")) == ("roth", None)
    # The address without an id is still the first application's.
    assert person.get(reverse("apply")).url == reverse("application_status")  # type: ignore[attr-defined]
    assert person.get(addresses.url(child, "apply_step", "retirement")).status_code == 302
    page = person.get(reverse("account_kinds")).content.decode()
    assert "Go on: Retirement account (IRA)" in page
    assert addresses.url(child, "apply") in page


@pytest.mark.parametrize("name", ["apply", "apply_check", "application_status"])
def test_application_of_another_person_is_not_there(client: Client, name: str) -> None:
    client.force_login(UserFactory.create())
    theirs = begin(BrokerageAccountFactory.create().user, AccountKind.IRA)
    for url in (addresses.url(theirs, name), addresses.url(theirs, "apply_step", "retirement")):
        assert client.get(url).status_code == 404
    assert client.post(addresses.url(theirs, "apply_check")).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == ApplicationStatus.DRAFT


def test_account_kinds_begins_and_refuses(person: Client, account: BrokerageAccount) -> None:
    reply = person.post(reverse("account_kinds"), {"kind_of_account": "ira"})
    ira = KycApplication.objects.get(account_kind="ira")
    assert reply.url == f"/apply/{ira.pk}/"  # type: ignore[attr-defined]
    for kind in ("individual", "joint", ""):
        answer = person.post(reverse("account_kinds"), {"kind_of_account": kind})
        assert answer.url == reverse("account_kinds")  # type: ignore[attr-defined]
    assert KycApplication.objects.filter(user=account.user).count() == 2


def test_agreements_of_a_kind() -> None:
    assert [text.key for text in asked_for("individual")] == ["customer_agreement", "margin_agreement"]
    assert [text.key for text in asked_for("ira")] == ["customer_agreement", "etc_agreement"]
    assert [text.key for text in asked_for("custodial")] == ["customer_agreement"]
