"""Documents: what owners upload, and the list of what the broker issues."""

import base64
import binascii
import datetime as dt
import uuid
from typing import Any

from sandbox.accounts import kyc
from sandbox.accounts.documents import downloads, statements
from sandbox.accounts.documents import pdf as statement_pdf
from sandbox.accounts.documents.w8ben import checked_form
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    decode_json,
    encode_json,
    endpoint,
    invalid,
    malformed,
    not_found,
    parse_date,
    uuid_of,
    words,
)  # fmt: skip

MOST_DOCUMENTS = 10
MOST_CONTENT = 10 * 1024 * 1024  # bytes, as encoded
# The types of the 2026 specification that the SDK knows too, and two it alone knows.
DOCUMENT_TYPES = words(
    "account_approval_letter address_verification cip_result date_of_birth_verification "
    "identity_verification limited_trading_authorization tax_id_verification w8ben "
    "social_security_number_verification other"
)
# Accepted, but shown as "other": the SDK cannot parse an account that has one of these.
SHOWN_AS_OTHER = words(
    "company_formation entity_operating_document entity_registration hio_declaration_form "
    "pep_declaration_form w9"
)
PDF = "application/pdf"
MIME_TYPES = frozenset((PDF, "image/png", "image/jpeg", "application/json"))
ISSUED_TYPES = words(
    "account_statement trade_confirmation trade_confirmation_json tax_statement account_application "
    "crypto_account_statement options_application tax_1099_b_details tax_1099_b_form tax_1099_div_details "
    "tax_1099_div_form tax_1099_int_details tax_1099_int_form tax_w8"
)


@endpoint("POST", "/v1/accounts/{account_id}/documents/upload")
def upload_documents(call: Call) -> Reply:
    """Keep 1 to 10 documents. What the review waited for is settled by them."""
    account, uploads = call.account(), call.json()
    if not isinstance(uploads, list):
        raise malformed("request body format is invalid: JSON: an array of documents is expected")
    if not uploads:
        raise invalid("at least one document is required")
    store_uploads(call, account, uploads)
    papers = frozenset((upload["document_type"], upload.get("document_sub_type") or "") for upload in uploads)
    kyc.take(call.world, account, kyc.Sent(papers=papers), call.now)
    return NO_CONTENT


@endpoint("GET", "/v1/accounts/{account_id}/documents")
def list_issued_documents(call: Call) -> list[dict[str, Any]]:
    """Documents the broker issued, by date, both ends included; oldest first."""
    account = call.account()
    wanted = call.arg("type")
    if wanted and wanted not in ISSUED_TYPES:
        raise invalid("invalid type")
    start, end = (_date(call, name) for name in ("start", "end"))
    return [
        document.view()
        for document in statements.issued_documents(call.world, account, call.now)
        if (not wanted or document.type == wanted)
        and (start is None or document.end >= start)
        and (end is None or document.end <= end)
    ]


@endpoint("GET", "/v1/accounts/{account_id}/documents/{document_id}")
def get_issued_document(call: Call) -> dict[str, Any]:
    document = _find_issued(call, call.account())
    if document is None:
        raise not_found(f"document not found for {call.params['document_id']}")
    return document.view()


@endpoint("GET", "/v1/accounts/{account_id}/documents/{document_id}/download")
def download_document(call: Call) -> Reply:
    """301 to a link without credentials: a PDF, or JSON of a statement for ``Accept: application/json``."""
    account = call.account()
    issued = _find_issued(call, account)
    if issued is None:
        return downloads.redirect(call, account.id, _find_upload(call, account).id)
    accepts_json = call.headers.get("accept", "").strip().lower().startswith("application/json")
    as_json = issued.type == "account_statement" and accepts_json
    return downloads.redirect(call, account.id, issued.id, as_json=as_json)


@endpoint("GET", "/v1/accounts/{account_id}/documents/w8ben/{document_id}/download")
def download_w8ben(call: Call) -> Reply:
    account = call.account()
    document = _find_upload(call, account)
    if document.document_type != "w8ben":
        raise not_found(f"document not found for {document.id}")
    return downloads.redirect(call, account.id, document.id)


