"""What a password has to be."""

import hashlib
from typing import Any

import httpx
import pytest
from django.core.exceptions import ValidationError
from pwned_passwords_django.api import PwnedPasswords

from brokerapp.security.passwords import NotBreached, NotOfThisSite, site_words


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = "https://trading.fieldstone.example"


def test_site_words_are_the_name_and_the_parts_of_the_address() -> None:
    assert {"brokerage", "fieldstone", "trading"} <= site_words()


@pytest.mark.parametrize(
    "password", ["Fieldstone2026!", "BROKERAGE-1234", "trading.fieldstone", "fieldstone-abc"]
)
def test_not_of_this_site_refuses_its_words_with_little_else(password: str) -> None:
    with pytest.raises(ValidationError, match="words of this site"):
        NotOfThisSite().validate(password)


@pytest.mark.parametrize("password", ["correct-horse-battery", "my fieldstone is heavy", "12345678901234"])
def test_not_of_this_site_takes_others(password: str) -> None:
    NotOfThisSite().validate(password)


def breached(answer: httpx.Response | Exception, asked: list[httpx.Request]) -> NotBreached:
    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    validator = NotBreached()
    validator.api_client = PwnedPasswords(client=httpx.Client(transport=httpx.MockTransport(reply)))
    return validator


STOLEN = "correct-horse-battery"


def test_not_breached_sends_five_signs_of_the_hash_and_refuses_what_was_stolen() -> None:
    digest = hashlib.sha1(STOLEN.encode(), usedforsecurity=False).hexdigest().upper()
    asked: list[httpx.Request] = []
    validator = breached(httpx.Response(200, text=f"{digest[5:]}:12\r\nAB:1"), asked)
    with pytest.raises(ValidationError, match="stolen from another site"):
        validator.validate(STOLEN)
    assert asked[0].url.path.endswith(f"/{digest[:5]}")
    assert digest[5:] not in str(asked[0].url)


@pytest.mark.parametrize("answer", [httpx.ConnectTimeout("slow"), httpx.Response(503)])
def test_not_breached_takes_a_password_while_the_service_is_away(answer: Any) -> None:
    breached(answer, []).validate(STOLEN)
