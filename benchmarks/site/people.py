"""People of the benchmark's site, each signed in.

`python -m benchmarks.site.people` makes one and prints its cookie.
"""

import django

if __name__ == "__main__":
    django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command


def sign_in_people(count: int) -> dict[int, str]:
    """Create the tables and `count` people; gives each one's session cookie by user id."""
    call_command("migrate", verbosity=0)
    people = User.objects.bulk_create(User(username=f"person{n}", password="!") for n in range(count))
    return {person.pk: sign_in(person) for person in people}


def sign_in(person: User) -> str:
    """A `Cookie` header that is this person's session."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return f"sessionid={session.session_key}"


if __name__ == "__main__":
    print(*sign_in_people(1).values())
