import base64
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.people import apply, open_account, wait_for_status
from tests.sandbox.process import START
from tests.sandbox_process import SandboxProcess

PNG = {
    "document_type": "identity_verification",
    "document_sub_type": "passport",
    "content": base64.b64encode(b"not really a picture").decode(),
    "mime_type": "image/png",
}

FORM = {
    "country_citizen": "ESP",
    "date": f"{START - timedelta(days=30):%Y-%m-%d}",
    "date_of_birth": "1990-01-01",
    "foreign_tax_id": "12345678Z",
    "full_name": "Jane Doe",
    "ip_address": "185.13.21.99",
    "permanent_address_city_state": "Madrid",
    "permanent_address_country": "ESP",
    "permanent_address_street": "Calle Mayor 1",
    "revision": "10-2021",
    "signer_full_name": "Jane Doe",
    "timestamp": "2026-01-05T10:00:00Z",
}


def upload(sandbox: SandboxProcess, account_id: str, documents: Any) -> Any:
    return sandbox.request("POST", f"/v1/accounts/{account_id}/documents/upload", json=documents)


def test_uploaded_document_is_listed_and_downloads_unchanged(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    reply = upload(sandbox, account_id, [PNG])

    assert (reply.status_code, reply.content) == (204, b"")
    document = sandbox.get(f"/v1/accounts/{account_id}")["documents"][0]
    assert (document["document_type"], document["document_sub_type"]) == ("identity_verification", "passport")
    assert sandbox.request("GET", document["content"]).content == b"not really a picture"


def test_documents_can_come_with_the_application(sandbox: SandboxProcess) -> None:
    assert [document["mime_type"] for document in apply(sandbox, documents=[PNG])["documents"]] == [
        "image/png"
    ]


def test_w8ben_as_data(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]

    reply = upload(sandbox, account_id, [{"document_type": "w8ben", "content_data": FORM}])

    assert reply.status_code == 204
    document = sandbox.get(f"/v1/accounts/{account_id}")["documents"][0]
    assert document["mime_type"] == "application/json"
    form = sandbox.request("GET", f"/v1/accounts/{account_id}/documents/w8ben/{document['id']}/download")
    assert [each.status_code for each in form.history] == [301]
    assert form.content.startswith(b"%PDF-")


ABROAD = {
    "identity__country_of_tax_residence": "ESP",
    "identity__country_of_citizenship": "ESP",
    "identity__tax_id": "12345678Z",
    "identity__tax_id_type": "NOT_SPECIFIED",
    "contact__country": "ESP",
    "contact__state": "Madrid",
    "contact__postal_code": "28013",
}
SIGNED = {"document_type": "w8ben", "content_data": FORM}


def test_account_taxed_abroad_with_a_w8ben_is_opened(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox, **ABROAD, documents=[SIGNED])["id"]
    wait_for_status(sandbox, account_id, "ACTIVE")


@pytest.mark.parametrize(
    "change",
    [
        None,
        {"full_name": "Eve Smith", "signer_full_name": "Eve Smith"},
        {"signer_full_name": "J. D."},
        {"date_of_birth": "1990-01-02"},
        {"permanent_address_country": "FRA"},
        {"date": "2021-12-31"},
    ],
)
def test_account_taxed_abroad_without_a_w8ben_in_force_is_asked_for_one(
    sandbox: SandboxProcess, change: dict[str, str] | None
) -> None:
    wrong = [{**SIGNED, "content_data": FORM | change}] if change else []
    account_id = apply(sandbox, **ABROAD, documents=wrong)["id"]
    asked = wait_for_status(sandbox, account_id, "ACTION_REQUIRED")
    assert list(asked["kyc_results"]["indeterminate"]) == ["W8BEN_CORRECTION"]
    assert upload(sandbox, account_id, [SIGNED]).status_code == 204
    wait_for_status(sandbox, account_id, "ACTIVE")


def test_w8ben_rate_is_a_number(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]
    form = FORM | {"percent_rate_withholding": 15}
    assert upload(sandbox, account_id, [{"document_type": "w8ben", "content_data": form}]).status_code == 204


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"full_name": None}, "full_name is required"),
        ({"date": "01-05-2026"}, "date must have the format YYYY-MM-DD"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"ip_address": "home"}, "ip_address"),
        ({"foreign_tax_id": None}, "ftin_not_required is required"),
        ({"residency": 7}, "residency is invalid"),
    ],
)
def test_w8ben_data_refused(sandbox: SandboxProcess, change: dict[str, Any], words: str) -> None:
    account_id = apply(sandbox)["id"]

    reply = upload(sandbox, account_id, [{"document_type": "w8ben", "content_data": FORM | change}])

    assert reply.status_code == 422
    assert words in reply.json()["message"]


@pytest.mark.parametrize(
    ("documents", "status"),
    [
        ({"document_type": "other"}, 400),
        ([], 422),
        (["text"], 400),
        ([PNG] * 11, 422),
        ([PNG | {"document_type": "selfie"}], 422),
        ([PNG | {"mime_type": "text/html"}], 422),
        ([PNG | {"content": "*** not base64 ***"}], 422),
        ([PNG | {"content": ""}], 422),
        ([PNG | {"content": "A" * (10 * 1024 * 1024 + 4)}], 422),
    ],
    ids=["object", "empty", "text", "eleven", "type", "mime", "base64", "no-content", "too-large"],
)
def test_upload_refused(sandbox: SandboxProcess, documents: Any, status: int) -> None:
    account_id = apply(sandbox)["id"]

    assert upload(sandbox, account_id, documents).status_code == status
    assert "documents" not in sandbox.get(f"/v1/accounts/{account_id}")


def test_upload_with_one_bad_document_keeps_none(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]

    assert upload(sandbox, account_id, [PNG, PNG | {"mime_type": "text/html"}]).status_code == 422
    assert "documents" not in sandbox.get(f"/v1/accounts/{account_id}")


def test_issued_documents_by_type_and_date(sandbox: SandboxProcess) -> None:
    account = apply(sandbox)
    path, today = f"/v1/accounts/{account['id']}/documents", account["created_at"][:10]

    listed = sandbox.get(path, params={"start": today, "end": today, "type": "account_application"})

    assert [document["type"] for document in listed] == ["account_application"]
    assert sandbox.get(f"{path}/{listed[0]['id']}") == listed[0]
    assert sandbox.get(path, params={"end_date": "2020-01-01"}) == []
    assert sandbox.request("GET", path, params={"type": "poem"}).status_code == 422


def test_document_of_another_account_is_not_found(sandbox: SandboxProcess) -> None:
    owner, stranger = apply(sandbox, documents=[PNG]), apply(sandbox)
    link = owner["documents"][0]["content"].replace(owner["id"], stranger["id"])

    assert sandbox.request("GET", link).status_code == 404
