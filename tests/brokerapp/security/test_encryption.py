from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.db import connection

from brokerapp.security import encryption
from onboarding.models import KycApplication
from tests.factories import KycApplicationFactory


def stored(column: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM onboarding_kycapplication")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_encrypted_text_is_not_in_the_database_and_comes_back() -> None:
    application = KycApplicationFactory.create(tax_id="124554321")
    assert "124554321" not in stored("tax_id")
    assert KycApplication.objects.get(pk=application.pk).tax_id == "124554321"


@pytest.mark.django_db
def test_encrypted_text_empty_stays_empty() -> None:
    KycApplicationFactory.create(tax_id="")
    assert stored("tax_id") == ""


def test_decrypt_with_an_older_key(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    secret = encryption.encrypt(b"124554321")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert encryption.decrypt(secret) == b"124554321"
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with pytest.raises(InvalidToken):
        encryption.decrypt(secret)
