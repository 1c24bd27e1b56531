"""Accounts: open, list, read, close."""

import hashlib
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.accounts import kinds, rules, status
from sandbox.accounts.documents import documents
from sandbox.accounts.views import LIST_ENTITIES, account_view
from sandbox.books.configurations import checked_changes
from sandbox.kernel.clock import market_date
from sandbox.state import rows
from sandbox.state.api import (
    NO_CONTENT,
    Call,
    Reply,
    conflict,
    decoded_part,
    encode_numbers,
    endpoint,
    fixture_of,
    forbidden,
    invalid,
    uuid_of,
)  # fmt: skip
from sandbox.state.world import new_account_number

ENABLED_ASSETS = frozenset(("us_equity", "us_option", "crypto", "ipo"))
ACTIVE_REVISIONS = {"crypto_agreement": "04.2021.10"}
ACTIVE_REVISION = "22.2024.08"
NAMES = ("given_name", "middle_name", "family_name")


@endpoint("POST", "/v1/accounts")
def create_account(call: Call) -> dict[str, Any]:
    """Open an account. 409 for an e-mail in use, 422 for any field; starts SUBMITTED."""
    body = call.json_object()
    kind, holder = kinds.kind_of(body), _primary_holder(call, body)
    contact, identity = _checked_person(call, body) if holder is None else _person_of(holder, kind)
    disclosures, agreements = _checked_consents(call, body, kind)
    trusted = body.get("trusted_contact") or None
    if trusted is not None:
        rules.check_trusted_contact(rules.section(body, "trusted_contact"))
    given = rules.section(body, "identity") if holder is None else {}
    account = rows.Account(
        id=str(uuid.uuid4()),
        account_number=new_account_number(call.world.store),
        status="",
        created_at=call.now,
        email=contact["email_address"].lower() if holder is None else "",
        account_type=kind,
        enabled_assets=enabled_assets(body),
        contact=encode_numbers(contact),
        identity=encode_numbers(identity),
        disclosures=encode_numbers(disclosures),
        agreements=encode_numbers(agreements),
        trusted_contact=encode_numbers(trusted) if trusted else b"",
        margin=may_borrow(kind, agreements),
    )
    account.tax_id_digest = holder.tax_id_digest if holder else tax_id_digest(given.get("tax_id"))
    details = echoed(body) | kinds.checked_members(body, kind, market_date(call.now))
    if holder is not None:
        details["primary_account_holder_id"] = holder.id
    account.details = encode_numbers(details) if details else b""
    account.search_text = search_text(account, contact, identity)
    call.world.store.add(account)
    call.world.store.add(rows.Ledger(id=account.id))
    documents.store_uploads(call, account, body.get("documents") or [])
    status.start(call.world, account, fixture_of(body.get("additional_information")), call.now)
    return account_view(call.world, account)


@endpoint("GET", "/v1/accounts")
def list_accounts(call: Call) -> list[dict[str, Any]]:
    """At most 1,000 accounts, short form unless ``entities`` names parts; newest first."""
    wanted = {value.upper() for value in call.args("status")} - {"ALL"}
    if wanted - status.STATUSES:
        raise invalid("invalid status")
    entities = set(call.args("entities"))
    if entities - LIST_ENTITIES:
        raise invalid("invalid entities")
    sort = call.arg("sort", "desc").lower()
    if sort not in ("asc", "desc"):
        raise invalid("invalid sort: must be asc or desc")
    after, before = call.instant("created_after"), call.instant("created_before")
    tokens = call.arg("query").lower().split()
    found = list(call.world.store.accounts)
    matching = (
        account
        for account in (found if sort == "asc" else reversed(found))
        if (not wanted or account.status in wanted)
        and (after is None or account.created_at >= after)
        and (before is None or account.created_at <= before)
        and all(token in account.search_text for token in tokens)
    )
    return [
        account_view(call.world, account, entities) for account, _ in zip(matching, range(1000), strict=False)
    ]


@endpoint("GET", "/v1/accounts/{account_id}")
def get_account(call: Call) -> dict[str, Any]:
    return account_view(call.world, call.account())


@endpoint("POST", "/v1/accounts/{account_id}/actions/close")
@endpoint("DELETE", "/v1/accounts/{account_id}")
def close_account(call: Call) -> Reply:
    """Close for good. 422 while there is cash, a position, an open order or a transfer on its way."""
    account, store = call.account(), call.world.store
    if account.is_firm:
        raise forbidden("the firm account cannot be closed")
    if account.status == "ACCOUNT_CLOSED":
        raise invalid("account is already closed")
    money = store.ledgers.rows[account.id]
    if store.orders.open_of(account.id):
        raise invalid("account has open orders")
    if any(position.qty for position in store.positions.of(account.id)):
        raise invalid("account has open positions")
    if money.cash != 0 or money.pending_in or money.pending_out:
        raise invalid("account has a non-zero balance")
    status.move(call.world, account, "ACCOUNT_CLOSED", call.now)
    return NO_CONTENT


