"""What settles each KYC question in the sandbox, and what does not."""

from typing import Any

import pytest

from sandbox.accounts import kyc
from sandbox.accounts.kyc import ANSWERS, SELFIE, Sent
from sandbox.control.scenarios.account import KYC_REASONS
from tests.sandbox.people import apply, wait_for_status
from tests.sandbox_process import SandboxProcess

FIRM = {
    "company_name": "Initech",
    "company_street_address": "1 Main St",
    "company_city": "Austin",
    "company_country": "USA",
    "company_compliance_email": "legal@initech.example",
}


def paper(kind: str, sub_type: str = "") -> Sent:
    return Sent(papers=frozenset({(kind, sub_type)}))


def context(kind: str, **details: str) -> Sent:
    return Sent({"disclosures": {"context": [{"context_type": kind, **details}]}})


SETTLES: dict[str, Sent] = {
    "IDENTITY_VERIFICATION": paper("identity_verification"),
    "TAX_IDENTIFICATION": paper("tax_id_verification"),
    "ADDRESS_VERIFICATION": paper("address_verification"),
    "DATE_OF_BIRTH": paper("date_of_birth_verification"),
    "INVALID_IDENTITY_PASSPORT": paper("identity_verification"),
    "SELFIE_VERIFICATION": paper("identity_verification", SELFIE),
    "PEP": Sent(
        {
            "disclosures": {
                "employment_position": "Mayor",
                "employer_name": "City of Austin",
                "employer_address": "301 W 2nd St, Austin",
            }
        }
    ),
    "FAMILY_MEMBER_PEP": context("IMMEDIATE_FAMILY_EXPOSED", given_name="Ann", family_name="Lee"),
    "CONTROL_PERSON": context("CONTROLLED_FIRM", **FIRM),
    "AFFILIATED": context("AFFILIATE_FIRM", **FIRM),
    "VISA_TYPE_OTHER": Sent({"identity": {"visa_type": "H1B", "visa_expiration_date": "2028-03-31"}}),
    "W8BEN_CORRECTION": paper("w8ben"),
}


@pytest.mark.parametrize("code", SETTLES)
def test_answers_settle_their_own_question_alone(code: str) -> None:
    assert ANSWERS[code](SETTLES[code])
    assert not ANSWERS[code](Sent({"contact": {"city": "Fresno"}}, frozenset({("w9", "")})))


@pytest.mark.parametrize("code", ["CONTROL_PERSON", "AFFILIATED"])
@pytest.mark.parametrize("left_out", FIRM)
def test_answers_about_a_firm_are_whole(code: str, left_out: str) -> None:
    entry = dict(SETTLES[code].change["disclosures"]["context"][0])
    del entry[left_out]
    assert not ANSWERS[code](Sent({"disclosures": {"context": [entry]}}))


def test_photo_of_a_face_is_no_government_id() -> None:
    selfie = SETTLES["SELFIE_VERIFICATION"]
    assert not ANSWERS["IDENTITY_VERIFICATION"](selfie)
    assert not ANSWERS["SELFIE_VERIFICATION"](paper("identity_verification"))


def test_every_reason_of_the_scenarios_is_known() -> None:
    assert set(KYC_REASONS) - {"OTHER"} == set(ANSWERS)
    assert {"COUNTRY_NOT_SUPPORTED", "WATCHLIST_HIT"} == kyc.BY_STAFF_ALONE


def asked(sandbox: SandboxProcess, *codes: str) -> str:
    account_id: str = apply(sandbox)["id"]
    wait_for_status(sandbox, account_id, "ACTIVE")
    results = {"indeterminate": {code: {} for code in codes}}
    sandbox.set_account_status(account_id, "ACTION_REQUIRED", kyc_results=results)
    return account_id


def upload(sandbox: SandboxProcess, account_id: str, kind: str) -> Any:
    document = {"document_type": kind, "mime_type": "image/png", "content": "aGVsbG8="}
    path = f"/v1/accounts/{account_id}/documents/upload"
    sandbox.request("POST", path, json=[document]).raise_for_status()
    return sandbox.get(f"/v1/accounts/{account_id}")


def test_of_two_questions_the_answered_one_is_accepted_and_the_other_stays(sandbox: SandboxProcess) -> None:
    account_id = asked(sandbox, "IDENTITY_VERIFICATION", "TAX_IDENTIFICATION")

    after = upload(sandbox, account_id, "tax_id_verification")

    assert after["status"] == "ACTION_REQUIRED"
    assert after["kyc_results"]["accept"] == {"TAX_IDENTIFICATION": {}}
    assert after["kyc_results"]["indeterminate"] == {"IDENTITY_VERIFICATION": {}}
    upload(sandbox, account_id, "identity_verification")
    wait_for_status(sandbox, account_id, "ACTIVE")


def test_paper_of_another_kind_settles_nothing(sandbox: SandboxProcess) -> None:
    account_id = asked(sandbox, "TAX_IDENTIFICATION")
    after = upload(sandbox, account_id, "address_verification")
    assert (after["status"], after["kyc_results"]["accept"]) == ("ACTION_REQUIRED", {})


def test_what_only_staff_decide_waits_for_their_approval(sandbox: SandboxProcess) -> None:
    account_id = asked(sandbox, "IDENTITY_VERIFICATION", "WATCHLIST_HIT")
    after = upload(sandbox, account_id, "identity_verification")
    assert after["status"] == "APPROVAL_PENDING"
    assert after["kyc_results"]["indeterminate"] == {"WATCHLIST_HIT": {}}


def test_paper_of_a_rejected_application_is_an_appeal(sandbox: SandboxProcess) -> None:
    account_id = asked(sandbox, "IDENTITY_VERIFICATION")
    sandbox.set_account_status(account_id, "REJECTED")
    assert upload(sandbox, account_id, "other")["status"] == "APPROVAL_PENDING"
