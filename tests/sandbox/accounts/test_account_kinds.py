from typing import Any

import pytest

from tests.sandbox.people import application, apply, buy, open_account, trading_account
from tests.sandbox_process import SandboxProcess

MINOR = {
    "given_name": "Timmy",
    "family_name": "Doe",
    "email": "timmy@example.com",
    "date_of_birth": "2016-05-01",
    "country_of_tax_residence": "USA",
    "state": "ca",
    "tax_id": "124-55-4321",
    "tax_id_type": "USA_SSN",
}
SPOUSE = {
    "type": "primary",
    "given_name": "John",
    "middle_name": "",
    "family_name": "Doe",
    "date_of_birth": "1988-01-01",
    "tax_id": "124-55-4321",
    "tax_id_type": "USA_SSN",
    "relationship": "spouse",
    "share_pct": "100",
}
WITHOUT_MIDDLE_NAME = {name: told for name, told in SPOUSE.items() if name != "middle_name"}
MARGIN = {"agreement": "margin_agreement", "signed_at": "2021-01-01T00:00:00Z", "ip_address": "1.2.3.4"}
CUSTOMER = MARGIN | {"agreement": "customer_agreement"}
ETC = MARGIN | {"agreement": "etc_agreement"}
CRYPTO = MARGIN | {"agreement": "crypto_agreement"}


def ira(**changes: Any) -> dict[str, Any]:
    return {"account_type": "ira", "account_sub_type": "roth", **changes}


def custodial(**changes: Any) -> dict[str, Any]:
    return {"account_type": "custodial", "minor_identity": MINOR | changes}


def test_custodial_account_names_the_minor_without_the_tax_id(sandbox: SandboxProcess) -> None:
    account = apply(sandbox, **custodial())

    assert account["account_type"] == "custodial"
    assert account["custodial_account_type"] == "CustodianTypeUTMA"
    assert account["minor_identity"]["state"] == "CA"
    assert "tax_id" not in account["minor_identity"]


def test_retirement_account_has_no_margin(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="5000", **ira(agreements=[CUSTOMER, MARGIN]))

    account = trading_account(sandbox, account_id)

    assert (account["multiplier"], account["buying_power"]) == ("1", "5000")
    configuration = sandbox.get(f"/v1/trading/accounts/{account_id}/account/configurations")
    assert (configuration["max_margin_multiplier"], configuration["no_shorting"]) == ("1", True)
    buy(sandbox, account_id, qty="1")


def test_beneficiaries_are_replaced_as_a_whole(sandbox: SandboxProcess) -> None:
    account = apply(sandbox, **ira(beneficiaries=[SPOUSE]))
    halves = [SPOUSE | {"share_pct": "50"}, SPOUSE | {"share_pct": "50", "given_name": "Ann"}]

    halves[0]["tax_id"] = account["beneficiaries"][0]["tax_id"]
    changed = sandbox.request("PATCH", f"/v1/accounts/{account['id']}", json={"beneficiaries": halves}).json()

    assert account["beneficiaries"][0]["tax_id"] == "xxx-xx-xxxx"
    assert [entry["given_name"] for entry in changed["beneficiaries"]] == ["John", "Ann"]
    assert changed["account_sub_type"] == "roth"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account_type": "donor_advised"}, "not enabled"),
        ({"account_type": ["ira"]}, "not enabled"),
        ({"account_type": "ira"}, "account_sub_type is required"),
        (ira(account_sub_type="simple"), "account_sub_type is invalid"),
        ({"account_sub_type": "roth"}, "only accepted for account_type ira"),
        ({"beneficiaries": [SPOUSE]}, "only accepted for account_type ira"),
        (ira(beneficiaries=[SPOUSE | {"share_pct": "60"}]), "must sum to 100"),
        (ira(beneficiaries=[SPOUSE | {"type": "friend"}]), "primary or contingent"),
        (ira(beneficiaries=[SPOUSE | {"given_name": ""}]), "given_name is required"),
        (ira(beneficiaries=[SPOUSE | {"date_of_birth": "1988"}]), "YYYY-MM-DD"),
        (ira(beneficiaries=[SPOUSE | {"tax_id": ""}]), "tax_id is required"),
        (ira(beneficiaries=[SPOUSE | {"tax_id": "xxx-xx-xxxx"}]), "tax_id"),
        (ira(beneficiaries=[SPOUSE | {"tax_id": "12-34"}]), "must have 9 digits"),
        (ira(beneficiaries=[SPOUSE | {"tax_id_type": ""}]), "tax_id_type is required"),
        (ira(beneficiaries=[SPOUSE | {"tax_id_type": "CAT"}]), "tax_id_type is invalid"),
        (ira(beneficiaries=[WITHOUT_MIDDLE_NAME]), "middle_name is required"),
        (ira(beneficiaries=[SPOUSE | {"share_pct": "14"}] * 7), "no more than 6"),
        (ira(enabled_assets=["crypto"], agreements=[CUSTOMER, CRYPTO]), "crypto is not available"),
        ({"enabled_assets": ["us_equity", "crypto"]}, "crypto_agreement is required"),
        ({"account_type": "custodial"}, "minor_identity is required"),
        (custodial(email="timmy"), "not a valid email"),
        (custodial(state="ZZ"), "state is invalid"),
        (custodial(date_of_birth="1990-01-01"), "must be a minor"),
        (custodial(tax_id="000-00-0000"), "tax_id is invalid"),
        (custodial() | {"agreements": [CUSTOMER | {"revision": "16.2021.05"}]}, "must be 18 or later"),
    ],
)
def test_application_of_a_kind_refused(sandbox: SandboxProcess, change: dict[str, Any], words: str) -> None:
    reply = sandbox.request("POST", "/v1/accounts", json=application(**change))

    assert reply.status_code == 422, reply.text
    assert words in reply.json()["message"]


