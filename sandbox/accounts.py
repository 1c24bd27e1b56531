"""Accounts: open, list, read, change, close."""

import datetime as dt
import uuid
from typing import Any

from sandbox import account_rules as rules
from sandbox import account_status as status
from sandbox import documents, rows
from sandbox.account_views import LIST_ENTITIES, account_view
from sandbox.api import (
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
    unprocessable,
    words,
)  # fmt: skip
from sandbox.clock import market_date
from sandbox.configurations import checked_changes
from sandbox.world import new_account_number

ENABLED_ASSETS = frozenset(("us_equity", "us_option", "crypto", "ipo"))
ACTIVE_REVISIONS = {"crypto_agreement": "04.2021.10"}
ACTIVE_REVISION = "22.2024.08"
FIXED = (
    "id",
    "account_number",
    "account_type",
    "status",
    "crypto_status",
    "currency",
    "created_at",
    "last_equity",
)
EDITABLE_IDENTITY = words(
    "given_name middle_name family_name prefix suffix visa_type visa_type_other_free_text "
    "visa_expiration_date date_of_departure_from_usa permanent_resident funding_source "
    "annual_income_min annual_income_max liquid_net_worth_min liquid_net_worth_max total_net_worth_min "
    "total_net_worth_max marital_status number_of_dependents investment_experience_with_stocks "
    "investment_experience_with_options investment_objective investment_time_horizon liquidity_needs "
    "risk_tolerance local_given_name local_middle_name local_family_name country_of_citizenship"
)
NAMES = ("given_name", "middle_name", "family_name")
# Changing one of these sends an ACTIVE account to ACCOUNT_UPDATED.
KEY_CONTACT = ("street_address", "unit", "city", "state", "postal_code")
KEY_IDENTITY = ("given_name", "family_name", "country_of_citizenship")
KEY_DISCLOSURES = ("employer_name", "employment_position")


@endpoint("POST", "/v1/accounts")
def create_account(call: Call) -> dict[str, Any]:
    """Open a trading account. 409 for an e-mail in use, 422 for any field; starts SUBMITTED."""
    body = call.json_object()
    contact, identity, disclosures, agreements = _checked_application(body, call.now)
    email = contact["email_address"].lower()
    if email in call.world.store.accounts.by_email:
        raise conflict("email address already exists")
    trusted = body.get("trusted_contact") or None
    if trusted is not None:
        rules.check_trusted_contact(rules.section(body, "trusted_contact"))
    account = rows.Account(
        id=str(uuid.uuid4()),
        account_number=new_account_number(call.world.store),
        status="",
        created_at=call.now,
        email=email,
        account_type="trading",
        enabled_assets=_enabled_assets(body),
        contact=encode_numbers(contact),
        identity=encode_numbers(identity),
        disclosures=encode_numbers(disclosures),
        agreements=encode_numbers(agreements),
        trusted_contact=encode_numbers(trusted) if trusted else b"",
        details=_echoed(body),
        margin=_signed_margin(agreements),
    )
    account.search_text = _search_text(account, contact, identity)
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


@endpoint("PATCH", "/v1/accounts/{account_id}")
def update_account(call: Call) -> dict[str, Any]:
    """Change the members given. 422 for one that cannot be changed."""
    account, body = call.account(), call.json_object()
    for name in FIXED:
        if name in body and str(body[name]) != str(getattr(account, name, "")):
            raise invalid(f"{name} is not permitted to be updated")
    if "primary_account_holder_id" in body:
        raise forbidden("primary_account_holder_id cannot be changed")
    if account.status == "ACCOUNT_CLOSED":
        raise unprocessable("account is closed")
    call.world.store.edit(account)
    key_data = [
        change(call, account, body)
        for name, change in PARTS.items()
        if body.get(name) is not None
    ]  # fmt: skip
    if "enabled_assets" in body:
        account.enabled_assets = _enabled_assets(body)
    if (rules.PROFILE.keys() | {"trading_configurations"}) & body.keys():
        account.details = _echoed({**decoded_part(account.details), **body})
    contact, identity = decoded_part(account.contact), decoded_part(account.identity)
    account.search_text = _search_text(account, contact, identity)
    status.after_update(call.world, account, any(key_data), call.now)
    return account_view(call.world, account)


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


def _checked_application(body: dict[str, Any], now: dt.datetime) -> tuple[Any, Any, Any, Any]:
    if body.get("account_type") not in (None, "", "trading"):
        raise invalid(f"account_type {str(body['account_type'])[:40]} is not enabled for this correspondent")
    contact, identity = rules.section(body, "contact"), rules.section(body, "identity")
    disclosures = rules.section(body, "disclosures")
    rules.check_contact(contact, tax_country=str(identity.get("country_of_tax_residence") or ""))
    rules.check_identity(identity, market_date(now))
    rules.check_disclosures(disclosures)
    agreements = body.get("agreements")
    if not agreements:
        raise invalid("agreements is required")
    rules.check_agreements(agreements, now)
    if all(entry["agreement"] != "customer_agreement" for entry in agreements):
        raise invalid("customer_agreement is required")
    return contact, _kept_identity(identity), _kept_disclosures(disclosures), _kept_agreements(agreements)


