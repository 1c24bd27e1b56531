import pytest

from brokerapp.units.broker_kind import BrokerKind, broker_kind
from sandbox.state.world import Settings

KEY = Settings.__dataclass_fields__["key"].default
LIVE_KEY = "CKBNRK6J1VPUV0000000"
LIVE, LIVE_DATA = "https://broker-api.alpaca.markets", "https://data.alpaca.markets"
TRY, TRY_DATA = "https://broker-api.sandbox.alpaca.markets", "https://data.sandbox.alpaca.markets"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8100", "http://[::1]:8100", "http://localhost:8100", "http://sandbox:8100"]
)
@pytest.mark.parametrize("key", [KEY, ""])
def test_broker_kind_is_built_in_at_a_private_address_with_its_own_key(url: str, key: str) -> None:
    assert broker_kind(url, url, key) is BrokerKind.BUILT_IN


@pytest.mark.parametrize(
    ("base_url", "data_url", "key"),
    [
        (LIVE, LIVE_DATA, LIVE_KEY),
        (LIVE, LIVE_DATA, KEY),
        (LIVE, LIVE_DATA, ""),
        # A proxy of our own in front of the real one.
        ("http://127.0.0.1:8100", "http://127.0.0.1:8100", LIVE_KEY),
        ("http://sandbox:8100", "http://sandbox:8100", LIVE_KEY),
        ("https://sandbox.broker.example.com", "https://sandbox.broker.example.com", KEY),
        ("https://broker-api.sandbox.alpaca.markets.example.com", TRY_DATA, LIVE_KEY),
        ("https://evilsandbox.alpaca.markets", TRY_DATA, LIVE_KEY),
        ("http://127.0.0.1:8100", LIVE_DATA, KEY),
        ("", "", ""),
        ("http://[", "http://[", KEY),
    ],
)
def test_broker_kind_of_everything_that_may_be_live_is_live(base_url: str, data_url: str, key: str) -> None:
    assert broker_kind(base_url, data_url, key) is BrokerKind.LIVE


def test_broker_kind_of_alpacas_sandbox_is_told_by_its_host() -> None:
    assert broker_kind(TRY, TRY_DATA, "CKEXAMPLE") is BrokerKind.ALPACA_SANDBOX
    assert broker_kind(TRY, LIVE_DATA, "CKEXAMPLE") is BrokerKind.ALPACA_SANDBOX
