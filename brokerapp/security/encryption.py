"""Columns encrypted at rest with AES-256-GCM, each value bound to its row, keys rotated through settings.

`FIELD_ENCRYPTION_KEYS` are 32 random bytes each, in URL-safe base64, newest first: the first encrypts, all
decrypt. From each, HKDF-SHA256 derives the key of AES and an id of five bytes.

An encrypted value is `0x01 | key id (5) | nonce (12) | ciphertext and tag`; a text column has it in base64.
Its first six bytes (eight characters of text) say which key is needed. Table, column and primary key are
authenticated with it: a value that was copied to another row or column does not decrypt there. So a row needs
its primary key before it is written (a UUID made by us), and a table or column that is renamed is encrypted
anew.
"""

import base64
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = b"\x01"
KEY_BYTES, ID_BYTES, NONCE_BYTES = 32, 5, 12
PREFIX_BYTES = len(VERSION) + ID_BYTES
PREFIX_CHARACTERS = PREFIX_BYTES * 4 // 3
"""Six bytes are eight characters of base64, whatever comes after them."""


class CannotDecrypt(ValueError):
    """None of our keys made this value, or it was made for another row or column."""


@dataclass(frozen=True, repr=False)
class Sealed:
    """A column's value as it is stored: nothing of it can be read."""

    token: bytes

    def __str__(self) -> str:
        return "(encrypted)"

    __repr__ = __str__


def key_bytes(setting: str, key: str) -> bytes:
    """The 32 bytes of a key in settings. Raises `ImproperlyConfigured`."""
    try:
        material = base64.urlsafe_b64decode(key)
    except ValueError:
        material = b""
    if len(material) != KEY_BYTES:
        raise ImproperlyConfigured(f"{setting}: each key is 32 bytes in URL-safe base64.")
    return material


def derive(material: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    """Bytes for one purpose from a key of ours."""
    return HKDF(SHA256(), length, salt=None, info=f"brokerapp {purpose}".encode()).derive(material)


DISTINCT_BYTES = 12
"""32 random bytes have fewer different ones than this less than once in 10^10 keys."""


@lru_cache(maxsize=4)
def _keyring(keys: tuple[str, ...]) -> dict[bytes, AESGCM]:
    """The ciphers by the prefix of what they made, newest first."""
    materials = [key_bytes("FIELD_ENCRYPTION_KEYS", key) for key in keys]
    return {
        VERSION + derive(material, "columns: id", ID_BYTES): AESGCM(derive(material, "columns: key"))
        for material in materials
    }


def _ciphers() -> dict[bytes, AESGCM]:
    return _keyring(tuple(settings.FIELD_ENCRYPTION_KEYS))


def check_keys(keys: Sequence[str]) -> None:
    """Whether these can be `FIELD_ENCRYPTION_KEYS`. Raises `ValueError`, with the reason in words."""
    if not keys:
        raise ValueError("there is none")
    for number, key in enumerate(keys, start=1):
        try:
            material = key_bytes("", key)
        except ImproperlyConfigured as error:
            raise ValueError(f"number {number} is not 32 bytes in URL-safe Base64") from error
        if len(set(material)) < DISTINCT_BYTES:
            raise ValueError(f"number {number} is not random")


def newest_prefix() -> bytes:
    """What every value begins with that the newest key made."""
    return next(iter(_ciphers()))


def encrypt(value: bytes, place: str) -> bytes:
    """Encrypt with the newest key, for one place only: what it names has to be named to decrypt."""
    prefix, nonce = newest_prefix(), os.urandom(NONCE_BYTES)
    return prefix + nonce + _ciphers()[prefix].encrypt(nonce, value, place.encode())


def decrypt(token: bytes, place: str) -> bytes:
    """Decrypt with the key that made it. Raises `CannotDecrypt`, also if it was made for another place."""
    cipher = _ciphers().get(token[:PREFIX_BYTES])
    if cipher is None:
        raise CannotDecrypt(f"{place}: its key is not among FIELD_ENCRYPTION_KEYS")
    nonce, rest = token[PREFIX_BYTES:][:NONCE_BYTES], token[PREFIX_BYTES + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, rest, place.encode())
    except (InvalidTag, ValueError):
        raise CannotDecrypt(f"{place}: it was changed, or made for another place") from None


def to_text(token: bytes) -> str:
    """An encrypted value as a text column holds it."""
    return base64.urlsafe_b64encode(token).decode()


def from_text(text: str) -> bytes:
    """The encrypted value in a text column. Raises `CannotDecrypt`."""
    try:
        return base64.urlsafe_b64decode(text)
    except ValueError:
        raise CannotDecrypt("this is not an encrypted value") from None


def place_of(table: str, column: str, pk: object) -> str:
    """What a column's value is bound to."""
    return f"{table}.{column}.{pk}"


class _Opening(DeferredAttribute):
    """A column's value on a row: decrypted when it is first asked for."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.open(value, instance)  # type: ignore[attr-defined]
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.Field):
    """What encrypted columns share.

    Reading many rows as values (`values_list`) gives `Sealed` ones, and a query cannot look into them: it can
    ask for empty ones, and set them to empty. Everything else is written by saving the row.
    """

    descriptor_class = _Opening

    def to_plain(self, value: Any) -> bytes:
        """What is encrypted of a value."""
        raise NotImplementedError

    def of_plain(self, plain: bytes) -> Any:
        """The value of which `plain` was encrypted."""
        raise NotImplementedError

    def seal(self, value: Any, row: models.Model) -> Any:
        """A row's value as it is stored; an empty one stays empty."""
        if isinstance(value, Sealed) or value is None or value in ("", b""):
            return value
        return Sealed(encrypt(self.to_plain(value), self._place(row)))

    def open(self, sealed: Sealed, row: models.Model) -> Any:
        """A row's value. Raises `CannotDecrypt`."""
        return self.of_plain(decrypt(sealed.token, self._place(row)))

    def _place(self, row: models.Model) -> str:
        key = row._meta.pk
        pk = key.to_python(row.pk)
        if pk is None:
            raise ValueError("A row with encrypted columns needs its primary key before it is written.")
        return place_of(row._meta.db_table, cast(str, self.column), pk)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        held = model_instance.__dict__.get(self.attname)
        if isinstance(held, Sealed) and not add:
            return held  # not asked for since it was read
        return self.seal(getattr(model_instance, self.attname), model_instance)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Sealed):
            return to_text(value.token)
        if value is None or value in ("", b""):
            return value
        raise TypeError(f"{self}: only saving the row encrypts, and a query cannot look into it.")

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return self.get_db_prep_value(value, connection)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Sealed(from_text(value)) if value else value

    def sealed_by_other_keys(self) -> models.Q:
        """Rows whose value an older key made; `annotations` has what this refers to."""
        name = f"{self.attname}_key"
        return models.Q(**{f"{name}__gt": ""}) & ~models.Q(**{name: to_text(newest_prefix())})

    def annotations(self) -> dict[str, Any]:
        """The beginning of the stored value, by which `sealed_by_other_keys` asks."""
        return {f"{self.attname}_key": _Beginning(self.attname, PREFIX_CHARACTERS, models.TextField())}


