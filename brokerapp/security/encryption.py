"""Columns encrypted at rest with Fernet (AES-128-CBC and HMAC-SHA256), keys rotated through settings."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models

DISTINCT_BYTES = 12
"""32 random bytes have fewer different ones than this less than once in 10^10 keys."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def check_keys(keys: Sequence[str]) -> None:
    """Whether these can be `FIELD_ENCRYPTION_KEYS`. Raises `ValueError`, with the reason in words."""
    if not keys:
        raise ValueError("there is none")
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ValueError(f"number {number} is not 32 bytes in URL-safe Base64") from error
        if len(set(urlsafe_b64decode(key))) < DISTINCT_BYTES:
            raise ValueError(f"number {number} is not random")


def encrypt(value: bytes) -> bytes:
    """Encrypt with the newest key."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(value)


def decrypt(value: bytes) -> bytes:
    """Decrypt with whichever key fits. Raises `cryptography.fernet.InvalidToken` if none does."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(value)


class EncryptedBinaryField(models.BinaryField):
    """Bytes, encrypted in the database. Cannot be filtered on."""

    def get_db_prep_value(self, value, connection, prepared=False):  # type: ignore[no-untyped-def]
        if value is not None:
            value = encrypt(bytes(value))
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value, expression, connection):  # type: ignore[no-untyped-def]
        return None if value is None else decrypt(bytes(value))


class EncryptedTextField(models.TextField):
    """Text, encrypted in the database; the empty string stays empty. Cannot be filtered on."""

    def get_db_prep_value(self, value, connection, prepared=False):  # type: ignore[no-untyped-def]
        return encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value, expression, connection):  # type: ignore[no-untyped-def]
        return decrypt(value.encode()).decode() if value else value
