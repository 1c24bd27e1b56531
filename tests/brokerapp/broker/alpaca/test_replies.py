import ssl

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3 import exceptions as wire
from urllib3.connection import HTTPConnection

from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown, BrokerUnreachable
from brokerapp.broker.alpaca.replies import failed_exchange

CONNECTION = HTTPConnection("broker.test")
POOL = HTTPConnectionPool("broker.test")


def gave_up(cause: Exception) -> wire.MaxRetryError:
    return wire.MaxRetryError(POOL, "/v1/accounts?query=ann@example.com", cause)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (
            requests.ConnectionError(gave_up(wire.NewConnectionError(CONNECTION, "refused"))),
            BrokerUnreachable,
        ),
        (
            requests.exceptions.SSLError(gave_up(wire.SSLError(ssl.SSLCertVerificationError()))),
            BrokerUnreachable,
        ),
        (requests.exceptions.SSLError(gave_up(wire.SSLError(ssl.SSLEOFError()))), BrokerOutcomeUnknown),
        (requests.ConnectionError(gave_up(wire.ProtocolError("cut"))), BrokerOutcomeUnknown),
        (requests.ConnectionError(wire.ProtocolError("cut")), BrokerOutcomeUnknown),
        (requests.ConnectionError(), BrokerOutcomeUnknown),
        (requests.ReadTimeout(), BrokerOutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError(), BrokerOutcomeUnknown),
        (wire.DecodeError(), BrokerOutcomeUnknown),
    ],
    ids=lambda value: getattr(value, "__name__", str(type(value).__name__)),
)
def test_failed_exchange_says_not_done_only_where_that_is_certain(reason, kind):
    error = failed_exchange(reason, call_id="c")

    assert type(error) is kind
    assert error.reference == "c"
    assert "ann@example.com" not in str(error)
