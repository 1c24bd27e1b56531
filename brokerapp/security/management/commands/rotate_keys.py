"""`manage.py rotate_keys`: encrypt everything with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from brokerapp.security.rotation import BATCH, rotate


class Command(BaseCommand):
    """Encrypts anew, with the first of FIELD_ENCRYPTION_KEYS, what the others made."""

    help = (
        "Encrypts anew, with the first of FIELD_ENCRYPTION_KEYS, whatever another of them made. Safe while "
        "the site runs; started again after an interruption, it goes on. Once it says that nothing is left, "
        "the older keys can be taken out of the setting (docs/operations.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows at a time (default {BATCH})")

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = rotate(batch=options["batch"], say=self.stdout.write)
        if rotated.failed:
            raise CommandError(
                f"{rotated.done} rows are encrypted anew; {rotated.failed} cannot be read with any of the "
                "keys. Keep the older keys, and look for the one that made these."
            )
        self.stdout.write(f"{rotated.done} rows are encrypted anew. Nothing is left under an older key.")
