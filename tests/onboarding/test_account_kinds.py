"""One more account of the same person at the sandbox: to the open account, and replies that are lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import sync_account
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.journeys import open_account_at
from tests.onboarding.account_kinds import CHILD_PAGES, IRA_PAGES, begin, fill_in, send
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "pages", "title"),
    [(AccountKind.IRA, IRA_PAGES, "Roth IRA"), (AccountKind.CUSTODIAL, CHILD_PAGES, "Custodial")],
)
def test_kind_reaches_an_open_account(
    sandbox: SandboxProcess, client: Client, kind: AccountKind, pages: Any, title: str
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    own = [(key, typed | _address(first.user, key)) for key, typed in pages]
    application = send(fill_in(client, begin(first.user, kind), own))
    made = BrokerageAccount.objects.get(application=application)
    assert made.pk != first.pk
    sandbox.set_account_status(str(made.broker_account_id), "ACTIVE")
    made = sync_account(account=made)
    assert made.is_open
    assert made.title == f"{title} ••{made.last4}"
    at_broker = sandbox.get(f"/v1/accounts/{made.broker_account_id}")
    if kind == AccountKind.IRA:
        assert at_broker["primary_account_holder_id"] == str(first.broker_account_id)
        assert at_broker["account_sub_type"] == made.account_sub_type == "roth"
        # Without etc_agreement the sandbox opens no IRA of somebody it knows; replies do not name it.
        assert [entry["agreement"] for entry in at_broker["agreements"]] == ["customer_agreement"]
    else:
        assert at_broker["minor_identity"]["given_name"] == "Tim"
        assert at_broker["contact"]["email_address"] == application.email_address


def _address(user: User, key: str) -> dict[str, str]:
    name, _, domain = user.email.partition("@")
    return {"account_email": f"{name}+tim@{domain}"} if key == "account-email" else {}


def test_lost_reply_of_one_more_account_is_settled_by_what_it_names(
    sandbox: SandboxProcess, client: Client
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    ira = fill_in(client, begin(first.user, AccountKind.IRA), IRA_PAGES)
    applications.submit_application(application=ira, by=first.user, now=timezone.now())
    ira.refresh_from_db()
    sandbox.fail_next("POST", "/v1/accounts", "drop_reply")
    applications.open_account(application=ira, now=timezone.now())
    ira.refresh_from_db()
    assert ira.status == ApplicationStatus.UNKNOWN
    applications.settle_application(application=ira, now=timezone.now())
    ira.refresh_from_db()
    assert ira.status == ApplicationStatus.SUBMITTED
    assert ira.account is not None
    assert ira.account.broker_account_id != first.broker_account_id
    found = sandbox.get("/v1/accounts", params={"query": first.user.email})
    assert len(found) == 2


def test_lost_request_of_one_more_account_is_sent_again_only_when_it_cannot_arrive(
    sandbox: SandboxProcess, client: Client
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    ira = fill_in(client, begin(first.user, AccountKind.IRA), IRA_PAGES)
    now = datetime.now(UTC)
    applications.submit_application(application=ira, by=first.user, now=now)
    KycApplication.objects.filter(pk=ira.pk).update(status="UNKNOWN", claimed_at=now)
    for later, status in ((timedelta(minutes=1), "UNKNOWN"), (timedelta(minutes=6), "SUBMITTED")):
        ira.refresh_from_db()
        applications.settle_application(application=ira, now=now + later)
        ira.refresh_from_db()
        assert ira.status == status
