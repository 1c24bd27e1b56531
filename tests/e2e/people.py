"""People who are there and signed in by the site's own code: for journeys that prove something else."""

from typing import Any

from playwright.sync_api import Page

from tests.e2e.journey import Journey
from tests.e2e.stack import Stack
from tests.sandbox.people import apply

SESSION = """
from importlib import import_module
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from brokerapp.accounts.models import User
from brokerapp.web import session_limits
from tests.factories import UserFactory

user = User.objects.filter(email={email!r}).first() or UserFactory.create(email={email!r})
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session_limits.begin(session, timezone.now())
session.save()
UserSession.objects.create(user=user, session_key=session.session_key, ip="127.0.0.1")
print("session", settings.SESSION_COOKIE_NAME, session.session_key)
"""
TAKE_OVER = """
from uuid import UUID
from django.utils import timezone
from brokerapp.accounts.models import User
from brokerapp.broker.clients import get_client
from brokerapp.workflow import state
from onboarding.services import applications
from tests.factories import KycApplicationFactory, UserFactory

user = User.objects.filter(email={email!r}).first() or UserFactory.create(email={email!r})
for account_id in {account_ids!r}:
    application = KycApplicationFactory.create(user=user)
    now = timezone.now()
    state.move(application, "SUBMITTING", by=user, submitted_at=now, email_address=user.email)
    reply = get_client(by=user).accounts.get(UUID(account_id))
    account = applications.apply_account(
        application=application, reply=reply, by=state.Process.REPLY, asked_at=now
    )
    print("account", account.pk)
"""


def come_in(journey: Journey) -> None:
    """Sign the journey's person in without a page; whoever is not there yet is made, with PASSWORD."""
    said = journey.stack.run(SESSION.format(email=journey.email))
    _, name, value = next(line for line in said.splitlines() if line.startswith("session ")).split()
    journey.page.context.add_cookies([{"name": name, "value": value, "url": journey.stack.url}])


def signed_in_person(page: Page, stack: Stack, email: str, **options: Any) -> Journey:
    """Somebody who has signed up, and nothing else, or one of the seeded people; `options` of a Journey."""
    journey = Journey(page, stack, email, **options)
    come_in(journey)
    return journey


def person_with_an_account(page: Page, stack: Stack, email: str) -> Journey:
    """Signed in; the broker knows them from their first account."""
    names = {"identity__given_name": "Ada", "identity__family_name": "Byron"}
    first = apply(stack.sandbox, contact__email_address=email, **names)["id"]
    stack.sandbox.set_account_status(first, "ACTIVE")
    stack.run(TAKE_OVER.format(email=email, account_ids=[first]))
    return signed_in_person(page, stack, email)
