from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

PAGE = Path("docs") / "states.md"
HEAD = """# Statuses

Made by `manage.py states` from the tables in each app's `statuses.py`; `make check` fails when they differ.
`brokerapp/workflow/state.py` is the only place where a status changes; `any` is every other status.
"""


class Command(BaseCommand):
    help = f"Draws every status and the steps between them into {PAGE}; --check only compares."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail if the page is not current")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        path = settings.BASE_DIR / PAGE
        page = states_page()
        if not check:
            path.write_text(page)
        elif not path.exists() or path.read_text() != page:
            raise CommandError(f"{PAGE} is not current: run manage.py states and commit it.")


def states_page() -> str:
    """The whole page: one diagram for each model that has a table of transitions.

    A model with `PATHS` draws those: the single steps of which its transitions are the way from one status to
    any that can be seen next.
    """
    models = [model for model in apps.get_models() if getattr(model, "TRANSITIONS", None)]
    return HEAD + "".join(_section(model) for model in models)


def _section(model: type[Model]) -> str:
    table: dict[str, frozenset[str]] = getattr(model, "PATHS", None) or model.TRANSITIONS  # type: ignore[attr-defined]
    first = model().status  # type: ignore[attr-defined]
    lines = ["", f"## {model._meta.label}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for status, following in table.items():
        if set(following) == set(table) - {status}:
            lines.append(f"    {status} --> any")
        else:
            lines += [f"    {status} --> {to}" for to in sorted(following)]
    lines += [f"    {status} --> [*]" for status, following in table.items() if not following]
    return "\n".join([*lines, "```", ""])
