"""Where a request came from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


class UnknownClientAddress(Exception):
    """The request carries no usable address: a proxy over a socket file, say, with no TRUSTED_PROXY_HOPS."""


def client_ip(request: HttpRequest) -> str:
    """The address of the person's device, as far as we can vouch for it; IPv4 or IPv6, no port.

    It is the other end of the connection, unless `TRUSTED_PROXY_HOPS` says how many proxies of our own
    stand in front. Each of those appends the address it saw to `X-Forwarded-For`, so that many entries from
    the right are ours to believe; what stands further left is the browser's word and is never read. A
    request with fewer entries than hops did not come through our proxies and counts as direct.
    Raises `UnknownClientAddress`.
    """
    address = forwarded_address(
        request.headers.get("X-Forwarded-For", ""), request.META.get("REMOTE_ADDR", "")
    )
    if address is None:
        hops = settings.TRUSTED_PROXY_HOPS
        raise UnknownClientAddress(f"REMOTE_ADDR is unusable and TRUSTED_PROXY_HOPS is {hops}")
    return str(address)


def forwarded_address(header: str, peer: str) -> IPv4Address | IPv6Address | None:
    """The device's address from `X-Forwarded-For` and the other end of the connection, by the rule above."""
    hops = settings.TRUSTED_PROXY_HOPS
    forwarded = [part for part in header.split(",") if part.strip()]
    address = read_address(forwarded[-hops]) if 0 < hops <= len(forwarded) else None
    return address or read_address(peer)


def network_of(text: str) -> str:
    """The network that an address counts for: itself in IPv4, its /64 in IPv6, "" if it is no address.

    Whoever has one address of IPv6 has 2^64 of them.
    """
    address = read_address(text)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address or "")


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """An address from a header or the connection; a port is dropped (some proxies add one), as is a zone.

    IPv4 that arrived on an IPv6 socket ("::ffff:192.0.2.1") is given as IPv4. None if it is no address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
