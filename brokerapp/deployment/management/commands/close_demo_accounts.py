from typing import Any

from django.core.management.base import BaseCommand

from brokerapp.deployment.demo_accounts import close_demo_accounts


class Command(BaseCommand):
    help = "Closes the demo's accounts, so that nobody can sign in as them; their rows stay."
    requires_system_checks = []  # one of them is what this is for

    def handle(self, *args: Any, **options: Any) -> None:
        closed = close_demo_accounts()
        self.stdout.write(f"Closed: {', '.join(closed)}" if closed else "None of them can sign in.")
