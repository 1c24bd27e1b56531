"""No page about signing in is a dead end, and all of them are in our words."""

import re
from pathlib import Path
from typing import Any

import allauth.account
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.access import SIGNED_OUT
from brokerapp.accounts.models import User
from brokerapp.ui.links import account_url
from brokerapp.workflow import intents
from funding.models import Transfer
from funding.statuses import Direction
from tests.factories import (
    PASSWORD,
    AssetFactory,
    BankLinkFactory,
    BrokerageAccountFactory,
    KycApplicationFactory,
    OrderFactory,
    QuoteFactory,
    UserFactory,
    confirm,
)
from trading.models import Order

pytestmark = pytest.mark.django_db

THEIR_WORDS = (
    "Bad Token",
    "Confirm Access",
    "Password Reset",
    "Change Password",
    "Set Password",
    "Email Address",
    "email address",
    "Sign Out",
    "Verify Your",
    "reauthenticate",
    "Successfully",
    "Re-send",
    "Please",
)
"""Of allauth's own pages and messages."""


def sign_in(client: Client, url: str, email: str) -> Any:
    """Sign in on the page that `url` led to."""
    return client.post(url, {"login": email, "password": PASSWORD})


# A session that ended


def review_pages() -> list[tuple[User, str]]:
    account = BrokerageAccountFactory.create(cash=1000, cash_withdrawable=1000, buying_power=1000)
    bank = BankLinkFactory.create(account)
    QuoteFactory.create()
    ticket = {"asset": str(AssetFactory.create().pk), "side": "BUY", "qty": "0.42"}
    amount = {"direction": Direction.INCOMING.value, "amount": "5.00", "bank": str(bank.pk)}
    return [
        (account.user, account_url(account, name, intents.mint(purpose, account.user_id, account.pk, data)))
        for name, purpose, data in (
            ("trading:order_review", "order", ticket),
            ("funding:transfer_review", "transfer", amount),
        )
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["order", "transfer"])
def test_session_that_ended_at_a_review_says_that_nothing_was_sent_and_comes_back_to_it(which: int) -> None:
    person, review = review_pages()[which]
    client = Client()
    client.force_login(person)
    assert client.get(review).status_code == 200
    client.logout()

    answer = client.post(review, {"seen_price": "200.10"})
    page = client.get(answer["Location"])
    assert SIGNED_OUT in page.content.decode()
    back = sign_in(client, answer["Location"], person.email)
    assert back["Location"] == review
    assert client.get(review).status_code == 200
    assert (Order.objects.count(), Transfer.objects.count()) == (0, 0)


def test_session_that_ended_at_a_button_comes_back_to_the_page_that_had_it() -> None:
    account = BrokerageAccountFactory.create()
    order = OrderFactory.create(account, status="new")
    page = account_url(account, "trading:order", order.pk)
    client = Client()
    cancel = account_url(account, "trading:cancel_order", order.pk)
    answer = client.post(cancel, headers={"Referer": f"http://testserver{page}"})
    assert sign_in(client, answer["Location"], account.user.email)["Location"] == page

    for elsewhere in ("https://elsewhere.example/a/", ""):
        client = Client()
        answer = client.post(cancel, headers={"Referer": elsewhere})
        assert sign_in(client, answer["Location"], account.user.email)["Location"] == reverse("home")


def test_session_that_ended_at_a_question_comes_back_to_it() -> None:
    person = KycApplicationFactory.create().user
    client = Client()
    question = reverse("apply_step", args=["name"]) + "?check"
    answer = client.post(question, {"given_name": "Eve"})
    assert SIGNED_OUT in client.get(answer["Location"]).content.decode()
    assert sign_in(client, answer["Location"], person.email)["Location"] == question


def test_visitor_of_a_page_is_not_told_that_they_were_signed_out() -> None:
    client = Client()
    answer = client.get(reverse("apply"))
    assert SIGNED_OUT not in client.get(answer["Location"]).content.decode()


# Applicants are told why they are on the application


SECTIONS = [
    ("/portfolio/", "Your portfolio opens once your account is open."),
    ("/trade/", "Trading opens once your account is open."),
    ("/orders/", "Your orders open once your account is open."),
    ("/transfer/", "Transfers open once your account is open."),
]


@pytest.mark.parametrize(("path", "words"), [*SECTIONS, ("/trade/AAPL/", SECTIONS[1][1])])
def test_applicant_who_opens_a_section_is_told_why_they_see_the_application(path: str, words: str) -> None:
    client = Client()
    client.force_login(UserFactory.create())
    page = client.get(path, follow=True)
    assert page.request["PATH_INFO"] == reverse("apply")
    assert words in page.content.decode()
    assert words not in client.get(reverse("apply")).content.decode()


