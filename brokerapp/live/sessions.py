"""Whose session is it? Asked when a stream opens and again while it lasts."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.db import close_old_connections
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from brokerapp.web import session_limits


def get_user_id(session_key: str) -> str | None:
    """The id of the active user signed in with this session, or None.

    The checks are those of `django.contrib.auth.get_user` and of the time limits, but nothing is written:
    that function gives a session a new key once the secret key was rotated, and a stream sets no cookie.
    Raises `django.db.Error` when the database is away.
    """
    close_old_connections()
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    user = get_user_model()._default_manager.filter(pk=session[SESSION_KEY]).first()
    if user is None or not user.is_active:
        return None
    if session_limits.seconds_left(session, timezone.now(), is_staff=user.is_staff) <= 0:
        return None
    accepted = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if not any(constant_time_compare(session.get(HASH_SESSION_KEY, ""), each) for each in accepted):
        return None
    return str(user.pk)
