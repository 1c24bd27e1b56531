"""What a mail says: plain words, a reference, a page that opens, and nothing personal but four digits."""

import re

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.template.loader import get_template
from django.test import Client

from brokerapp.notices.kinds import WORDS
from brokerapp.notices.messages import message_of
from brokerapp.notices.models import Notice, NoticeKind
from tests.brokerapp.notices.revisions import REVISIONS
from tests.brokerapp.notices.test_reader import write_all
from tests.factories import BANK

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def mail_about(name: str) -> tuple[Notice, EmailMessage]:
    REVISIONS[name][0]()
    write_all()
    notice = Notice.objects.get()
    return notice, message_of(notice)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_words(kind: NoticeKind) -> None:
    assert WORDS[kind].subject
    assert get_template(f"notices/{kind.lower()}.txt")


@pytest.mark.parametrize("name", REVISIONS)
def test_message_of_leads_to_a_page_that_shows_its_reference(
    name: str, client: Client, settings: LazySettings
) -> None:
    settings.SITE_URL = "https://broker.example.com/"
    notice, message = mail_about(name)

    (link, *_) = re.findall(r"https://\S+", str(message.body))

    client.force_login(notice.user)
    page = client.get(link.removeprefix("https://broker.example.com"), follow=True)
    assert page.status_code == 200
    assert f"Our reference: {notice.row_id}" in message.body
    if not notice.row_type.endswith("Account"):
        assert notice.row_id in page.content.decode()


@pytest.mark.parametrize("name", REVISIONS)
def test_message_of_holds_nothing_personal_but_the_last_four(name: str) -> None:
    notice, message = mail_about(name)

    # Ids are drawn anew each time, and may hold any four digits.
    text = re.sub("[0-9a-f-]{36}", "", f"{message.subject}\n{message.body}")

    assert "Account: Individual ••6106" in text
    number = "684486106"
    for personal in ("Ada", "Byron", number, "4321", "6789", BANK["bank_account_number"], "100.00", "AAPL"):
        assert personal not in text
    assert notice.user.email not in text
    assert "&" not in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deposit rejected", "no longer in your account"),
        ("withdrawal canceled", "comes back to your account"),
    ],
)
def test_message_of_tells_where_the_money_of_a_transfer_is(name: str, text: str) -> None:
    assert text in mail_about(name)[1].body