@pytest.mark.parametrize("status", ["SUBMITTED", "APPROVAL_PENDING", "ACTION_REQUIRED", "REJECTED"])
@pytest.mark.parametrize(("path", "words"), SECTIONS)
def test_applicant_whose_account_is_not_open_is_told_why_they_see_the_application(
    path: str, words: str, status: str
) -> None:
    account = BrokerageAccountFactory.create(status=status)
    client = Client()
    client.force_login(account.user)
    page = client.get(path, follow=True)
    assert page.request["PATH_INFO"] == account_url(account, "account_status")
    assert words in page.content.decode()
    assert words not in client.get(account_url(account, "account_status")).content.decode()


@pytest.mark.parametrize("status", ["ACTIVE", "ACCOUNT_UPDATED", "DISABLED", "ACCOUNT_CLOSED"])
def test_sections_of_an_account_that_was_opened_are_there(status: str) -> None:
    account = BrokerageAccountFactory.create(status=status)
    client = Client()
    client.force_login(account.user)
    for path, _ in SECTIONS:
        assert client.get(path, follow=True).request["PATH_INFO"] == f"/a/{account.pk}{path}"


# Mail


def test_check_your_mail_names_the_address_and_sends_again(client: Client, mailoutbox: list[Any]) -> None:
    client.post(reverse("account_signup"), {"email": "new@example.com", "password1": PASSWORD})
    url = reverse("account_email_verification_sent")
    page = client.get(url).content.decode()
    assert "<strong>new@example.com</strong>" in page
    assert "Send the link again" in page
    assert f'href="{reverse("account_signup")}"' in page

    assert "Give it three minutes" in client.post(url, follow=True).content.decode()
    assert len(mailoutbox) == 1
    cache.clear()  # three minutes later
    assert "We have sent the link once more." in client.post(url, follow=True).content.decode()
    first, second = (re.search(r"\S+/confirm-email/\S+", mail.body) for mail in mailoutbox)
    assert first
    assert second
    assert client.post(second[0].split("testserver")[1]).status_code == 302
    assert client.get(reverse("apply")).status_code == 200


def test_check_your_mail_of_a_known_address_does_not_say_so(client: Client, mailoutbox: list[Any]) -> None:
    known = UserFactory.create()
    url = reverse("account_email_verification_sent")
    pages = []
    for address in (known.email, "fresh@example.com"):
        client = Client()
        client.post(reverse("account_signup"), {"email": address, "password1": PASSWORD})
        cache.clear()
        said = client.post(url, follow=True).content.decode().replace(address, "")
        pages.append(re.sub(r'value="\w{64}"', "", said))
    assert pages[0] == pages[1]
    assert [mail.to[0] for mail in mailoutbox] == [known.email] * 2 + ["fresh@example.com"] * 2
    assert "/confirm-email/" not in mailoutbox[1].body


def sign_up(client: Client, address: str) -> None:
    assert (
        client.post(reverse("account_signup"), {"email": address, "password1": PASSWORD}).status_code == 302
    )


def people() -> set[str]:
    return set(User.objects.values_list("email", flat=True))


def test_use_another_address_takes_the_first_sign_up_back(client: Client, mailoutbox: list[Any]) -> None:
    known = UserFactory.create().email
    sign_up(client, "mistyped@example.com")
    sign_up(client, "right@example.com")
    assert people() == {known, "right@example.com"}
    link = re.search(r"\S+/confirm-email/\S+", mailoutbox[0].body)
    assert link
    assert "used already or is too old" in client.get(link[0].split("testserver")[1]).content.decode()

    sign_up(client, known)
    assert people() == {known}


def test_use_another_address_keeps_who_has_confirmed_or_signed_up_elsewhere(
    client: Client, mailoutbox: list[Any]
) -> None:
    sign_up(client, "first@example.com")
    sign_up(client, "first@example.com")
    assert people() == {"first@example.com"}
    link = re.search(r"\S+/confirm-email/\S+", mailoutbox[0].body)
    assert link
    Client().post(link[0].split("testserver")[1])
    sign_up(client, "second@example.com")
    sign_up(Client(), "third@example.com")
    assert people() == {"first@example.com", "second@example.com", "third@example.com"}


def test_check_your_mail_without_a_sign_up_sends_nothing(client: Client, mailoutbox: list[Any]) -> None:
    url = reverse("account_email_verification_sent")
    assert reverse("account_login") in client.get(url).content.decode()
    client.post(url)
    assert mailoutbox == []


