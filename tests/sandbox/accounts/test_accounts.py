from typing import Any

import pytest

from tests.sandbox.people import application, apply, buy, open_account, order, wait_for_status
from tests.sandbox_process import SandboxProcess


def signed(agreement: str, **change: Any) -> dict[str, Any]:
    return {"agreement": agreement, "signed_at": "2021-01-01T00:00:00Z", "ip_address": "1.2.3.4", **change}


def test_create_account_reply(sandbox: SandboxProcess) -> None:
    body = application(identity__annual_income_min=50000.5)

    reply = sandbox.request("POST", "/v1/accounts", json=body)

    account = reply.json()
    assert (reply.status_code, account["status"]) == (200, "SUBMITTED")
    assert account["account_number"].isdigit()
    assert len(account["account_number"]) == 9
    assert account["contact"] == body["contact"]
    assert account["identity"]["annual_income_min"] == 50000.5
    assert account["disclosures"]["employment_status"] == "EMPLOYED"
    assert account["agreements"][0]["revision"]
    assert account["last_equity"] == "0"


def test_create_account_takes_digits_for_numbers_and_tells_numbers(sandbox: SandboxProcess) -> None:
    opened = sandbox.request("POST", "/v1/accounts", json=application(identity__total_net_worth_min="25000"))
    assert sandbox.get(f"/v1/accounts/{opened.json()['id']}")["identity"]["total_net_worth_min"] == 25000
    refused = sandbox.request("POST", "/v1/accounts", json=application(identity__total_net_worth_min="much"))
    assert (refused.status_code, "total_net_worth_min" in refused.text) == (422, True)


def test_tax_id_is_never_returned(sandbox: SandboxProcess) -> None:
    account = apply(sandbox)

    assert "tax_id" not in account["identity"]
    assert "tax_id" not in sandbox.get(f"/v1/accounts/{account['id']}")["identity"]


def test_account_becomes_active_by_itself(sandbox: SandboxProcess) -> None:
    account = wait_for_status(sandbox, apply(sandbox)["id"], "ACTIVE")

    assert "kyc_results" not in account


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"contact__email_address": None}, "email_address is required"),
        ({"contact__email_address": "jane"}, "email_address"),
        ({"contact__email_address": "j" * 61 + "@example.com"}, "email_address must not be longer than 60"),
        ({"contact__street_address": ["PO Box 12"]}, "street_address cannot be a P.O. Box"),
        ({"contact__street_address": ["Box #7"]}, "street_address cannot be a P.O. Box"),
        ({"contact__street_address": ["Box 65, RR 2"]}, "street_address cannot be a P.O. Box"),
        ({"contact__street_address": ["POB 12"]}, "street_address cannot be a P.O. Box"),
        ({"contact__street_address": ["Post Office Box"]}, "street_address cannot be a P.O. Box"),
        ({"contact__street_address": "20 N San Mateo Dr"}, "street_address"),
        ({"contact__street_address": []}, "street_address is required"),
        ({"contact__unit": "x" * 21}, "unit/apt # too long, must be less than 20 characters"),
        ({"contact__city": None}, "city is required"),
        ({"contact__city": "123"}, "city"),
        ({"contact__city": "San José"}, "city contains invalid characters"),
        ({"contact__state": None}, "state is required"),
        ({"contact__state": "ZZ"}, "state is invalid"),
        ({"contact__postal_code": "9440"}, "postal_code is invalid"),
        ({"contact__postal_code": None}, "postal_code is required"),
        ({"contact__country": "US"}, "country"),
        ({"contact__phone_number": "call me"}, "phone_number is invalid"),
        ({"identity": None}, "identity is required"),
        ({"identity__given_name": ""}, "given_name is required"),
        ({"identity__given_name": " Jane"}, "given_name contains invalid characters"),
        ({"identity__family_name": "x" * 51}, "family_name must not be longer than 50"),
        ({"identity__family_name": "D"}, "family_name must not be shorter than 2"),
        ({"identity__date_of_birth": "2015-01-01"}, "at least 18 years old"),
        ({"identity__date_of_birth": "01/02/1990"}, "date_of_birth must have the format YYYY-MM-DD"),
        ({"identity__date_of_birth": "1990-02-30"}, "date_of_birth"),
        ({"identity__tax_id_type": None}, "tax_id_type is required"),
        ({"identity__tax_id_type": "SSN"}, "tax_id_type is invalid"),
        ({"identity__tax_id": None}, "tax_id is required"),
        ({"identity__country_of_tax_residence": None}, "country_of_tax_residence is required"),
        ({"identity__funding_source": []}, "funding_source is required"),
        ({"identity__funding_source": ["lottery"]}, "funding_source is invalid"),
        ({"identity__visa_type": "Q9"}, "visa_type is invalid"),
        ({"identity__visa_type": "H1B"}, "visa_expiration_date is required"),
        ({"disclosures__is_control_person": None}, "is_control_person is required"),
        ({"disclosures__is_control_person": "no"}, "is_control_person must be a boolean"),
        ({"disclosures__employment_status": "busy"}, "employment_status is invalid"),
        ({"disclosures__context": [{"context_type": "OTHER"}]}, "context_type is invalid"),
        ({"agreements": None}, "agreements is required"),
        ({"agreements": [signed("customer_agreement", signed_at=None)]}, "signed_at is required"),
        ({"agreements": [signed("customer_agreement", ip_address="::1")]}, "ip_address is not a valid"),
        ({"agreements": [signed("margin_agreement")]}, "customer_agreement is required"),
        ({"trusted_contact": {"given_name": "A", "family_name": "B"}}, "trusted_contact needs"),
        ({"account_type": "joint"}, "account_type joint is not enabled"),
        ({"enabled_assets": ["gold"]}, "enabled_assets is invalid"),
    ],
)  # fmt: skip
def test_create_account_with_invalid_value(
    sandbox: SandboxProcess, change: dict[str, Any], words: str
) -> None:
    reply = sandbox.request("POST", "/v1/accounts", json=application(**change))

    assert (reply.status_code, reply.json()["code"]) == (422, 40010001), reply.text
    assert words in reply.json()["message"]


