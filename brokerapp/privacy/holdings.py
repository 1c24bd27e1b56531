"""Everything that is held of a person, found by how tables refer to each other, so that none is missed."""

import base64
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.events.models import BrokerEvent
from brokerapp.security.blind_index import BlindIndexField

SECRETS = frozenset(
    {
        ("accounts.User", "password"),
        ("mfa.Authenticator", "data"),
        ("usersessions.UserSession", "session_key"),
    }
)
"""What lets somebody in is not handed out, whoever asks."""
NUMBERED = ("person_id", "user_id")
"""Columns of logs, which name a person by number and have no foreign key."""

Found = dict[type[models.Model], dict[Any, models.Model]]


class Encoder(DjangoJSONEncoder):
    """JSON with bytes in base64."""

    def default(self, o: Any) -> Any:
        if isinstance(o, (bytes, memoryview)):
            return base64.b64encode(bytes(o)).decode()
        return super().default(o)


def everything_about(person: User) -> dict[str, list[dict[str, Any]]]:
    """The rows that are about a person, by model, each as its columns, decrypted; for `Encoder`.

    Rows that refer to the person, rows that refer to those, and so on; lines of logs with the person's
    number; and the broker's events about their accounts.
    """
    found: Found = {User: {person.pk: User.objects.get(pk=person.pk)}}
    _follow(found, User, [person.pk])
    for model, column in _logs():
        _add(found, model, model._base_manager.filter(**{column: person.pk}))
    accounts = [row.broker_account_id for row in found.get(BrokerageAccount, {}).values()]  # type: ignore[attr-defined]
    _add(found, BrokerEvent, BrokerEvent.objects.filter(account_id__in=accounts))
    return {
        model._meta.label: [_columns(row) for row in rows.values()]
        for model, rows in sorted(found.items(), key=lambda pair: pair[0]._meta.label)
        if rows
    }


def _follow(found: Found, model: type[models.Model], keys: list[Any]) -> None:
    """Add what refers to rows of a model, and what refers to that."""
    for relation in model._meta.related_objects:
        child = relation.related_model
        if relation.many_to_many or not isinstance(child, type):
            continue
        rows = child._base_manager.filter(**{f"{relation.field.name}__in": keys})
        added = _add(found, child, rows)
        if added:
            _follow(found, child, added)


def _add(found: Found, model: type[models.Model], rows: Iterable[models.Model]) -> list[Any]:
    known = found.setdefault(model, {})
    new = {row.pk: row for row in rows if row.pk not in known}
    known.update(new)
    return list(new)


def _logs() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name in NUMBERED and not field.is_relation
    ]


def _columns(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if (row._meta.label, field.attname) not in SECRETS and not isinstance(field, BlindIndexField)
    }
