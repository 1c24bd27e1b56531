"""Whether an encrypted value is known already: answered by a keyed digest of it beside it.

`BLIND_INDEX_KEYS` are 32 random bytes each, in URL-safe base64, newest first: the first makes new digests,
all are looked for. Without a key nobody can try out the billion tax ids against the digests. They stay when
what they were made of is dropped, so a former key is kept until the last row made with it is gone.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import models

from brokerapp.security.encryption import Sealed, derive, key_bytes


def digits_of(value: str) -> str:
    """The digits alone: how a tax id is compared, whatever stands between them."""
    return "".join(character for character in value if character.isdecimal())


def letters_and_digits_of(value: str) -> str:
    """Letters, as capitals, and digits: how a number is compared that may have letters in it."""
    return "".join(character for character in value.upper() if character.isalnum())


def blind_indexes(purpose: str, normalized: str) -> list[str]:
    """The digests of a value under each key, newest first; hex, 64 characters. None of an empty value."""
    if not normalized:
        return []
    keys = [key_bytes("BLIND_INDEX_KEYS", key) for key in settings.BLIND_INDEX_KEYS]
    return [
        hmac.new(derive(key, f"blind index: {purpose}"), normalized.encode(), hashlib.sha256).hexdigest()
        for key in keys
    ]


class BlindIndexField(models.CharField):
    """The digest of another column, kept up when the row is saved; `of` is that column's name.

    It stays as it is when the column is empty or was not asked for since the row was read.
    """

    def __init__(
        self, *args: Any, of: str = "", normalize: Callable[[str], str] = digits_of, **kwargs: Any
    ) -> None:
        kwargs |= {"max_length": 64, "blank": True, "editable": False, "db_index": True}
        super().__init__(*args, **kwargs)
        self.of = of
        self.normalize = normalize

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "blank", "editable", "db_index"):
            kwargs.pop(fixed, None)
        return name, path, args, kwargs | {"of": self.of, "normalize": self.normalize}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.of)
        if value and not isinstance(value, Sealed):
            setattr(model_instance, self.attname, self.digests(value)[0])
        return getattr(model_instance, self.attname)

    def digests(self, value: str) -> list[str]:
        """What rows with this value hold, in any spelling that is normalized alike."""
        return blind_indexes(f"{self.model._meta.db_table}.{self.of}", self.normalize(value))


def with_indexes(model: type[models.Model], columns: "list[str]") -> list[str]:
    """The columns to write when `columns` are: with the digests that are made of them."""
    kept = [
        field.attname
        for field in model._meta.concrete_fields
        if isinstance(field, BlindIndexField) and field.of in columns
    ]
    return [*columns, *kept]
