"""Where a request came from."""

from ipaddress import IPv4Address, IPv6Address, ip_address

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
    hops = settings.TRUSTED_PROXY_HOPS
    forwarded = [part for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    address = read_address(forwarded[-hops]) if 0 < hops <= len(forwarded) else None
    address = address or read_address(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        raise UnknownClientAddress(f"REMOTE_ADDR is unusable and TRUSTED_PROXY_HOPS is {hops}")
    return str(address)


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