class _Beginning(models.Func):
    """The first bytes or characters of what is stored."""

    function = "substr"
    template = "%(function)s(%(expressions)s)"

    def __init__(self, name: str, length: int, output_field: models.Field) -> None:
        super().__init__(models.F(name), models.Value(1), models.Value(length), output_field=output_field)


class EncryptedTextField(EncryptedField, models.TextField):
    """Text, encrypted in the database; the empty string stays empty."""

    def to_plain(self, value: Any) -> bytes:
        return str(value).encode()

    def of_plain(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedDateField(EncryptedField, models.DateField):
    """A date, encrypted in the database."""

    def get_internal_type(self) -> str:
        return "TextField"

    def to_plain(self, value: Any) -> bytes:
        day = self.to_python(value)
        return cast(date, day).isoformat().encode()

    def of_plain(self, plain: bytes) -> date:
        return date.fromisoformat(plain.decode())


class EncryptedJSONField(EncryptedField, models.JSONField):
    """JSON, encrypted in the database."""

    def get_internal_type(self) -> str:
        return "TextField"

    def to_plain(self, value: Any) -> bytes:
        return json.dumps(value, cls=self.encoder).encode()

    def of_plain(self, plain: bytes) -> Any:
        return json.loads(plain, cls=self.decoder)


class EncryptedBinaryField(EncryptedField, models.BinaryField):
    """Bytes, encrypted in the database; none stay none."""

    def to_plain(self, value: Any) -> bytes:
        return bytes(value)

    def of_plain(self, plain: bytes) -> bytes:
        return plain

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Sealed):
            return connection.Database.Binary(value.token)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Sealed(bytes(value)) if value else value

    def sealed_by_other_keys(self) -> models.Q:
        name = f"{self.attname}_key"
        return models.Q(**{f"{name}__gt": b""}) & ~models.Q(**{name: newest_prefix()})

    def annotations(self) -> dict[str, Any]:
        return {f"{self.attname}_key": _Beginning(self.attname, PREFIX_BYTES, models.BinaryField())}


def encrypted_fields(model: type[models.Model]) -> Iterable[EncryptedField]:
    """A model's encrypted columns."""
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
