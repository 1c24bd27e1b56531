"""Accounts as replies show them. Absent parts are left out: a null breaks the vendor's SDK."""

from typing import Any

import msgspec

from sandbox.books.ledger import last_equity
from sandbox.state import rows
from sandbox.state.api import decoded_part, instant_text, text_of
from sandbox.state.world import World

PARTS = ("contact", "identity", "disclosures", "agreements")
# Taken with an application for an IRA, but none of the agreements that replies can name (Broker API, OpenAPI,
# schema Agreements): the vendor's SDK breaks on another.
UNTOLD = "etc_agreement"
LIST_ENTITIES = frozenset((*PARTS, "documents", "trusted_contact", "trading_configurations"))
DOCUMENT_LINK = "/v1/accounts/{account}/documents/{document}/download"


def account_view(world: World, account: rows.Account, entities: set[str] | None = None) -> dict[str, Any]:
    """``entities`` None: everything; else the short form and the parts it names."""
    view: dict[str, Any] = {
        "id": account.id,
        "account_number": account.account_number,
        "status": account.status,
        "crypto_status": account.crypto_status,
        "currency": account.currency,
        "last_equity": text_of(last_equity(world, account.id, world.clock.now())[0]),
        "created_at": instant_text(account.created_at),
        "account_type": account.account_type,
        "enabled_assets": account.enabled_assets,
    }
    if account.kyc_results:
        view["kyc_results"] = msgspec.Raw(account.kyc_results)
    for name in PARTS:
        if getattr(account, name) and (entities is None or name in entities):
            view[name] = msgspec.Raw(getattr(account, name))
    if "agreements" in view and UNTOLD.encode() in account.agreements:
        view["agreements"] = [
            entry for entry in decoded_part(account.agreements) if entry["agreement"] != UNTOLD
        ]
    if account.trusted_contact and (entities is None or "trusted_contact" in entities):
        view["trusted_contact"] = _trusted_contact(account)
    if entities is None or "documents" in entities:
        documents = [_document(document) for document in world.store.documents.of(account.id)]
        if documents:
            view["documents"] = documents
    if account.details:
        details = decoded_part(account.details).items()
        view |= {name: value for name, value in details if entities is None or name in entities}
    return view


def _trusted_contact(account: rows.Account) -> dict[str, Any]:
    """The SDK wants an address as one string and an e-mail or phone that is not null."""
    view = {name: value for name, value in decoded_part(account.trusted_contact).items() if value is not None}
    if not isinstance(view.get("street_address"), str):
        view.pop("street_address", None)
    if "email_address" not in view and "phone_number" not in view:
        view["phone_number"] = ""
    return view


def _document(document: rows.Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "document_type": document.document_type,
        "document_sub_type": document.document_sub_type,
        "mime_type": document.mime_type,
        "content": DOCUMENT_LINK.format(account=document.account_id, document=document.id),
        "created_at": instant_text(document.created_at),
    }
