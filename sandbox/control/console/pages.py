"""The pages of the console: the front page and one account."""

from pathlib import Path
from typing import Any

from sandbox.books.ledger import equity
from sandbox.control.console import account_parts as parts
from sandbox.control.console.layout import (
    CONSOLE,
    control,
    facts,
    form,
    live,
    page,
    panel,
    status,
    table,
    when,
)  # fmt: skip
from sandbox.control.console.markup import Markup, tag
from sandbox.control.scenarios.catalogue import GROUPS, SCENARIOS, Field, Scenario
from sandbox.state import rows
from sandbox.state.api import Call, Reply, decoded_part, endpoint, not_found
from sandbox.state.faults import ACTIONS

STATIC = Path(__file__).with_name("static")
TYPES = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}
MOST_ACCOUNTS = 50
FAULT_FIELDS = (
    Field("action", "What", ACTIONS[0], ACTIONS),
    Field("method", "Method", "*", ("*", "GET", "POST", "PATCH", "PUT", "DELETE")),
    Field("path", "Path: a prefix, or a glob", "/v1/*"),
    Field("times", "Times", "1"),
    Field("rate", "Rate, above 0 to 1"),
    Field("status", "Status", "503"),
    Field("seconds", "Seconds", "2"),
)


@endpoint("GET", "/")
def show_front(call: Call) -> Reply:
    """Accounts, clock, faults, and what happened last."""
    return page(
        call,
        "Console",
        tag("h1", "Scenario console"),
        tag(
            "div",
            tag("div", _accounts(call), parts.events_panel(call), parts.calls_panel(call)),
            tag("div", _clock(call, ""), _everywhere(), _faults(call), _rate(call)),
            class_="split",
        ),
    )


@endpoint("GET", CONSOLE + "/accounts/{account_id}")
def show_account(call: Call) -> Reply:
    """One account: what it has, what happened to it, and the scenarios to try on it."""
    account = call.world.store.accounts.get(call.params["account_id"].lower())
    if account is None:
        raise not_found("account not found")
    title = name_of(account)
    return page(
        call,
        title,
        tag("p", tag("a", "All accounts", href="/")),
        tag("h1", title),
        tag(
            "div",
            tag("div", parts.summary(call, account), None if account.is_firm else _scenarios(account)),
            tag(
                "div",
                _clock(call, account.id),
                parts.positions(call, account),
                parts.documents(call, account),
            ),
            class_="split",
        ),
        parts.orders(call, account),
        parts.transfers(call, account),
        parts.movements(call, account),
        parts.events_panel(call, account),
        parts.calls_panel(call, account),
    )


@endpoint("GET", CONSOLE + "/static/{name}")
def show_static(call: Call) -> Reply:
    name = call.params["name"]
    if name not in TYPES:
        raise not_found("file not found")
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Reply(200, (STATIC / name).read_bytes(), TYPES[name], headers)


def name_of(account: rows.Account) -> str:
    if account.is_firm:
        return "Firm account"
    identity = decoded_part(account.identity)
    name = f"{identity.get('given_name') or ''} {identity.get('family_name') or ''}".strip()
    return name or account.account_number


def _accounts(call: Call) -> Markup:
    wanted, store = call.arg("q").lower(), call.world.store
    found: list[rows.Account] = []
    for account in reversed(list(store.accounts)):
        text = f"{account.search_text} {account.id} {account.account_number} {account.status.lower()}"
        if all(word in text for word in wanted.split()):
            found.append(account)
            if len(found) > MOST_ACCOUNTS:
                break
    cells = [_account_row(call, account) for account in found[:MOST_ACCOUNTS]]
    search = tag(
        "form",
        tag("p", tag("label", "Search by name, e-mail, number, id or status", for_="q"),
            tag("input", type="search", name="q", id="q", value=call.arg("q")), class_="field"),
        tag("button", "Search", type="submit"),
        method="get", action="/", class_="row", role="search",
    )  # fmt: skip
    more = tag("p", f"The newest {MOST_ACCOUNTS} of more.", class_="hint")
    return panel(
        "Accounts", search,
        live(
            "accounts",
            table("Accounts, newest first", ("Name", "Number", "Status", "Equity", "Opened"), cells,
                  "No account fits."),
            more if len(found) > MOST_ACCOUNTS else None,
            tag("p", f"In all: accounts {len(store.accounts)}, orders {len(store.orders)}, "
                f"transfers {len(store.transfers)}, events {len(store.events)}.", class_="hint"),
        )
    )  # fmt: skip


