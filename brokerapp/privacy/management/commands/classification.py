from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from brokerapp.privacy.classification import BEGIN, END, as_markdown

PAGE = Path("docs") / "security.md"


class Command(BaseCommand):
    help = f"Draws what is held of people, and where, into {PAGE}."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / PAGE
        before, _, rest = path.read_text().partition(BEGIN)
        path.write_text(before + as_markdown() + rest.partition(END)[2])