@pytest.mark.parametrize(
    ("tax_id", "accepted"),
    [
        ("666-55-4321", True),
        ("124-55-4321", True),
        ("661-010-666", True),
        ("124554321", True),
        ("000-12-3456", False),
        ("666-55-4322", False),
        ("124-00-4321", False),
        ("124-55-0000", False),
        ("111-11-1111", False),
        ("123456789", False),
        ("987-65-4321", False),
        ("12455432", False),
        ("124-55-432x", False),
    ],
)
def test_social_security_numbers(sandbox: SandboxProcess, tax_id: str, accepted: bool) -> None:
    reply = sandbox.request("POST", "/v1/accounts", json=application(identity__tax_id=tax_id))

    assert reply.status_code == (200 if accepted else 422), reply.text


@pytest.mark.parametrize("state", ["ca", "California", "DC", "AE", "Puerto Rico"])
def test_states_by_code_or_name(sandbox: SandboxProcess, state: str) -> None:
    apply(sandbox, contact__state=state)


def test_email_can_be_used_once_whatever_its_case(sandbox: SandboxProcess) -> None:
    body = application()
    sandbox.request("POST", "/v1/accounts", json=body)
    body["contact"]["email_address"] = body["contact"]["email_address"].upper()

    again = sandbox.request("POST", "/v1/accounts", json=body)

    assert (again.status_code, again.json()["code"]) == (409, 40910000)


@pytest.mark.parametrize("status", ["SUBMITTED", "ACTION_REQUIRED", "APPROVAL_PENDING", "REJECTED", "ACTIVE"])
def test_fixture_status_stays(sandbox: SandboxProcess, status: str) -> None:
    account = apply(sandbox, additional_information=f"/fixtures/status={status}/fixtures/")

    assert account["status"] == status
    apply(sandbox)
    assert sandbox.get(f"/v1/accounts/{account['id']}")["status"] == status


@pytest.mark.parametrize(
    ("status", "part", "code"),
    [
        ("ACTION_REQUIRED", "indeterminate", "IDENTITY_VERIFICATION"),
        ("APPROVAL_PENDING", "indeterminate", "WATCHLIST_HIT"),
        ("REJECTED", "reject", "IDENTITY_VERIFICATION"),
    ],
)
def test_fixture_status_comes_with_a_reason(
    sandbox: SandboxProcess, status: str, part: str, code: str
) -> None:
    results = apply(sandbox, additional_information=f"/fixtures/status={status}/fixtures/")["kyc_results"]

    assert results == {"reject": {}, "accept": {}, "indeterminate": {}, "summary": "fail"} | {
        part: {code: {}}
    }