def _account_row(call: Call, account: rows.Account) -> tuple[Any, ...]:
    total = equity(call.world, call.world.store.ledgers.rows[account.id], call.now)[0]
    return (
        tag("a", name_of(account), href=f"{CONSOLE}/accounts/{account.id}"),
        account.account_number,
        status(account.status),
        f"${total:,.2f}",
        when(account.created_at),
    )


def _scenarios(account: rows.Account) -> Markup:
    groups = [
        (
            tag("h3", group),
            tag("div", [_scenario(each, account.id) for each in SCENARIOS.values() if each.group == group],
                class_="scenarios"),
        )
        for group in GROUPS
    ]  # fmt: skip
    return panel("Scenarios", *groups)


def _everywhere() -> Markup:
    found = [_scenario(each, "") for each in SCENARIOS.values() if not each.of_account]
    return panel(
        "Scenarios for every account", tag("div", found, class_="scenarios"),
        tag("p", "Open an account for the others.", class_="hint")
    )  # fmt: skip


def _scenario(each: Scenario, account_id: str) -> Markup:
    fields = [control(field, each.name) for field in each.fields]
    return tag(
        "details",
        tag("summary", each.title),
        tag("p", each.hint, class_="hint"),
        form(f"/scenarios/{each.name}", fields, button=each.title, hidden={"account_id": account_id}),
    )


def _clock(call: Call, account_id: str) -> Markup:
    hidden = {"account_id": account_id}
    moves = (("hour", "Advance 1 hour"), ("day", "Advance 1 day"), ("next_open", "To the next open"))
    stand = ("resume", "Let it go on") if call.world.clock.frozen_at else ("freeze", "Freeze")
    buttons = [
        form("/clock", button=text, hidden={**hidden, "move": move}, kind="quiet")
        for move, text in (*moves, stand)
    ]
    target = Field("to", "Advance to (RFC 3339)", call.now.isoformat(timespec="seconds"))
    return panel(
        "Clock",
        live("clock", facts(("Now", when(call.now)), ("Speed", f"{call.world.settings.speed:g}"),
                            ("Ahead by", str(call.world.clock.offset).split(".", maxsplit=1)[0]))),
        tag("div", buttons, class_="buttons"),
        form("/clock", control(target, "clock"), button="Advance", hidden={**hidden, "move": "to"},
             kind="row quiet")
    )  # fmt: skip


def _faults(call: Call) -> Markup:
    armed = call.world.faults.armed()
    cells = [
        (
            fault.action, f"{fault.method} {fault.path}",
            "always" if fault.times is None else fault.times, "" if fault.rate is None else f"{fault.rate:g}",
        )
        for fault in armed
    ]  # fmt: skip
    disarm = [
        form(
            "/faults/disarm",
            button=f"Disarm {fault.action} {fault.id}",
            hidden={"id": fault.id},
            kind="quiet",
        )
        for fault in armed[:10]
    ]
    clear = form("/faults/disarm", button="Disarm all", hidden={"id": ""}, kind="quiet") if armed else None
    arm = tag("div", [control(field, "fault") for field in FAULT_FIELDS], class_="pair")
    return panel(
        "Faults",
        live("faults", table("Armed faults", ("What", "Where", "Times", "Rate"), cells, "None armed.")),
        tag("div", disarm, clear, class_="buttons") if armed else None,
        form("/faults", arm, button="Arm"),
    )


def _rate(call: Call) -> Markup:
    rate = call.world.rate
    budget = Field("requests_per_minute", "Requests a minute", str(rate.limit))
    return panel(
        "Rate limit",
        live("rate", facts(("Budget", f"{rate.limit:,}"), ("Left this minute", f"{rate.remaining:,}"))),
        form("/rate-limit", control(budget, "rate"), button="Set", kind="row quiet"),
    )
