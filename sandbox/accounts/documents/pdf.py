"""Issued documents as PDF files."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpdf import FPDF

TITLES = {
    "account_statement": "Monthly account statement",
    "trade_confirmation": "Trade confirmation",
    "account_application": "Account application",
    "tax_statement": "Tax form 1099, composite",
    "w8ben": "Form W-8BEN: certificate of foreign status of beneficial owner",
}
NOTICE = "Made by a sandbox: no real account, no real money."
TRADES = ("trade_date", "settle_date", "symbol", "side", "qty", "price", "principal", "net_amount")
POSITIONS = ("symbol", "qty", "price", "market_value")


def render(kind: str, contents: dict[str, Any]) -> bytes:
    """A PDF of what ``statements.contents`` says, or of a W-8BEN's members."""
    pdf = _new_page(TITLES[kind])
    if kind == "account_statement":
        _statement(pdf, contents)
    elif kind == "trade_confirmation":
        _lines(pdf, _of(contents, "account_holder", "account_number", "start_date"))
        _table(pdf, "Executions", TRADES, contents["trades"])
        _lines(pdf, [(trade["symbol"], trade["description"]) for trade in _by_symbol(contents["trades"])])
    else:
        _lines(pdf, _flat(contents))
    return bytes(pdf.output())


def _statement(pdf: "FPDF", contents: dict[str, Any]) -> None:
    _lines(pdf, _of(contents, "account_holder", "account_number", "start_date", "end_date", "currency"))
    _lines(pdf, _of(contents, "opening_cash", "opening_equity", "closing_cash", "closing_equity"))
    _table(pdf, "Positions at the close", POSITIONS, contents["positions"])
    activities = [
        {
            "date": activity.get("date") or activity["transaction_time"][:10],
            "type": activity["activity_type"],
            "details": " ".join(activity[name] for name in ("side", "qty", "symbol") if activity.get(name))
            or activity.get("description", ""),
            "price": activity.get("price", ""),
            "net_amount": activity.get("net_amount", ""),
        }
        for activity in contents["activities"]
    ]
    _table(pdf, "Activities", ("date", "type", "details", "price", "net_amount"), activities)


def _new_page(title: str) -> "FPDF":
    # Imported where it is used: it takes a second and 40 MB that few processes ever need.
    from fpdf import FPDF

    pdf = FPDF(format="letter")
    pdf.set_title(title)
    pdf.set_creation_date(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))  # the same contents, the same bytes
    pdf.add_page()
    pdf.set_font("helvetica", "B", 15)
    pdf.multi_cell(0, 9, title, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", "I", 8)
    pdf.cell(0, 6, NOTICE, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    return pdf


def _lines(pdf: "FPDF", pairs: Sequence[tuple[str, str]]) -> None:
    pdf.set_font("helvetica", size=9)
    for name, value in pairs:
        pdf.cell(60, 5, _printable(name))
        pdf.multi_cell(0, 5, _printable(value), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)


def _table(pdf: "FPDF", title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    pdf.set_font("helvetica", "B", 10)
    pdf.cell(0, 7, title if rows else f"{title}: none", new_x="LMARGIN", new_y="NEXT")
    if rows:
        pdf.set_font("helvetica", size=8)
        with pdf.table(line_height=5) as table:
            table.row([_words(name) for name in columns])
            for row in rows:
                table.row([_printable(row[name]) for name in columns])
    pdf.ln(3)


def _of(contents: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    return [(_words(name), str(contents[name])) for name in names]


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Every leaf with its path in words."""
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in _flat(part, f"{name} {_words(key)}".strip())]
    if isinstance(value, list):
        return [line for part in value for line in _flat(part, name)]
    return [(name, str(value))]


def _by_symbol(trades: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return list({trade["symbol"]: trade for trade in trades}.values())


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _printable(text: str) -> str:
    """The built-in fonts know Latin-1 only."""
    return text.encode("latin-1", "replace").decode("latin-1")
