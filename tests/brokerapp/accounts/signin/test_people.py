"""Sign-ups: one account for each address, and no telling which addresses are known."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from tests.factories import PASSWORD, UserFactory


def sign_up(email: str, client: Client | None = None) -> Any:
    return (client or Client()).post(reverse("account_signup"), {"email": email, "password1": PASSWORD})


@pytest.mark.django_db(transaction=True)
def test_sign_up_four_times_at_once_makes_one_account_and_no_failure(
    mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(4)
    check = User.set_password

    def meet(user: User, password: str | None) -> None:
        check(user, password)
        together.wait(timeout=20)  # all have found the address free by now

    monkeypatch.setattr(User, "set_password", meet)

    def one(_: int) -> int:
        try:
            return int(sign_up("new@example.com").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(4))) == [302] * 4
    person = User.objects.get()
    assert person.emailaddress_set.count() == 1  # type: ignore[attr-defined]
    assert person.check_password(PASSWORD)
    assert {mail.to[0] for mail in mailoutbox} == {"new@example.com"}


@pytest.mark.django_db
def test_sign_up_hashes_a_password_whether_or_not_the_address_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    known = UserFactory.create()
    hashed.clear()
    replies = []
    for email in (known.email, "fresh@example.com"):
        replies.append(sign_up(email))
        assert hashed == [PASSWORD], email
        hashed.clear()
    assert len({(reply.status_code, reply["Location"]) for reply in replies}) == 1
    assert len({tuple(sorted(reply.cookies)) for reply in replies}) == 1
