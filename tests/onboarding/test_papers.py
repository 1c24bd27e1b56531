"""A new paper is asked for once for each paper and day, with one notice, until there is a newer one."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.notices.kinds import NoticeKind
from brokerapp.notices.messages import message_of
from brokerapp.notices.models import Notice
from brokerapp.notices.reader import write_notices
from brokerapp.workflow.models import StatusChange
from onboarding import tasks
from onboarding.cases import DuePaper
from onboarding.profile import ASKED_BEFORE
from onboarding.services import papers
from tests.factories import BrokerageAccountFactory, confirm, staff_in_role
from tests.onboarding import abroad

pytestmark = pytest.mark.django_db

ENDS = timezone.localdate() + ASKED_BEFORE + timedelta(days=100)
# A day apart from that on which it is asked for, and one more for a summer time that begins between.
EARLY = timezone.now() + timedelta(days=98)
IN_TIME = timezone.now() + timedelta(days=102)


@pytest.fixture
def account() -> BrokerageAccount:
    """Of somebody whose passport ends on `ENDS`."""
    return abroad.create_account(identity_paper_expires=ENDS.isoformat())


def told() -> list[str]:
    """The kinds of notices about papers that the history makes, however often it is read."""
    for _ in range(2):
        write_notices(StatusChange.objects.filter(row_type="onboarding.DuePaper").order_by("pk"))
    return list(Notice.objects.filter(row_type="onboarding.DuePaper").values_list("kind", flat=True))


def gave(account: BrokerageAccount, ends: date) -> None:
    """The broker took a new passport."""
    answers = {"identity_paper_expires": ends.isoformat()}
    account.profile_changes.create(user=account.user, part="paper", answers=answers, status="APPLIED")


def test_ask_again_is_done_once_for_a_paper_and_day_and_told_once(account: BrokerageAccount) -> None:
    assert papers.ask_again(now=EARLY) == 0
    assert papers.ask_again(now=IN_TIME) == 1
    assert papers.ask_again(now=IN_TIME + timedelta(days=1)) == 0
    assert papers.ask_again(now=IN_TIME + timedelta(days=300)) == 0
    (row,) = DuePaper.objects.all()
    assert (row.user_id, row.part, row.ends_on) == (account.user_id, "paper", ENDS)
    assert told() == [NoticeKind.PAPER_DUE]


def test_ask_again_of_a_newer_paper_is_done_when_that_one_ends(account: BrokerageAccount) -> None:
    papers.ask_again(now=IN_TIME)
    later = ENDS + timedelta(days=1000)
    gave(account, later)
    assert papers.ask_again(now=IN_TIME) == 0
    assert DuePaper.objects.get().status == "OVER"
    assert papers.ask_again(now=IN_TIME + timedelta(days=1000)) == 1
    assert set(DuePaper.objects.values_list("ends_on", flat=True)) == {ENDS, later}
    assert told() == [NoticeKind.PAPER_DUE] * 2


def test_ask_again_of_a_visa_says_what_is_missing() -> None:
    account = abroad.create_account(
        country_of_residence="USA",
        country_of_tax_residence="USA",
        state="CA",
        visa_type="H1B",
        visa_expiration_date=ENDS.isoformat(),
    )
    assert papers.ask_again(now=IN_TIME) == 1
    assert told() == [NoticeKind.PAPER_DUE]
    notice = Notice.objects.get(user=account.user, kind=NoticeKind.PAPER_DUE)
    mail = message_of(notice).body
    assert "Your stay in the United States" in mail
    assert str(ENDS.year) not in mail


@pytest.mark.parametrize("columns", [{"status": "ACCOUNT_CLOSED"}, {"status": "REJECTED"}])
def test_ask_again_leaves_out_accounts_that_are_not_open(
    account: BrokerageAccount, columns: dict[str, Any]
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(**columns)
    assert papers.ask_again(now=IN_TIME) == 0


def test_papers_that_end_are_a_list_that_staff_read_and_cannot_change(
    account: BrokerageAccount, django_assert_num_queries: Any
) -> None:
    papers.ask_again(now=IN_TIME)
    (row,) = DuePaper.objects.all()
    staff = Client()
    staff.force_login(staff_in_role(Role.SUPPORT))
    confirm(staff)
    address = reverse("admin:onboarding_duepaper_changelist")
    home = staff.get(reverse("admin:index")).content.decode()
    assert f'href="{address}"' in home
    listed = staff.get(address).content.decode()
    for words in ("Ana Souza", "Passport or identity card", f"{ENDS:%b}", "Asked for again"):
        assert words in listed
    assert str(row.pk) in listed
    page = staff.get(reverse("admin:onboarding_duepaper_change", args=[row.pk])).content.decode()
    assert "It ends soon, or has ended." in page
    assert 'name="_save"' not in page
    assert staff.get(reverse("admin:onboarding_duepaper_add")).status_code == 403
    with CaptureQueriesContext(connection) as of_one:
        staff.get(address)
    DuePaper.objects.bulk_create(
        DuePaper(user=other.user, account=other, part="visa", ends_on=ENDS)
        for other in (BrokerageAccountFactory.create() for _ in range(3))
    )
    with django_assert_num_queries(len(of_one)):
        staff.get(address)


def test_mail_about_a_paper_leads_to_the_profile_where_it_is_given(
    client: Client, account: BrokerageAccount
) -> None:
    ended = timezone.localdate() - timedelta(days=3)
    gave(account, ended)
    tasks.ask_for_papers()
    assert told() == [NoticeKind.PAPER_DUE]
    mail = message_of(Notice.objects.get(kind=NoticeKind.PAPER_DUE))
    address = reverse("profile", args=[account.pk])
    assert address in mail.body
    client.force_login(account.user)
    page = client.get(address).content.decode()
    assert "a new one is needed" in page
    assert reverse("change_profile", args=[account.pk, "paper"]) in page
