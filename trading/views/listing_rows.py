"""Lists of assets as HTML: rows of a table, and options of the search field."""

from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.flat import Flat
from brokerapp.ui.links import account_url
from brokerapp.ui.templatetags.ui import delta, price, status_tag
from trading.listings import Listing
from trading.models import Quote
from trading.symbol_addresses import fill_in

PLACES = ("url", "symbol", "name", "tags", "price", "change")
ROWS = {
    (is_watched, is_offered): Flat(
        "trading/_listing.html", *PLACES, is_watched=is_watched, is_offered=is_offered
    )
    for is_watched in (True, False)
    for is_offered in (True, False)
}
OPTION = Flat("trading/_suggestion.html", "number", "url", "symbol", "name", "price", "tags")


def table_rows(account: BrokerageAccount, rows: Iterable[Listing]) -> SafeString:
    """The rows of a table of prices."""
    address = _address(account)
    found = [
        ROWS[row.is_watched, row.asset.is_offered](
            url=fill_in(address, row.asset.symbol),
            symbol=row.asset.symbol,
            name=row.asset.name,
            tags=_tags(row),
            price=price(row.quote.last if row.quote else None),
            change=_change(row.quote),
        )
        for row in rows
    ]
    return mark_safe("".join(found))  # noqa: S308 - of escaped parts


def options(account: BrokerageAccount, rows: Iterable[Listing]) -> SafeString:
    """What a text being typed may mean."""
    address = _address(account)
    found = [
        OPTION(
            number=number,
            url=fill_in(address, row.asset.symbol),
            symbol=row.asset.symbol,
            name=row.asset.name,
            price=_price(row),
            tags=_notes(row),
        )
        for number, row in enumerate(rows, start=1)
    ]
    return mark_safe("".join(found))  # noqa: S308 - of escaped parts


def _address(account: BrokerageAccount) -> str:
    """Of this one address the others are made: there are as many as assets times accounts."""
    return account_url(account, "trading:asset", "-")


def _change(quoted: Quote | None) -> SafeString:
    change = quoted.change if quoted else None
    if quoted is None or change is None or not quoted.previous_close:
        return delta(None)
    return delta(change, change / quoted.previous_close)


def _tags(row: Listing) -> SafeString:
    found = []
    if not row.asset.is_offered:
        found.append(status_tag("Not traded here", "warn"))
    elif not row.asset.tradable:
        found.append(status_tag("Not tradable", "warn"))
    elif not row.asset.fractionable:
        found.append(status_tag("Whole shares only"))
    if row.quote and row.quote.is_halted:
        found.append(status_tag("Halted", "warn"))
    return mark_safe("".join(found))  # noqa: S308 - of constants


def _price(row: Listing) -> str:
    if not row.asset.tradable:
        return "Not tradable"
    return price(row.quote.last) if row.quote and row.quote.last else ""


def _notes(row: Listing) -> SafeString:
    halted = "<small>Halted</small>" if row.quote and row.quote.is_halted else ""
    whole = row.asset.tradable and not row.asset.fractionable
    return mark_safe(halted + ("<small>Whole shares only</small>" if whole else ""))  # noqa: S308 - constants