def test_one_more_account_of_the_same_person(sandbox: SandboxProcess) -> None:
    holder = apply(sandbox)
    body = application(**ira(contact=None, identity=None, primary_account_holder_id=holder["id"]))

    refused = sandbox.request("POST", "/v1/accounts", json=body | {"agreements": [CUSTOMER]})
    reply = sandbox.request("POST", "/v1/accounts", json=body | {"agreements": [CUSTOMER, ETC]})

    assert (refused.status_code, refused.json()["message"]) == (422, "etc_agreement is required")
    account = reply.json()
    assert [entry["agreement"] for entry in account["agreements"]] == ["customer_agreement"]

    assert account["primary_account_holder_id"] == holder["id"]
    assert (account["contact"], account["identity"]) == (holder["contact"], holder["identity"])
    path = f"/v1/accounts/{account['id']}"
    assert sandbox.request("PATCH", path, json={"contact": {"unit": "2B"}}).status_code == 200
    other = {"primary_account_holder_id": account["id"]}
    assert sandbox.request("PATCH", path, json=other).status_code == 403
    both = application(primary_account_holder_id=holder["id"])
    assert sandbox.request("POST", "/v1/accounts", json=both).status_code == 422


def test_crypto_enabled_later_needs_its_agreement(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    path, assets = f"/v1/accounts/{account_id}", ["us_equity", "crypto"]

    refused = sandbox.request("PATCH", path, json={"enabled_assets": assets})
    changed = sandbox.request("PATCH", path, json={"enabled_assets": assets, "agreements": [CRYPTO]})

    assert (refused.status_code, changed.json()["crypto_status"]) == (422, "SUBMITTED")
    assert changed.json()["enabled_assets"] == assets
    assert changed.json()["agreements"][1]["revision"] == "04.2021.10"


def test_patch_may_repeat_what_cannot_change(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    path = f"/v1/accounts/{account_id}"
    same = {"tax_id": "666554321", "tax_id_type": "USA_SSN", "date_of_birth": "1990-01-01"}

    assert sandbox.request("PATCH", path, json={"identity": same}).status_code == 200
    assert sandbox.get(path)["status"] == "ACTIVE"
    other = sandbox.request("PATCH", path, json={"identity": same | {"tax_id": "124-55-4321"}})
    assert (other.status_code, other.json()["code"]) == (422, 40010001)
    minor = sandbox.request("PATCH", path, json={"minor_identity": MINOR})
    assert minor.status_code == 422
