"""Accounts for a child: the pages about the child, and the request that they make."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from onboarding import addresses
from onboarding.forms import FORMS
from onboarding.kinds import AccountKind
from onboarding.refusals import read_refusal
from onboarding.services import retention
from onboarding.statuses import ApplicationStatus
from tests.onboarding.account_kinds import CHILD, CHILD_PAGES, begin, body, fill_in, missing

pytestmark = pytest.mark.django_db


def test_custodial_request_is_what_was_typed(person: Client, account: BrokerageAccount) -> None:
    child = fill_in(person, begin(account.user, AccountKind.CUSTODIAL), CHILD_PAGES)
    assert missing(child) == []
    sent = body(child)
    assert sent["account_type"] == "custodial"
    assert sent["minor_identity"] == {
        "given_name": "Tim",
        "family_name": "Byron",
        "date_of_birth": f"{CHILD['minor_date_of_birth_year']}-03-31",
        "tax_id": "124554322",
        "tax_id_type": "USA_SSN",
        "email": "tim@example.com",
        "country_of_citizenship": "USA",
        "country_of_birth": "CAN",
        "country_of_tax_residence": "USA",
        "state": "NY",
    }
    assert (sent["identity"]["given_name"], sent["identity"]["tax_id"]) == ("Ada", "124554321")
    assert sent["contact"]["email_address"] == "ada+tim@example.com"
    assert child.minor_tax_id_last4 == "4322"
    check = person.get(addresses.url(child, "apply_check")).content.decode()
    assert "•••-••-4322" in check
    assert "124554322" not in check
    page = person.get(addresses.url(child, "apply_step", "child")).content.decode()
    assert "124-55-4322" not in page
    assert "124554322" not in page


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (date(2000, 1, 1), "under 18"),
        (date(2200, 1, 1), "in the future"),
    ],
)
def test_child_who_is_none(person: Client, account: BrokerageAccount, born: date, words: str) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    typed = {**CHILD, "minor_date_of_birth_year": str(born.year)}
    form = FORMS["child"](typed, application=child)
    assert words in str(form.errors["minor_date_of_birth"])


def test_account_email_is_not_one_that_the_broker_has(account: BrokerageAccount) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    for typed in (account.user.email, account.user.email.upper()):
        form = FORMS["account-email"]({"account_email": typed}, application=child)
        assert "another account of yours" in str(form.errors["account_email"])


def test_drop_tax_ids_forgets_the_child_s_too(account: BrokerageAccount) -> None:
    application = account.application
    application.tax_id, application.minor_tax_id = "", "124554322"
    application.save()
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=10_000)) == 1
    application.refresh_from_db()
    assert application.minor_tax_id == ""


def test_refusal_about_the_child_leads_to_its_page(account: BrokerageAccount) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    child.status = ApplicationStatus.NEEDS_CHANGES
    for said, key in (
        ("minor_identity.state is invalid", "child"),
        ("minor_identity.date_of_birth is invalid: must be a minor", "child"),
        ("email address already exists", "account-email"),
        ("postal_code is invalid", "contact"),
    ):
        child.status_reason = said
        refusal = read_refusal(child)
        assert refusal is not None
        assert [change.url for change in refusal.changes] == [f"/apply/{key}/{child.pk}/?check"], said
