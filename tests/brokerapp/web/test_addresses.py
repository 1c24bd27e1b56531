import pytest
from django.test import RequestFactory

from brokerapp.web.addresses import UnknownClientAddress, client_ip

PEER = "198.51.100.9"


def ask(settings: object, *, hops: int, forwarded: str | None = None, peer: str = PEER) -> str:
    settings.TRUSTED_PROXY_HOPS = hops  # type: ignore[attr-defined]
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))


@pytest.mark.parametrize("forwarded", [None, "203.0.113.7", "203.0.113.7, 10.0.0.1", "nonsense"])
def test_client_ip_without_proxies_never_reads_the_header(settings: object, forwarded: str | None) -> None:
    assert ask(settings, hops=0, forwarded=forwarded) == PEER


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7,10.0.0.1", "203.0.113.7"),
        (1, "203.0.113.7:49152", "203.0.113.7"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "[2001:db8::1]:49152", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_client_ip_behind_proxies_is_what_the_outermost_of_ours_saw(
    settings: object, hops: int, forwarded: str, expected: str
) -> None:
    assert ask(settings, hops=hops, forwarded=forwarded) == expected


@pytest.mark.parametrize(
    ("hops", "forwarded"),
    [(1, None), (1, ""), (1, " , "), (2, "203.0.113.7"), (1, "unknown"), (1, "_hidden"), (1, "203.0.113")],
)
def test_client_ip_with_fewer_or_unusable_entries_is_the_connection(
    settings: object, hops: int, forwarded: str | None
) -> None:
    assert ask(settings, hops=hops, forwarded=forwarded) == PEER


def test_client_ip_over_a_socket_file_comes_from_the_proxy(settings: object) -> None:
    assert ask(settings, hops=1, forwarded="203.0.113.7", peer="") == "203.0.113.7"


def test_client_ip_over_a_socket_file_without_proxies_is_refused(settings: object) -> None:
    with pytest.raises(UnknownClientAddress, match="TRUSTED_PROXY_HOPS is 0"):
        ask(settings, hops=0, forwarded="203.0.113.7", peer="")