def _primary_holder(call: Call, body: dict[str, Any]) -> rows.Account | None:
    """The account whose owner opens one more, instead of contact and identity."""
    holder_id = body.get("primary_account_holder_id")
    if not holder_id:
        return None
    if body.get("contact") or body.get("identity"):
        raise invalid("primary_account_holder_id cannot be combined with contact or identity")
    holder = call.world.store.accounts.get(uuid_of(holder_id)) if isinstance(holder_id, str) else None
    if holder is None or holder.is_firm:
        raise invalid("primary_account_holder_id is invalid")
    return holder


def _person_of(holder: rows.Account, kind: str) -> tuple[Any, Any]:
    if kind == "custodial":
        raise invalid("primary_account_holder_id is only accepted for account_type trading and ira")
    return decoded_part(holder.contact), decoded_part(holder.identity)


def _checked_person(call: Call, body: dict[str, Any]) -> tuple[Any, Any]:
    contact, identity = rules.section(body, "contact"), rules.section(body, "identity")
    rules.check_contact(contact, tax_country=str(identity.get("country_of_tax_residence") or ""))
    rules.check_identity(identity, market_date(call.now))
    if contact["email_address"].lower() in call.world.store.accounts.by_email:
        raise conflict("email address already exists")
    return contact, kept_identity(identity)


def _checked_consents(call: Call, body: dict[str, Any], kind: str) -> tuple[Any, Any]:
    disclosures, agreements = rules.section(body, "disclosures"), body.get("agreements")
    rules.check_disclosures(disclosures)
    if not agreements:
        raise invalid("agreements is required")
    rules.check_agreements(agreements, call.now)
    has_holder = bool(body.get("primary_account_holder_id"))
    kinds.check_agreements(agreements, kind, enabled_assets(body), has_holder)
    return kept_disclosures(disclosures), kept_agreements(agreements)


def tax_id_digest(tax_id: Any) -> str:
    """What is kept of a tax id: enough to tell whether one sent later is the same."""
    if not isinstance(tax_id, str) or not tax_id:
        return ""
    return hashlib.sha256(tax_id.replace("-", "").encode()).hexdigest()


RANGES = tuple(
    f"{what}_{end}"
    for what in ("annual_income", "liquid_net_worth", "total_net_worth")
    for end in ("min", "max")
)


def kept_identity(identity: dict[str, Any]) -> dict[str, Any]:
    """The tax id is write-only: it is checked and forgotten."""
    kept = {name: value for name, value in identity.items() if name != "tax_id" and value not in (None, "")}
    if kept.get("tax_id_type") == "ARG_AG_CUIT":
        kept["tax_id_type"] = "ARG_AR_CUIT"
    # Taken as numbers or their digits, told as numbers.
    return kept | {name: _number(name, kept[name]) for name in RANGES if name in kept}


def _number(name: str, value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"{name} must be a number")
    return number


def kept_disclosures(disclosures: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in disclosures.items() if value not in (None, "")}
    if "employment_status" in kept:
        kept["employment_status"] = kept["employment_status"].upper()
    return kept


def kept_agreements(agreements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "agreement": entry["agreement"],
            "signed_at": entry["signed_at"],
            "ip_address": entry["ip_address"],
            "revision": entry.get("revision") or ACTIVE_REVISIONS.get(entry["agreement"], ACTIVE_REVISION),
        }
        for entry in agreements
    ]


def may_borrow(kind: str, agreements: list[dict[str, Any]]) -> bool:
    """Only with the margin agreement, and never for a minor or retirement."""
    return kind not in kinds.CASH_ONLY and any(
        entry["agreement"] == "margin_agreement" for entry in agreements
    )


def enabled_assets(body: dict[str, Any]) -> list[str]:
    assets = body.get("enabled_assets") or ["us_equity"]
    if not isinstance(assets, list) or not all(isinstance(a, str) and a in ENABLED_ASSETS for a in assets):
        raise invalid("enabled_assets is invalid")
    return assets


def echoed(body: dict[str, Any]) -> dict[str, Any]:
    """The top-level members that are only kept and shown."""
    rules.check_profile(body)
    kept = {name: body[name] for name in rules.PROFILE if body.get(name) not in (None, "")}
    if body.get("trading_configurations"):
        kept["trading_configurations"] = checked_changes(body["trading_configurations"])
    return kept


def search_text(account: rows.Account, contact: dict[str, Any], identity: dict[str, Any]) -> str:
    parts = [account.account_number, contact.get("phone_number"), contact.get("email_address")]
    parts += [identity.get(name) for name in NAMES]
    return " ".join(part for part in parts if part).lower()
