from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from brokerapp.workflow.paths import ANY_OTHER
from brokerapp.workflow.state import StatusModel

PAGE = Path("docs") / "states.md"
HEAD = """# Statuses

Made by `manage.py states` from the tables in each app's `statuses.py`; `make check` fails when they differ.
`brokerapp/workflow/state.py` is the only place where a status changes.

Where the broker says what comes next, its documented steps are drawn, with ours; a row may skip some of them,
as polls and lost replies do not show each. `any` stands beside a status that the broker names without saying
what comes next: every other may, and it may itself be seen after any that is not the last.
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
    """The whole page: a diagram of each model that has a status, of its `PATHS` or else of its table."""
    models = [model for model in apps.get_models() if issubclass(model, StatusModel)]
    return HEAD + "".join(_section(model) for model in models)


def _section(model: type[StatusModel]) -> str:
    table = model.PATHS or model.TRANSITIONS
    first = model().status
    lines = ["", f"## {model._meta.label}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for status, following in table.items():
        if following is ANY_OTHER:
            lines.append(f"    {status} --> any")
        else:
            lines += [f"    {status} --> {to}" for to in sorted(following)]
    lines += [f"    {status} --> [*]" for status, following in table.items() if not following]
    return "\n".join([*lines, "```", ""])
