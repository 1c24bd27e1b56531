import json
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from brokerapp.demo.people import NotTheSandbox, seed_people


class Command(BaseCommand):
    help = "Makes the demo's people, those who are missing, and prints them as JSON, with their password."

    def handle(self, *args: Any, **options: Any) -> None:
        password = settings.DEMO_PASSWORD or secrets.token_urlsafe(12)
        try:
            people = seed_people(password)
        except NotTheSandbox as error:
            raise CommandError(f"Demo people are for the built-in sandbox, which {error} is not.") from error
        rows = [{"email": person.email, "password": password, "shows": person.shows} for person in people]
        self.stdout.write(json.dumps(rows))
