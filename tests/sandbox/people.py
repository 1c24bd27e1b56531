"""Applications and funded accounts for the sandbox's tests."""

import copy
import itertools
from typing import Any

from tests.sandbox_process import SandboxProcess, eventually

_numbers = itertools.count(1)
BANK = {
    "account_owner_name": "Jane Doe",
    "bank_account_type": "CHECKING",
    "bank_account_number": "32131231abc",
    "bank_routing_number": "121000358",
}
APPLICATION: dict[str, Any] = {
    "contact": {
        "email_address": "",
        "phone_number": "555-666-7788",
        "street_address": ["20 N San Mateo Dr"],
        "unit": "Apt 1A",
        "city": "San Mateo",
        "state": "CA",
        "postal_code": "94401",
    },
    "identity": {
        "given_name": "Jane",
        "family_name": "Doe",
        "date_of_birth": "1990-01-01",
        "tax_id": "666-55-4321",
        "tax_id_type": "USA_SSN",
        "country_of_citizenship": "USA",
        "country_of_tax_residence": "USA",
        "funding_source": ["employment_income"],
    },
    "disclosures": {
        "is_control_person": False,
        "is_affiliated_exchange_or_finra": False,
        "is_politically_exposed": False,
        "immediate_family_exposed": False,
        "employment_status": "employed",
    },
    "agreements": [
        {
            "agreement": "customer_agreement",
            "signed_at": "2021-05-11T18:13:44+01:00",
            "ip_address": "185.13.21.99",
        }
    ],
    "trusted_contact": {"given_name": "John", "family_name": "Doe", "email_address": ""},
    "additional_information": "",
}
SIGNED_FOR_OPTIONS = [
    {**APPLICATION["agreements"][0], "agreement": name}
    for name in ("customer_agreement", "options_agreement")
]


def application(**changes: Any) -> dict[str, Any]:
    """A valid application with an e-mail of its own. ``identity__tax_id="1"`` changes a member of a part."""
    body = copy.deepcopy(APPLICATION)
    body["contact"]["email_address"] = f"jane.{next(_numbers)}@example.com"
    for name, value in changes.items():
        part, _, member = name.partition("__")
        target = body[part] if member else body
        if value is None:
            target.pop(member or part, None)
        else:
            target[member or part] = value
    return body


def apply(sandbox: SandboxProcess, **changes: Any) -> dict[str, Any]:
    reply = sandbox.request("POST", "/v1/accounts", json=application(**changes))
    assert reply.status_code == 200, reply.text
    return reply.json()


def open_account(sandbox: SandboxProcess, *, cash: str = "", **changes: Any) -> str:
    """The id of an ACTIVE account, with ``cash`` in it."""
    account_id = apply(sandbox, **changes)["id"]
    sandbox.set_account_status(account_id, "ACTIVE")  # at once, instead of after its review
    if cash:
        sandbox.deposit(account_id, cash)
    return account_id


def reviewed_account(sandbox: SandboxProcess, **changes: Any) -> str:
    """The id of an account that became ACTIVE by itself."""
    account_id = apply(sandbox, **changes)["id"]
    wait_for_status(sandbox, account_id, "ACTIVE")
    return str(account_id)


def open_crypto_account(sandbox: SandboxProcess, *, cash: str = "", margin: bool = False) -> str:
    """The same, for coins too."""
    return open_account(sandbox, cash=cash, **crypto_members(margin=margin))


def crypto_members(*, margin: bool = False) -> dict[str, Any]:
    """What an application says that asks for coins."""
    signed = APPLICATION["agreements"][0]
    names = ["customer_agreement", "crypto_agreement", *(["margin_agreement"] if margin else [])]
    agreements = [{**signed, "agreement": name} for name in names]
    return {"enabled_assets": ["us_equity", "crypto"], "agreements": agreements}


def crypto_order(sandbox: SandboxProcess, account_id: str, **members: Any) -> Any:
    return order(sandbox, account_id, **{"symbol": "BTC/USD", "time_in_force": "gtc", **members})


def wait_for_status(sandbox: SandboxProcess, account_id: str, status: str) -> dict[str, Any]:
    def read() -> Any:
        account = sandbox.get(f"/v1/accounts/{account_id}")
        return account if account["status"] == status else None

    return eventually(read, what=f"status {status}")


def link_bank(sandbox: SandboxProcess, account_id: str) -> str:
    """The id of an APPROVED link."""
    path = f"/v1/accounts/{account_id}/ach_relationships"
    link_id = sandbox.request("POST", path, json=BANK).json()["id"]
    eventually(lambda: sandbox.get(path, params={"statuses": "APPROVED"}), what="an approved link")
    return link_id


def transfer(sandbox: SandboxProcess, account_id: str, link_id: str, **members: Any) -> Any:
    body = {
        "transfer_type": "ach",
        "relationship_id": link_id,
        "direction": "INCOMING",
        "amount": "100",
        **members,
    }
    return sandbox.request("POST", f"/v1/accounts/{account_id}/transfers", json=body)


def wait_for_transfer(
    sandbox: SandboxProcess, account_id: str, transfer_id: str, status: str
) -> dict[str, Any]:
    def read() -> Any:
        found = [t for t in sandbox.get(f"/v1/accounts/{account_id}/transfers") if t["id"] == transfer_id]
        return found[0] if found[0]["status"] == status else None

    return eventually(read, what=f"transfer {status}")


def trading_path(account_id: str, rest: str = "") -> str:
    return f"/v1/trading/accounts/{account_id}{rest}"


def position(sandbox: SandboxProcess, account_id: str, symbol: str = "AAPL") -> dict[str, Any]:
    """What an account holds of one symbol (or asset id), as the API tells it."""
    return sandbox.get(trading_path(account_id, f"/positions/{symbol}"))


def trading_account(sandbox: SandboxProcess, account_id: str) -> dict[str, Any]:
    return sandbox.get(trading_path(account_id, "/account"))


def order(sandbox: SandboxProcess, account_id: str, **members: Any) -> Any:
    body = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", **members}
    return sandbox.request("POST", trading_path(account_id, "/orders"), json=body)


def wait_for_order(sandbox: SandboxProcess, account_id: str, order_id: str, status: str) -> dict[str, Any]:
    def read() -> Any:
        found = sandbox.get(trading_path(account_id, f"/orders/{order_id}"))
        return found if found["status"] == status else None

    return eventually(read, what=f"order {status}")


def buy(sandbox: SandboxProcess, account_id: str, **members: Any) -> dict[str, Any]:
    """A filled order."""
    reply = order(sandbox, account_id, **members)
    assert reply.status_code == 200, reply.text
    return wait_for_order(sandbox, account_id, reply.json()["id"], "filled")
