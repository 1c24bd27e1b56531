"""“Secure my account”: everybody out, no money out, until staff clear it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts import holds, securing
from brokerapp.accounts.capabilities import AccountSecured, Capability, refusal
from brokerapp.accounts.models import WithdrawalHold
from brokerapp.accounts.statuses import HoldReason
from brokerapp.live.sessions import get_user_id
from brokerapp.notices.messages import message_of
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from tests.brokerapp.notices.test_reader import write_all
from tests.factories import PASSWORD, BrokerageAccountFactory, UserFactory

pytestmark = pytest.mark.django_db

SECURE, DONE, HOME = reverse("account_secure"), reverse("account_secured"), reverse("home")


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def is_signed_in(client: Client) -> bool:
    reply = client.get(reverse("account_email"))
    return reply.status_code == 200 or "login" not in reply["Location"]


def test_secure_signs_out_every_browser_and_stops_withdrawals() -> None:
    account = BrokerageAccountFactory.create()
    mine, thiefs, others = browser(account.user), browser(account.user), browser(UserFactory.create())
    assert mine.get(SECURE).status_code == 200
    assert is_signed_in(thiefs)

    reply = mine.post(SECURE)

    assert reply["Location"] == DONE
    assert Client().get(DONE).status_code == 200
    assert not is_signed_in(mine)
    assert not is_signed_in(thiefs)
    assert is_signed_in(others)
    assert isinstance(refusal(account, Capability.WITHDRAW), AccountSecured)
    assert SecurityEvent.objects.get(kind=Kind.SECURED).person_id == account.user_id


@pytest.mark.django_db(transaction=True)
def test_secure_ends_live_streams_of_every_session() -> None:
    person = UserFactory.create()
    key = browser(person).session.session_key
    assert get_user_id(str(key)) == str(person.pk)
    securing.secure_account(user=person)
    assert get_user_id(str(key)) is None


def test_secure_lets_the_person_sign_in_again_with_withdrawals_still_closed() -> None:
    account = BrokerageAccountFactory.create()
    securing.secure_account(user=account.user)
    securing.secure_account(user=account.user)
    client = Client()
    client.post(reverse("account_login"), {"login": account.user.email, "password": PASSWORD})
    assert is_signed_in(client)
    assert isinstance(refusal(account, Capability.WITHDRAW), AccountSecured)
    assert WithdrawalHold.objects.count() == 1


def test_secure_of_a_visitor_asks_to_sign_in_and_does_nothing() -> None:
    for reply in (Client().get(SECURE), Client().post(SECURE)):
        assert reply["Location"].startswith(reverse("account_login"))
    assert not WithdrawalHold.objects.exists()


def path_of(link: str) -> str:
    return link[link.index("/accounts/") :]


def test_link_secures_without_signing_in_but_not_by_being_opened() -> None:
    account = BrokerageAccountFactory.create()
    thief = browser(account.user)
    path = path_of(securing.link_for(account.user))
    page = Client().get(path)
    assert page.status_code == 200
    assert account.user.email not in page.content.decode()
    assert not WithdrawalHold.objects.exists()

    assert Client().post(path)["Location"] == DONE

    assert not is_signed_in(thief)
    assert isinstance(refusal(account, Capability.WITHDRAW), AccountSecured)


def test_link_posted_in_the_browser_of_a_signed_in_person_signs_that_out_too() -> None:
    person = UserFactory.create()
    client = browser(person)
    client.post(path_of(securing.link_for(person)))
    assert not is_signed_in(client)


def test_link_that_is_old_broken_of_another_purpose_or_of_nobody_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person, gone = UserFactory.create(), UserFactory.create(is_active=False)
    good = path_of(securing.link_for(person))
    other = reverse("account_secure_by_link", args=[signing.dumps(person.pk, salt="intent:transfer")])
    for path in (good[:-3] + "aa/", other, path_of(securing.link_for(gone))):
        assert Client().get(path).status_code == 410
        assert Client().post(path).status_code == 410
    monkeypatch.setattr(securing, "LINK_LASTS", timedelta(seconds=-1))
    assert "can no longer be used" in Client().get(good).content.decode()
    assert not WithdrawalHold.objects.exists()


def test_secure_needs_the_token_against_forged_forms() -> None:
    client = Client(enforce_csrf_checks=True)
    person = UserFactory.create()
    client.force_login(person)
    assert client.post(SECURE).status_code == 403
    assert client.post(path_of(securing.link_for(person))).status_code == 403


def test_menu_leads_to_it() -> None:
    assert f'href="{SECURE}"' in browser(UserFactory.create()).get(reverse("display")).content.decode()


def test_person_is_mailed_once_of_being_secured_and_once_of_being_cleared() -> None:
    person, staff = UserFactory.create(), UserFactory.create(is_staff=True)
    hold = securing.secure_account(user=person)
    holds.lift_hold(hold=hold, by=staff, reason="She came with her passport.")
    write_all()
    write_all()
    assert [notice.kind for notice in Notice.objects.order_by("id")] == [
        NoticeKind.SECURED,
        NoticeKind.WITHDRAWALS_OPENED,
    ]
    secured, opened = map(message_of, Notice.objects.order_by("id"))
    assert secured.to == opened.to == [person.email]
    assert "everybody was signed out" in str(secured.body)
    assert "passport" not in str(opened.body)


def test_mail_of_a_hold_has_the_reason_the_time_and_a_link_that_secures(settings: Any) -> None:
    settings.SITE_URL = "https://broker.example.com/"
    person = UserFactory.create()
    hold = holds.place_hold(person, HoldReason.PASSWORD, now=timezone.now())
    assert hold is not None
    write_all()
    message = message_of(Notice.objects.get())
    body = str(message.body)
    assert "Because your password was changed" in body
    assert holds.until_text(hold) in body
    assert person.email not in body
    assert "{" not in body
    assert "&" not in body
    (link,) = re.findall(r"https://\S+", body)
    assert Client().get(link.removeprefix("https://broker.example.com")).status_code == 200
