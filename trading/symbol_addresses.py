"""Symbols in addresses. A slash ends a part of an address, so that the pair BTC/USD is written BTC~USD. Pure.

Symbols of shares have dots, and people write a hyphen for it, but none has a tilde.
"""

from urllib.parse import quote

SLASH, WRITTEN = "/", "~"


class SymbolConverter:
    """A symbol in an address, for `django.urls.path`."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The symbol that is written so."""
        return value.replace(WRITTEN, SLASH)

    def to_url(self, value: str) -> str:
        """The symbol as it is written."""
        return value.replace(SLASH, WRITTEN)


def fill_in(address: str, symbol: str) -> str:
    """The address with this symbol in place of the symbol `-`: of one address those of a list are made."""
    return address.replace("/-/", f"/{quote(symbol.replace(SLASH, WRITTEN))}/")
