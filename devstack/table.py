"""The table that `make run` ends with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from devstack.environment import is_demo
from devstack.paths import MAIL_DIR


def summary(env: Mapping[str, str], log_dir: Path, *, people: Sequence[Mapping[str, str]]) -> str:
    """Addresses, and the seeded people with their passwords, one a line."""
    site = f"http://localhost:{env['PORT']}"
    rows = [("Site", f"{site}/"), ("Admin", f"{site}/admin/")]
    if is_demo(env):
        rows += [("Mailbox", f"{site}/mailbox/"), ("All mails", f"{site}/styleguide/mails/")]
    if env["BROKER_BASE_URL"].startswith("http://127.0.0.1:"):
        rows.append(("Sandbox console", f"{env['BROKER_BASE_URL']}/"))
    else:
        rows.append(("Broker", env["BROKER_BASE_URL"]))
    if not is_demo(env):
        rows += [("Mails", f"{_short(MAIL_DIR)}/"), ("Staff", "make manage ARGS=createsuperuser")]
    rows.append(("Logs", f"{_short(log_dir)}/"))
    lines = _aligned(rows)
    if people:
        lines += ["", *_aligned([("Sign in as", "Password", "Who"), *(_person(row) for row in people)])]
    rule = "─" * max(len(line) for line in lines)
    return "\n".join(["", rule, *lines, rule, "Ctrl-C stops everything."])


def _person(row: Mapping[str, str]) -> tuple[str, str, str]:
    return row["email"], row["password"], row.get("shows", "")


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