def test_true_disclosure_asks_for_action_until_its_details_come(sandbox: SandboxProcess) -> None:
    account_id = apply(
        sandbox, disclosures__is_control_person=True, disclosures__immediate_family_exposed=True
    )["id"]

    waiting = wait_for_status(sandbox, account_id, "ACTION_REQUIRED")
    assert waiting["kyc_results"]["indeterminate"] == {"CONTROL_PERSON": {}, "FAMILY_MEMBER_PEP": {}}

    firm = {
        "context_type": "CONTROLLED_FIRM",
        "company_name": "Initech",
        "company_street_address": "1 Main St",
        "company_city": "Austin",
        "company_country": "USA",
        "company_compliance_email": "legal@initech.example",
    }
    family = {"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"}
    change = {"disclosures": {"context": [firm, family]}}
    sandbox.request("PATCH", f"/v1/accounts/{account_id}", json=change).raise_for_status()
    wait_for_status(sandbox, account_id, "ACTIVE")


def test_list_accounts_filters(sandbox: SandboxProcess) -> None:
    first = apply(sandbox, identity__given_name="Zebedee", identity__family_name="Quix")
    second = apply(sandbox, identity__given_name="Zebedee", identity__family_name="Other")

    def ids(**params: Any) -> list[str]:
        return [account["id"] for account in sandbox.get("/v1/accounts", params=params)]

    assert ids(query="zebedee quix") == [first["id"]]
    assert ids(query=second["contact"]["email_address"]) == [second["id"]]
    assert ids(query="zebedee") == [second["id"], first["id"]]
    assert ids(query="zebedee", sort="asc") == [first["id"], second["id"]]
    assert ids(query="zebedee", created_after=second["created_at"]) == [second["id"]]
    assert ids(query="zebedee", created_before=first["created_at"]) == [first["id"]]
    assert ids(query="zebedee", status=["REJECTED", "DISABLED"]) == []


def test_list_accounts_shows_the_parts_asked_for(sandbox: SandboxProcess) -> None:
    email = apply(sandbox)["contact"]["email_address"]

    short = sandbox.get("/v1/accounts", params={"query": email})[0]
    longer = sandbox.get("/v1/accounts", params={"query": email, "entities": "contact,identity"})[0]

    assert not {"contact", "identity", "disclosures", "agreements", "documents", "trusted_contact"} & set(
        short
    )
    assert {"contact", "identity"} <= set(longer)
    assert "disclosures" not in longer


@pytest.mark.parametrize(
    "params", [{"status": "HAPPY"}, {"sort": "up"}, {"entities": "shoes"}, {"created_after": "soon"}]
)
def test_list_accounts_with_invalid_query(sandbox: SandboxProcess, params: dict[str, str]) -> None:
    assert sandbox.request("GET", "/v1/accounts", params=params).status_code == 422


