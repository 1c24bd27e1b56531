import pytest

from brokerapp.broker.alpaca import limits


@pytest.mark.parametrize(
    ("signed_from", "sent"),
    [
        ("185.13.21.99", "185.13.21.99"),
        ("::ffff:185.13.21.99", "185.13.21.99"),
        ("2002:b90d:1563::1", "185.13.21.99"),
        ("2001:db8::7", limits.NO_IPV4),
        ("::1", limits.NO_IPV4),
    ],
)
def test_signing_address_is_always_ipv4(signed_from: str, sent: str) -> None:
    assert limits.signing_address(signed_from) == sent


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("a" * 48 + "@example.com", True),
        ("a" * 49 + "@example.com", False),
        ("ana+" + "b" * 80 + "@example.com", True),
        ("ana+" + "b" * 90 + "@example.com", False),
        ("ana@exämple.com", False),
        ("ana@example", False),
        ("", False),
    ],
)
def test_takes_email(address: str, taken: bool) -> None:
    assert limits.takes_email(address) is taken
