"""Which kind of broker the settings name: the built-in sandbox, Alpaca's sandbox, or one with real money.

It is told by what only that broker can be. The built-in sandbox is on this machine or network and takes keys
that begin with a mark of its own, which Alpaca issues to nobody: such a key does nothing at another broker.
Alpaca's sandbox is named by its host. Whatever is neither is live, also when it looks like a test.
"""

from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

SANDBOX_KEY = "SANDBOX"
"""How the built-in sandbox's keys begin (`sandbox/state/world.py`)."""
ALPACA_SANDBOX = ".sandbox.alpaca.markets"


class BrokerKind(StrEnum):
    """What a broker's money is."""

    BUILT_IN = "the built-in sandbox"
    ALPACA_SANDBOX = "Alpaca's sandbox"
    LIVE = "a live broker"


def broker_kind(base_url: str, data_url: str, key: str) -> BrokerKind:
    """The kind of the broker at these addresses, with this key; without a key there is no broker to reach.

    Prices may come from Alpaca's live data: only the Broker API moves money, and of the built-in sandbox both
    addresses are its own.
    """
    if all(is_private(url) for url in (base_url, data_url)) and (not key or key.startswith(SANDBOX_KEY)):
        return BrokerKind.BUILT_IN
    if f".{host_of(base_url)}".endswith(ALPACA_SANDBOX):
        return BrokerKind.ALPACA_SANDBOX
    return BrokerKind.LIVE


def is_private(url: str) -> bool:
    """Whether the address is on this machine or in a private network: a name without a dot counts."""
    host = host_of(url)
    try:
        address = ip_address(host)
    except ValueError:
        return bool(host) and "." not in host
    return address.is_private


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own, which nobody reaches from elsewhere."""
    host = host_of(url)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(url: str) -> str:
    """The host that a URL names, in lower case; "" if it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
