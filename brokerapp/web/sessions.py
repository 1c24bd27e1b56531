"""Django's sessions in the database, read with a query that is made once."""

from datetime import UTC, datetime

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.utils import timezone

from brokerapp.web.fixed_queries import FixedQuery

find_session = FixedQuery(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    "stand-in",
    datetime(1900, 1, 1, tzinfo=UTC),
)


class SessionStore(DatabaseSessions):
    """The engine that `settings.SESSION_ENGINE` names."""

    def _get_session_from_db(self) -> Session | None:
        found = find_session(self.session_key, timezone.now())
        if found:
            return found[0]
        self._session_key = None
        return None
