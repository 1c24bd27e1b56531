"""`manage.py check_alive NAME`: for a container's health check."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from brokerapp.health import services


class Command(BaseCommand):
    """Fails unless the queue, `beat` or `events` gave a sign of life lately."""

    help = "Fails unless beat, events, or the queue of this name gave a sign of life within two minutes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        if not services.is_alive(name, timezone.now()):
            raise CommandError(f"{name} has not given a sign of life lately.")
