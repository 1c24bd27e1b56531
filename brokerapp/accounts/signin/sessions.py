"""A person's signed-in browsers: listed, ended one by one or all, their live streams with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from brokerapp import live
from brokerapp.accounts.models import User
from brokerapp.accounts.signin import known_devices
from brokerapp.web import session_limits


@dataclass(frozen=True)
class SignedInDevice:
    """One signed-in browser, as its person sees it."""

    id: int
    name: str
    ip: str
    since: datetime
    seen_at: datetime
    current: bool


def devices_of(person: User, current_key: str, now: datetime) -> list[SignedInDevice]:
    """Where a person is signed in now, this browser first; one query, however many there are."""
    there = Session.objects.filter(expire_date__gt=now).values("session_key")
    idle_since = now - timedelta(
        seconds=session_limits.idle_seconds(is_staff=person.is_staff) + session_limits.NOTED_EVERY_SECONDS
    )
    rows = UserSession.objects.filter(user=person, session_key__in=there, last_seen_at__gt=idle_since)
    found = [
        SignedInDevice(
            row.pk,
            known_devices.describe(row.user_agent),
            row.ip,
            row.created_at,
            row.last_seen_at,
            row.session_key == current_key,
        )
        for row in rows
    ]
    return sorted(found, key=lambda device: (not device.current, -device.seen_at.timestamp()))


def end(person: User, rows: Iterable[UserSession]) -> int:
    """End these sessions of a person at once, and their streams; how many there were."""
    ended = 0
    for row in rows:
        row.end()
        ended += 1
    live.check_sessions(person.pk)
    return ended


def end_all(person: User, *, but: str = "") -> int:
    """Sign a person out everywhere, `but` for the session with this key; how many sessions were ended."""
    return end(person, UserSession.objects.filter(user=person).exclude(session_key=but))


def forget_ended() -> int:
    """Delete the sessions that are past their end, and what was listed of them; how many were listed."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    there = Session.objects.values("session_key")
    forgotten, _ = UserSession.objects.exclude(session_key__in=there).delete()
    return forgotten


def renew(request: HttpRequest) -> None:
    """Give a session a new key, as its person has just confirmed who they are: a copy of the cookie ends."""
    old = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)
    live.check_sessions(request.user.pk)


def note_seen(request: HttpRequest, now: datetime) -> None:
    """Keep when a session was last used and from where; also of one that began before they were listed."""
    from allauth.account.adapter import get_adapter

    key = request.session.session_key
    ip = get_adapter().get_client_ip(request)
    if not UserSession.objects.filter(session_key=key).update(last_seen_at=now, ip=ip):
        UserSession.objects.create_from_request(request)
