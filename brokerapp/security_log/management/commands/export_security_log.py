from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from brokerapp.security_log import services
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent


class Command(BaseCommand):
    help = "Writes the security log as JSON lines to stdout, oldest first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=instant, help="date, or date and time, of the first event")
        parser.add_argument("--until", type=instant, help="date, or date and time, before which it ends")
        parser.add_argument("--after-id", type=int, help="only what came after the event with this id")
        parser.add_argument("--kind", choices=Kind.values, action="append", help="may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {
            "at__gte": options["since"],
            "at__lt": options["until"],
            "id__gt": options["after_id"],
            "kind__in": options["kind"],
        }
        named = {lookup: value for lookup, value in wanted.items() if value is not None}
        for line in services.lines(SecurityEvent.objects.filter(**named)):
            self.stdout.write(line, ending="")


def instant(text: str) -> datetime:
    """An instant from the command line; without an offset it is in the site's time zone.

    Raises `CommandError` for anything else.
    """
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)) is not None:
            found = datetime.combine(day, datetime.min.time())
    except ValueError as error:
        raise CommandError(f"{text} is no date: {error}.") from error
    if found is None:
        raise CommandError(f"{text} is no date: write 2026-03-31 or 2026-03-31T16:00:00Z.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
