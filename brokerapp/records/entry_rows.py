"""Entries of the feed as HTML."""

from collections.abc import Iterable
from itertools import groupby

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.words import Entry
from brokerapp.ui.flat import Flat
from brokerapp.ui.links import account_url
from brokerapp.ui.templatetags.ui import icon, signed_money
from brokerapp.units.market_time import day_text

PLACES = ("icon", "url", "title", "detail", "ties", "amount")
ROWS = {flag: Flat("records/_entry.html", *PLACES, has_detail=flag) for flag in (True, False)}
DAY = Flat("records/_day.html", "key", "title", "items")


def rows_of(account: BrokerageAccount, entries: Iterable[Entry]) -> SafeString:
    """Each entry as an item of a list."""
    address = account_url(account, "records:receipt", 0)
    return mark_safe("".join(_row(entry, address) for entry in entries))  # noqa: S308 - of escaped parts


def days_of(account: BrokerageAccount, entries: Iterable[Entry]) -> SafeString:
    """The entries by the day that they count for, as sections with their lists."""
    days = [
        DAY(key=f"{day:%Y-%m-%d}", title=f"{day_text(day)} {day.year}", items=rows_of(account, each))
        for day, each in groupby(entries, lambda entry: entry.activity.date)
    ]
    return mark_safe("".join(days))  # noqa: S308 - of escaped parts


def _row(entry: Entry, address: str) -> SafeString:
    detail = entry.detail
    return ROWS[bool(detail)](
        icon=icon(entry.icon),
        url=_receipt(address, entry.activity.pk),
        title=entry.title,
        detail=detail,
        ties=_ties(entry, address),
        amount=entry.shares_text or signed_money(entry.activity.net_amount),
    )


def _receipt(address: str, pk: int) -> str:
    """The address of a receipt, made of that of number 0."""
    return address.replace("/0/", f"/{pk}/")


def _ties(entry: Entry, address: str) -> str:
    """What the entry corrects, and what became of it; of most there is neither."""
    if entry.corrects is None and not entry.is_void:
        return ""
    ties = {"corrects": entry.corrects, "corrected_by": entry.corrected_by}
    urls = {f"{name}_url": _receipt(address, each.pk) for name, each in ties.items() if each}
    return render_to_string("records/_entry_ties.html", {"entry": entry, **urls})