def test_patch_changes_contact(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    reply = sandbox.request(
        "PATCH", f"/v1/accounts/{account_id}", json={"contact": {"phone_number": "+15556667788"}}
    )

    assert reply.json()["contact"]["phone_number"] == "+15556667788"
    assert reply.json()["contact"]["city"] == "San Mateo"
    assert reply.json()["status"] == "ACTIVE"


def test_patch_of_address_reviews_the_account(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    reply = sandbox.request("PATCH", f"/v1/accounts/{account_id}", json={"contact": {"city": "Fresno"}})

    assert reply.json()["status"] == "ACCOUNT_UPDATED"
    wait_for_status(sandbox, account_id, "ACTIVE")


def test_patch_frees_the_former_email(sandbox: SandboxProcess) -> None:
    body = application()
    account_id = sandbox.request("POST", "/v1/accounts", json=body).json()["id"]
    change = {"contact": {"email_address": f"new.{body['contact']['email_address']}"}}
    sandbox.request("PATCH", f"/v1/accounts/{account_id}", json=change).raise_for_status()

    assert sandbox.request("POST", "/v1/accounts", json=body).status_code == 200
    change["contact"]["email_address"] = body["contact"]["email_address"]
    assert sandbox.request("PATCH", f"/v1/accounts/{account_id}", json=change).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"identity": {"date_of_birth": "1991-01-01"}}, 422),
        ({"identity": {"tax_id": "124-55-4321"}}, 422),
        ({"account_type": "ira"}, 422),
        ({"status": "ACTIVE_FOREVER"}, 422),
        ({"primary_account_holder_id": "x"}, 403),
        ({"contact": {"state": "ZZ"}}, 422),
    ],
)
def test_patch_of_what_cannot_be_changed(
    sandbox: SandboxProcess, change: dict[str, Any], status: int
) -> None:
    account = apply(sandbox)

    reply = sandbox.request("PATCH", f"/v1/accounts/{account['id']}", json=change)

    assert reply.status_code == status, reply.text
    assert sandbox.get(f"/v1/accounts/{account['id']}")["contact"] == account["contact"]


def test_names_change_once(sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}"

    assert sandbox.request("PATCH", path, json={"identity": {"family_name": "Roe"}}).status_code == 200
    assert sandbox.request("PATCH", path, json={"identity": {"family_name": "Poe"}}).status_code == 422


def test_patch_appends_agreements(sandbox: SandboxProcess) -> None:
    path = f"/v1/accounts/{apply(sandbox)['id']}"
    agreement = {
        "agreement": "margin_agreement",
        "signed_at": "2026-01-02T03:04:05Z",
        "ip_address": "10.1.2.3",
    }

    account = sandbox.request("PATCH", path, json={"agreements": [agreement]}).json()

    assert [entry["agreement"] for entry in account["agreements"]] == [
        "customer_agreement",
        "margin_agreement",
    ]


@pytest.mark.parametrize(("method", "rest"), [("POST", "/actions/close"), ("DELETE", "")])
def test_close_account(sandbox: SandboxProcess, method: str, rest: str) -> None:
    account_id = open_account(sandbox)

    assert sandbox.request(method, f"/v1/accounts/{account_id}{rest}").status_code == 204
    assert sandbox.get(f"/v1/accounts/{account_id}")["status"] == "ACCOUNT_CLOSED"
    assert sandbox.request(method, f"/v1/accounts/{account_id}{rest}").status_code == 422


def test_close_account_with_cash_or_position_is_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="100")
    assert sandbox.request("POST", f"/v1/accounts/{account_id}/actions/close").status_code == 422

    buy(sandbox, account_id, notional="100")
    reply = sandbox.request("POST", f"/v1/accounts/{account_id}/actions/close")

    assert (reply.status_code, reply.json()["message"]) == (422, "account has open positions")


def test_firm_account_cannot_be_closed(sandbox: SandboxProcess) -> None:
    assert sandbox.request("DELETE", f"/v1/accounts/{sandbox.firm_account_id}").status_code == 403


@pytest.mark.parametrize("word", ["PAPER_ONLY", "NEVER_HEARD_OF"])
def test_account_can_be_given_any_word_as_status(sandbox: SandboxProcess, holder_id: str, word: str) -> None:
    sandbox.set_account_status(holder_id, word)

    assert sandbox.get(f"/v1/accounts/{holder_id}")["status"] == word
    refused = order(sandbox, holder_id, qty="1")
    assert refused.status_code == 403, refused.text


@pytest.mark.parametrize("status", ["", "two words", 'A"', "_", None])
def test_status_that_is_no_word_is_refused(sandbox: SandboxProcess, account_id: str, status: object) -> None:
    path = f"/_sandbox/accounts/{account_id}/status"
    assert sandbox.request("POST", path, json={"status": status}).status_code == 422


@pytest.mark.parametrize("street", ["12 Post Office Box Rd", "1 PO Box Road", "RR 2 Box 65", "1 Boxwood Ln"])
def test_street_that_only_sounds_like_a_po_box_is_taken(sandbox: SandboxProcess, street: str) -> None:
    reply = sandbox.request("POST", "/v1/accounts", json=application(contact__street_address=[street]))
    assert reply.status_code == 200, reply.text
