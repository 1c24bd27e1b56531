"""Writing the security log, and handing it on as JSON lines."""

import json
import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from brokerapp.broker.alpaca.scrub import scrub
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.web.addresses import UnknownClientAddress, client_ip

stream = logging.getLogger("security_log")
"""A line of JSON for each row, on stdout, for a collector."""

EXPORTED_AT_ONCE = 2000

Somebody = AbstractBaseUser | AnonymousUser | int | None


def record(
    kind: Kind,
    *,
    person: Somebody = None,
    staff: Somebody = None,
    request: HttpRequest | None = None,
    obj: models.Model | None = None,
    detail: Mapping[str, Any] | None = None,
    reason: str = "",
) -> SecurityEvent:
    """Write one event in the current transaction, and a line of JSON to stdout once that is committed.

    `person` is the customer whom it is about or who acted, `staff` the member of staff who acted; whoever is
    signed in with the `request` is put in where that is left open. The request also gives address, session
    and reference; it is the one being answered, where none is given. `obj` is the row that it is about.
    `detail` is plain data without names, addresses or numbers of people;
    its texts and `reason` are scrubbed of what looks like such all the same.
    """
    request = request or context.request
    person, staff = _with_signed_in(request, person, staff)
    event = SecurityEvent(
        kind=Kind(kind).value,
        person_id=_id_of(person),
        staff_id=_id_of(staff),
        object_type=str(obj._meta.label) if obj is not None else "",
        object_id=str(obj.pk)[:64] if obj is not None else "",
        reason=scrub(reason)[:500],
        detail=_scrubbed(dict(detail or {})),
    )
    if request is not None:
        event.ip = _ip_of(request)
        event.session = session_hash(request)
        event.reference = getattr(request, "reference", "")
    event.save(force_insert=True)
    transaction.on_commit(partial(stream.info, "%s", as_json(event)), robust=True)
    return event


def _with_signed_in(
    request: HttpRequest | None, person: Somebody, staff: Somebody
) -> tuple[Somebody, Somebody]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return person, staff
    if user.is_staff:
        return person, staff or user
    return (user if person is None and staff is None else person), staff


def _id_of(somebody: Somebody) -> int | None:
    return somebody if isinstance(somebody, int) or somebody is None else somebody.pk


def _ip_of(request: HttpRequest) -> str | None:
    try:
        return client_ip(request)
    except UnknownClientAddress:
        return None


def session_hash(request: HttpRequest) -> str:
    """What stands for the request's session in the log: a keyed hash, "" where there is no session yet."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    return hash_of(key, "session") if key else ""


def hash_of(text: str, what: str) -> str:
    """A keyed hash, 16 characters, by which the same text is recognised in the log but not read."""
    return salted_hmac(f"security_log.{what}", text, algorithm="sha256").hexdigest()[:16]


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {str(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_scrubbed(item) for item in value]
    return value if isinstance(value, (int, bool, type(None))) else scrub(str(value))


def as_json(event: SecurityEvent) -> str:
    """An event as one line of JSON; what is not known is left out."""
    line = {
        "id": event.pk,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "person": event.person_id,
        "staff": event.staff_id,
        "ip": event.ip,
        "session": event.session,
        "reference": event.reference,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "reason": event.reason,
        "detail": event.detail,
    }
    return json.dumps({key: value for key, value in line.items() if value not in (None, "", {})})


def lines(events: "models.QuerySet[SecurityEvent]") -> Iterator[str]:
    """The events as lines of JSON, oldest first, read some at a time so that no statement takes long."""
    in_order = events.order_by("id")
    last = 0
    while chunk := list(in_order.filter(id__gt=last)[:EXPORTED_AT_ONCE]):
        last = chunk[-1].pk
        for event in chunk:
            yield as_json(event) + "\n"
