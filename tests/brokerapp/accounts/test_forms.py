import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.adapters import AccountAdapter
from brokerapp.accounts.forms import LoginForm, ResetPasswordForm, SignupForm
from brokerapp.accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def signup(email: str, password: str = PASSWORD) -> SignupForm:
    return SignupForm({"email": email, "password1": password})


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("a" * 63 + "@example.com", "up to 60 characters"),
        ("ana+" + "b" * 90 + "@example.com", "up to 60 characters"),
        ("ana@exämple.com", "plain letters only, so not “ä”"),
        ("aña@example.com", "plain letters only, so not “ñ”"),
        ("ana@localhost", "like name@example.com"),
        ('"a b"@example.com', "like name@example.com"),
        ("ana@example", "like name@example.com"),
        ("ana", "like name@example.com"),
        ("", "Enter your e-mail address."),
    ],
)
def test_signup_refuses_an_address_that_the_broker_will_refuse(email: str, words: str) -> None:
    assert words in signup(email).errors["email"][0]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana@Example.com\u200b", "ana@example.com"),
        ("ana+broker@example.com", "ana+broker@example.com"),
        ("ana‑maria@example.com", "ana-maria@example.com"),
        ("a" * 48 + "@example.com", "a" * 48 + "@example.com"),
        ("ana+" + "b" * 60 + "@example.com", "ana+" + "b" * 60 + "@example.com"),
    ],
)
def test_signup_takes_an_address_that_the_broker_takes(typed: str, kept: str) -> None:
    form = signup(typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["email"] == kept


def test_signup_page_keeps_a_refused_address(client: Client) -> None:
    reply = client.post(reverse("account_signup"), {"email": "ana@exämple.com", "password1": PASSWORD})
    assert "plain letters only" in reply.content.decode()
    assert 'value="ana@exämple.com"' in reply.content.decode()
    assert not User.objects.exists()


def test_reset_password_finds_people_whatever_the_broker_takes() -> None:
    long = "a" * 70 + "@example.com"
    User.objects.create_user(long, PASSWORD)
    form = ResetPasswordForm({"email": long})
    assert form.is_valid(), form.errors
    assert [user.email for user in form.users] == [long]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "10 characters or more"),
        ("password123", "Many people use this password"),
        ("ana.miller@x", "too much like your e-mail address"),
        ("", "Enter a password."),
    ],
)
def test_signup_says_what_is_wrong_with_a_password(password: str, words: str) -> None:
    assert words in str(signup("ana.miller@example.com", password).errors["password1"])


def test_login_says_that_the_two_do_not_belong_together(client: Client) -> None:
    reply = client.post(reverse("account_login"), {"login": "ana@example.com", "password": "wrong"})
    assert "do not belong together" in reply.content.decode()


def test_login_takes_a_pasted_address() -> None:
    assert LoginForm().fields["login"].clean("\u200bAna@example.com ") == "ana@example.com"


def test_adapter_has_words_of_ours_for_every_refusal() -> None:
    theirs = super(AccountAdapter, AccountAdapter).error_messages
    assert set(AccountAdapter.error_messages) == set(theirs)
    assert not {str(text) for text in theirs.values()} & set(AccountAdapter.error_messages.values())
