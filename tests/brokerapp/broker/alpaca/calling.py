"""A read and a write of an account, as every test of the transport makes them."""

from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.alpaca.transport import Transport
from tests.brokerapp.broker.alpaca.conftest import BASE

ACCOUNT = {"id": "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f", "status": "ACTIVE"}
PATH = "/v1/accounts/{account_id}"
URL = f"{BASE}/v1/accounts/a-1"
IDS = {"account_id": "a-1"}


def get(transport: Transport) -> Account:
    return transport.send("GET", PATH, Account.from_reply, ids=IDS)


def post(transport: Transport, body: object = None) -> Account:
    return transport.send("POST", PATH, Account.from_reply, ids=IDS, body=body or {})