def _kept_identity(identity: dict[str, Any]) -> dict[str, Any]:
    """The tax id is write-only: it is checked and forgotten."""
    kept = {name: value for name, value in identity.items() if name != "tax_id" and value not in (None, "")}
    if kept.get("tax_id_type") == "ARG_AG_CUIT":
        kept["tax_id_type"] = "ARG_AR_CUIT"
    return kept


def _kept_disclosures(disclosures: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in disclosures.items() if value not in (None, "")}
    if "employment_status" in kept:
        kept["employment_status"] = kept["employment_status"].upper()
    return kept


def _kept_agreements(agreements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "agreement": entry["agreement"],
            "signed_at": entry["signed_at"],
            "ip_address": entry["ip_address"],
            "revision": entry.get("revision") or ACTIVE_REVISIONS.get(entry["agreement"], ACTIVE_REVISION),
        }
        for entry in agreements
    ]


def _signed_margin(agreements: list[dict[str, Any]]) -> bool:
    return any(entry["agreement"] == "margin_agreement" for entry in agreements)


def _enabled_assets(body: dict[str, Any]) -> list[str]:
    assets = body.get("enabled_assets") or ["us_equity"]
    if not isinstance(assets, list) or not all(isinstance(a, str) and a in ENABLED_ASSETS for a in assets):
        raise invalid("enabled_assets is invalid")
    return assets


def _echoed(body: dict[str, Any]) -> bytes:
    rules.check_profile(body)
    kept = {name: body[name] for name in rules.PROFILE if body.get(name) not in (None, "")}
    if body.get("trading_configurations"):
        kept["trading_configurations"] = checked_changes(body["trading_configurations"])
    return encode_numbers(kept) if kept else b""


def _search_text(account: rows.Account, contact: dict[str, Any], identity: dict[str, Any]) -> str:
    parts = [account.account_number, contact.get("phone_number"), contact.get("email_address")]
    parts += [identity.get(name) for name in NAMES]
    return " ".join(part for part in parts if part).lower()


def _change_contact(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former = decoded_part(account.contact)
    contact = {**former, **rules.section(body, "contact")}
    rules.check_contact(
        contact, tax_country=decoded_part(account.identity).get("country_of_tax_residence", "")
    )
    email = contact["email_address"].lower()
    owner = call.world.store.accounts.by_email.get(email)
    if owner is not None and owner is not account:
        raise conflict("email address already exists")
    account.email, account.contact = email, encode_numbers(contact)
    return any(former.get(name) != contact.get(name) for name in KEY_CONTACT)


def _change_identity(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former, change = decoded_part(account.identity), rules.section(body, "identity")
    for name, value in change.items():
        if name not in EDITABLE_IDENTITY and value is not None and value != former.get(name):
            raise invalid(f"{name} is not permitted to be updated")
    identity = {**former, **{name: value for name, value in change.items() if name in EDITABLE_IDENTITY}}
    rules.check_names(identity)
    rules.check_funding_source(identity.get("funding_source"))
    rules.check_visa(identity)
    rules.check_profile(identity)
    if any(former.get(name) != identity.get(name) for name in NAMES):
        if account.names_changed:
            raise invalid("names can only be updated once")
        account.names_changed = True
    account.identity = encode_numbers(_kept_identity(identity))
    return any(former.get(name) != identity.get(name) for name in KEY_IDENTITY)


def _change_disclosures(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former = decoded_part(account.disclosures)
    disclosures = _kept_disclosures({**former, **rules.section(body, "disclosures")})
    rules.check_disclosures(disclosures)
    account.disclosures = encode_numbers(disclosures)
    turned_on = any(disclosures[name] and not former.get(name) for name in rules.DISCLOSURE_FLAGS)
    return turned_on or any(former.get(name) != disclosures.get(name) for name in KEY_DISCLOSURES)


def _append_agreements(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    rules.check_agreements(body["agreements"], call.now)
    agreements = (decoded_part(account.agreements) or []) + _kept_agreements(body["agreements"])
    account.agreements, account.margin = encode_numbers(agreements), _signed_margin(agreements)
    return False


def _change_trusted_contact(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    trusted = {**decoded_part(account.trusted_contact), **rules.section(body, "trusted_contact")}
    rules.check_trusted_contact(trusted)
    account.trusted_contact = encode_numbers(trusted)
    return False


# Each tells whether it changed key data.
PARTS = {
    "contact": _change_contact,
    "identity": _change_identity,
    "disclosures": _change_disclosures,
    "agreements": _append_agreements,
    "trusted_contact": _change_trusted_contact,
}