@endpoint("GET", downloads.PATH)
def open_link(call: Call) -> Reply:
    """The file behind a link. A W-8BEN that came as data is printed as a form."""
    as_json = downloads.check_link(call)
    account = call.account()
    issued = _find_issued(call, account)
    if issued is not None:
        contents = statements.contents(call.world, account, issued)
        if as_json or issued.type == "trade_confirmation_json":
            return Reply(200, contents)
        return Reply(200, statement_pdf.render(issued.type, contents), content_type=PDF)
    document = _find_upload(call, account)
    content = (call.world.settings.state / "documents" / document.id).read_bytes()
    if document.document_type == "w8ben" and document.mime_type == "application/json":
        return Reply(200, statement_pdf.render("w8ben", decode_json(content)), content_type=PDF)
    return Reply(200, content, content_type=document.mime_type)


def store_uploads(call: Call, account: rows.Account, uploads: Any) -> None:
    """Check all, then keep all: contents as files of the state folder, the rest as rows."""
    if not isinstance(uploads, list) or not all(isinstance(upload, dict) for upload in uploads):
        raise malformed("request body format is invalid: documents must be a list of objects")
    if len(uploads) > MOST_DOCUMENTS:
        raise invalid(f"no more than {MOST_DOCUMENTS} documents are allowed")
    contents = [_checked(upload) for upload in uploads]
    folder = call.world.settings.state / "documents"
    folder.mkdir(exist_ok=True)
    for upload, content in zip(uploads, contents, strict=True):
        kind = upload["document_type"]
        document = rows.Document(
            id=str(uuid.uuid4()), account_id=account.id,
            document_type="other" if kind in SHOWN_AS_OTHER else kind,
            document_sub_type=upload.get("document_sub_type") or "", mime_type=upload["mime_type"],
            size=len(content), created_at=call.now,
        )  # fmt: skip
        (folder / document.id).write_bytes(content)
        call.world.store.add(document)


def _checked(upload: dict[str, Any]) -> bytes:
    kind, mime_type = upload.get("document_type"), upload.get("mime_type")
    if not isinstance(kind, str) or kind not in DOCUMENT_TYPES | SHOWN_AS_OTHER:
        raise invalid("document_type is required" if not kind else "document_type is invalid")
    sub_type = upload.get("document_sub_type")
    if sub_type is not None and (not isinstance(sub_type, str) or len(sub_type) > 100):
        raise invalid("document_sub_type is invalid")
    if kind == "w8ben" and upload.get("content_data") is not None:
        if upload.get("content"):
            raise invalid("only one of content or content_data is accepted")
        upload["mime_type"] = "application/json"
        return encode_json(checked_form(upload["content_data"]))
    if not isinstance(mime_type, str) or mime_type not in MIME_TYPES:
        raise invalid("mime_type is required" if not mime_type else "mime_type is invalid")
    content = upload.get("content")
    if not isinstance(content, str) or not content:
        raise invalid("content is required")
    if len(content) > MOST_CONTENT:
        raise invalid("content must not be larger than 10 MB")
    try:
        return base64.b64decode(content.removeprefix(f"data:{mime_type};base64,"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid("content is not valid base64") from error


def _find_issued(call: Call, account: rows.Account) -> statements.Issued | None:
    document_id = uuid_of(call.params["document_id"])
    issued = statements.issued_documents(call.world, account, call.now)
    return next((document for document in issued if document.id == document_id), None)


def _find_upload(call: Call, account: rows.Account) -> rows.Document:
    document_id = uuid_of(call.params["document_id"])
    document = call.world.store.documents.get(document_id)
    if document is None or document.account_id != account.id:
        raise not_found(f"document not found for {document_id}")
    return document


def _date(call: Call, name: str) -> dt.date | None:
    text = call.arg(name) or call.arg(f"{name}_date")
    return parse_date(text, name) if text else None