def test_sign_in_before_the_address_is_confirmed_can_send_again(
    client: Client, mailoutbox: list[Any]
) -> None:
    person = UserFactory.create(verified=False)
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert answer["Location"] == reverse("account_email_verification_sent")
    cache.clear()
    client.post(answer["Location"])
    assert [mail.to[0] for mail in mailoutbox] == [person.email] * 2


# Passwords


def test_reset_password_has_a_way_on_at_each_page(client: Client, mailoutbox: list[Any]) -> None:
    person = UserFactory.create()
    sent = client.post(reverse("account_reset_password"), {"email": person.email}, follow=True)
    assert f'href="{reverse("account_login")}"' in sent.content.decode()
    (mail,) = mailoutbox
    assert "person " not in mail.subject + mail.body
    link = next(word for word in mail.body.split() if "/reset/key/" in word).split("testserver")[1]
    form = client.get(link, follow=True)
    key_page = form.request["PATH_INFO"]
    new = {"password1": "another-horse-battery", "password2": "another-horse-battery"}
    done = client.post(key_page, new, follow=True).content.decode()
    assert "Your new password is saved" in done
    assert f'class="button" href="{reverse("account_login")}"' in done

    used = Client().get(link, follow=True).content.decode()
    assert "This link cannot be used" in used
    assert f'href="{reverse("account_reset_password")}"' in used


def test_menu_leads_to_password_and_address(client: Client) -> None:
    person = UserFactory.create()
    client.force_login(person)
    page = client.get(reverse("display")).content.decode()
    assert f'href="{reverse("account_security")}"' in page
    page = client.get(reverse("account_security")).content.decode()
    confirm(client)
    for name, title in (
        ("account_change_password", "Change your password"),
        ("account_email", "Your e-mail address"),
        ("mfa_index", "Your second step"),
        ("usersessions_list", "Your devices"),
    ):
        assert f'href="{reverse(name)}"' in page
        assert title in client.get(reverse(name)).content.decode()


def test_change_of_the_address_can_be_sent_again_and_taken_back(
    client: Client, mailoutbox: list[Any]
) -> None:
    person = UserFactory.create()
    client.force_login(person)
    confirm(client)
    url = reverse("account_email")
    page = client.post(url, {"email": "other@example.com", "action_add": "1"}, follow=True).content.decode()
    assert "Waiting to be confirmed" in page
    cache.clear()
    client.post(url, {"email": "other@example.com", "action_send": ""})
    assert [mail.to[0] for mail in mailoutbox] == ["other@example.com", person.email, "other@example.com"]
    page = client.post(url, {"email": "other@example.com", "action_remove": ""}, follow=True).content.decode()
    assert "Waiting to be confirmed" not in page
    person.refresh_from_db()
    assert person.email in page
    refused = client.post(url, {"email": "ana@exämple.com", "action_add": "1"}).content.decode()
    assert "plain letters only" in refused


# Words


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_email",
        "account_email_verification_sent",
        "account_inactive",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_set_password",
        "account_signup",
    ],
)
def test_pages_about_signing_in_are_in_our_words(client: Client, name: str, signed_in: bool) -> None:
    if signed_in:
        client.force_login(UserFactory.create())
    page = client.get(reverse(name), follow=True).content.decode()
    text = re.sub(r"<[^>]+>", " ", page)
    assert [words for words in THEIR_WORDS if words in text] == []
    assert not re.search(r"\bperson \d", text)


def test_bad_link_is_in_our_words(client: Client) -> None:
    url = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "x-y"})
    assert "This link cannot be used" in client.get(url, follow=True).content.decode()
    confirm = client.get(reverse("account_confirm_email", args=["nonsense"])).content.decode()
    assert "used already or is too old" in confirm


def test_sign_in_and_out_name_nobody(client: Client) -> None:
    person = UserFactory.create()
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD}, follow=True)
    assert "Successfully" not in answer.content.decode()
    assert f"person {person.pk}" not in answer.content.decode()
    assert "You are signed out." in client.post(reverse("account_logout"), follow=True).content.decode()


def test_every_template_of_allauth_in_use_is_ours() -> None:
    """Pages, mails and messages; what is for features that are off here is left."""
    theirs = Path(allauth.account.__file__).parents[1] / "templates"
    ours = Path(settings.BASE_DIR) / "templates"
    off = re.compile(
        r"account/.*(_code|phone|passkey|confirm_login)|base_(entrance|manage|confirm)|/email\.html$|email_confirm_"
        r"|/base\.html$|trust\.html|signup_form|login_script"
    )
    kept = {
        path.relative_to(theirs)
        for app in ("account", "mfa", "usersessions")
        for path in (theirs / app).rglob("*.*")
        if not off.search(str(path))
    }
    assert {str(path) for path in kept if not (ours / path).exists()} == set()
