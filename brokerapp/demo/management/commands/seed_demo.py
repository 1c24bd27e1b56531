import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from brokerapp.demo.people import PASSWORD, seed_people


class Command(BaseCommand):
    help = "Makes the demo's people, those who are missing, and prints them as JSON. In demo mode only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("Demo people exist in demo mode only (DEMO_MODE=true).")
        people = [
            {"email": person.email, "password": PASSWORD, "shows": person.shows} for person in seed_people()
        ]
        self.stdout.write(json.dumps(people))
