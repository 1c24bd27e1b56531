"""The frame of a page and the parts that every page is made of."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.control.console.markup import Markup, join, tag
from sandbox.control.scenarios.catalogue import Field
from sandbox.kernel.clock import NEW_YORK
from sandbox.state.api import Call, Reply

CONSOLE = "/_sandbox/console"
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
GOOD = frozenset(("ACTIVE", "APPROVED", "COMPLETE", "filled", "executed", "fill"))
BAD = frozenset(
    ("REJECTED", "RETURNED", "CANCELED", "DISABLED", "ACCOUNT_CLOSED", "rejected", "canceled", "expired")
)


def page(call: Call, title: str, *main: Any) -> Reply:
    """A whole page, with the notice that ``?done=`` or ``?failed=`` asks for."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("title", f"{title} · Broker API sandbox"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href=f"{CONSOLE}/static/console.css"),
        tag("script", type="module", src=f"{CONSOLE}/static/console.js"),
    )
    body = tag(
        "body",
        tag("a", "Skip to content", class_="skip", href="#main"),
        _header(call),
        tag("main", _notice(call), *main, id="main", tabindex="-1"),
        tag(
            "footer",
            tag("p", "A stand-in for Alpaca's Broker API. No real money, no real market. JSON: ",
                links(("/_sandbox/info", "info"), ("/_sandbox/scenarios", "scenarios"),
                      ("/_sandbox/faults", "faults"), ("/_sandbox/calls", "calls"))),
        ),
    )  # fmt: skip
    document = f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"
    return Reply(200, document.encode(), "text/html; charset=utf-8", dict(HEADERS))


def links(*targets: tuple[str, str]) -> Markup:
    return join(*[[tag("a", text, href=href), " "] for href, text in targets])


def live(name: str, *children: Any) -> Markup:
    """A part that the script keeps up to date. Holds no form."""
    return tag("div", *children, id=name, data_live=True)


def panel(title: str, *children: Any) -> Markup:
    return tag("section", tag("h2", title), *children, class_="panel")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> Markup:
    """A table that scrolls by itself where it is too wide; a sentence when there is no row."""
    body = [
        tag("tr", *[tag("td", cell, data_label=head) for head, cell in zip(heads, row, strict=True)])
        for row in rows
    ]
    if not body:
        return tag("p", nothing, class_="nothing")
    head = tag("thead", tag("tr", *[tag("th", text, scope="col") for text in heads]))
    return tag(
        "div",
        tag("table", tag("caption", caption, class_="hidden"), head, tag("tbody", body)),
        class_="scroll", tabindex="0", role="region", aria_label=caption,
    )  # fmt: skip


def facts(*pairs: tuple[str, Any]) -> Markup:
    return tag(
        "dl", *[tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts"
    )


def status(word: str) -> Markup:
    kind = "good" if word in GOOD else "bad" if word in BAD else "open"
    return tag("span", word, class_=f"status {kind}")


def when(at: dt.datetime) -> Markup:
    local = at.astimezone(NEW_YORK)
    return tag(
        "time", f"{local:%b} {local.day}, {local:%H:%M:%S}", datetime=at.isoformat(), title="New York time"
    )


def form(
    action: str, *children: Any, button: str, hidden: dict[str, str] | None = None, kind: str = ""
) -> Markup:
    """A POST form to a route of the console."""
    keep = [tag("input", type="hidden", name=name, value=value) for name, value in (hidden or {}).items()]
    return tag(
        "form", keep, *children, tag("button", button, type="submit"),
        method="post", action=CONSOLE + action, class_=kind or None,
    )  # fmt: skip


def control(option: Field, prefix: str) -> Markup:
    """A labelled field; the id is unique on the page by the prefix."""
    name = f"{prefix}-{option.name}"
    if option.many:
        boxes = [
            tag("label", tag("input", type="checkbox", name=option.name, value=choice,
                             checked=choice == option.default), " ", tag("code", choice), class_="box")
            for choice in option.choices
        ]  # fmt: skip
        return tag("fieldset", tag("legend", option.label), tag("div", boxes, class_="boxes"))
    if option.choices:
        choices = [tag("option", choice, selected=choice == option.default) for choice in option.choices]
        field = tag("select", choices, name=option.name, id=name)
    else:
        field = tag(
            "input", name=option.name, id=name, value=option.default, autocomplete="off", spellcheck="false"
        )
    return tag("p", tag("label", option.label, for_=name), field, class_="field")


def _header(call: Call) -> Markup:
    world, clock = call.world, call.world.clock
    local = call.now.astimezone(NEW_YORK)
    market = "Market open" if world.is_open(call.now) else "Market closed"
    return tag(
        "header",
        tag("a", "Broker API sandbox", href="/", class_="brand"),
        live(
            "state",
            tag("span", market, class_="status " + ("good" if world.is_open(call.now) else "open")),
            tag("span", f"{local:%a, %b} {local.day} {local:%Y, %H:%M:%S} New York"),
            tag("span", "clock frozen", class_="status bad") if clock.frozen_at else None,
            [tag("span", f"{symbol} halted", class_="status bad") for symbol in sorted(world.halted)],
        ),
    )


def _notice(call: Call) -> Markup | None:
    if text := call.arg("failed"):
        return tag("p", tag("strong", "Not done: "), text[:500], class_="notice bad", role="alert")
    if text := call.arg("done"):
        return tag("p", text[:500], class_="notice good", role="status")
    return None
