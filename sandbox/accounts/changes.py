"""PATCH of an account: what may change, and what a change sets off."""

from typing import Any

from sandbox.accounts import kinds, kyc, rules, status
from sandbox.accounts.accounts import (
    NAMES,
    echoed,
    enabled_assets,
    kept_agreements,
    kept_disclosures,
    kept_identity,
    may_borrow,
    search_text,
    tax_id_digest,
)  # fmt: skip
from sandbox.accounts.views import account_view
from sandbox.instruments.asset_classes import COINS, asset_class_of
from sandbox.state import rows
from sandbox.state.api import (
    Call,
    conflict,
    decoded_part,
    encode_numbers,
    endpoint,
    forbidden,
    invalid,
    unprocessable,
    words,
)  # fmt: skip

FIXED = words("id account_number account_type status crypto_status currency created_at last_equity")
# Kept among the details; the same value again is no change.
FIXED_DETAILS = ("account_sub_type", "minor_identity", "custodial_account_type")
EDITABLE_IDENTITY = words(
    "given_name middle_name family_name prefix suffix visa_type visa_type_other_free_text "
    "visa_expiration_date date_of_departure_from_usa permanent_resident funding_source "
    "annual_income_min annual_income_max liquid_net_worth_min liquid_net_worth_max total_net_worth_min "
    "total_net_worth_max marital_status number_of_dependents investment_experience_with_stocks "
    "investment_experience_with_options investment_objective investment_time_horizon liquidity_needs "
    "risk_tolerance local_given_name local_middle_name local_family_name country_of_citizenship"
)
# Changing one of these sends an ACTIVE account to ACCOUNT_UPDATED.
KEY_CONTACT = ("street_address", "unit", "city", "state", "postal_code")
KEY_IDENTITY = ("given_name", "family_name", "country_of_citizenship")
KEY_DISCLOSURES = ("employer_name", "employment_position")


@endpoint("PATCH", "/v1/accounts/{account_id}")
def update_account(call: Call) -> dict[str, Any]:
    """Change the members given. 422 for one that cannot be changed."""
    account, body = call.account(), call.json_object()
    details = decoded_part(account.details)
    _check_fixed(account, details, body)
    if account.status == "ACCOUNT_CLOSED":
        raise unprocessable("account is closed")
    call.world.store.edit(account)
    key_data = [
        change(call, account, body)
        for name, change in PARTS.items()
        if body.get(name) is not None
    ]  # fmt: skip
    details |= echoed(body)
    if body.get("beneficiaries") is not None:
        if account.account_type != "ira":
            raise invalid("beneficiaries is only accepted for account_type ira")
        details["beneficiaries"] = kinds.checked_beneficiaries(body["beneficiaries"], may_be_hidden=True)
    account.details = encode_numbers(details) if details else b""
    _change_assets(call, account, body)
    contact, identity = decoded_part(account.contact), decoded_part(account.identity)
    account.search_text = search_text(account, contact, identity)
    status.follow_assets(call.world, account, call.now)
    status.after_update(call.world, account, any(key_data), call.now)
    kyc.take(call.world, account, kyc.Sent(body), call.now)
    return account_view(call.world, account)


def _check_fixed(account: rows.Account, details: dict[str, Any], body: dict[str, Any]) -> None:
    for name in FIXED:
        if name in body and str(body[name]) != str(getattr(account, name, "")):
            raise invalid(f"{name} is not permitted to be updated")
    for name in FIXED_DETAILS:
        if body.get(name) and body[name] != details.get(name):
            raise invalid(f"{name} is not permitted to be updated")
    holder = body.get("primary_account_holder_id")
    if holder is not None and holder != details.get("primary_account_holder_id"):
        raise forbidden("primary_account_holder_id cannot be changed")


def _change_assets(call: Call, account: rows.Account, body: dict[str, Any]) -> None:
    if body.get("enabled_assets") is None:
        return
    assets = enabled_assets(body)
    signed = {entry["agreement"] for entry in decoded_part(account.agreements) or []}
    kinds.check_assets(
        [asset for asset in assets if asset not in account.enabled_assets], signed, account.account_type
    )
    if "crypto" not in assets and _has_crypto(call, account):
        raise invalid("enabled_assets: crypto cannot be disabled while there are crypto positions or orders")
    account.enabled_assets = assets


def _has_crypto(call: Call, account: rows.Account) -> bool:
    store = call.world.store
    symbols = [position.symbol for position in store.positions.of(account.id) if position.qty]
    symbols += [order.symbol for order in store.orders.open_of(account.id)]
    return any(asset_class_of(symbol) is COINS for symbol in symbols)


def _change_contact(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former = decoded_part(account.contact)
    contact = {**former, **rules.section(body, "contact")}
    rules.check_contact(
        contact, tax_country=decoded_part(account.identity).get("country_of_tax_residence", "")
    )
    if account.email:  # an additional account of a person has no e-mail of its own
        email = contact["email_address"].lower()
        if call.world.store.accounts.by_email.get(email, account) is not account:
            raise conflict("email address already exists")
        account.email = email
    account.contact = encode_numbers(contact)
    return any(former.get(name) != contact.get(name) for name in KEY_CONTACT)


def _change_identity(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former, change = decoded_part(account.identity), rules.section(body, "identity")
    for name, value in change.items():
        if name not in EDITABLE_IDENTITY and value is not None and not _is_same(account, former, name, value):
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
    account.identity = encode_numbers(kept_identity(identity))
    return any(former.get(name) != identity.get(name) for name in KEY_IDENTITY)


def _is_same(account: rows.Account, former: dict[str, Any], name: str, value: Any) -> bool:
    if name == "tax_id":
        return bool(account.tax_id_digest) and tax_id_digest(value) == account.tax_id_digest
    return bool(value == former.get(name))


def _change_disclosures(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    former = decoded_part(account.disclosures)
    disclosures = kept_disclosures({**former, **rules.section(body, "disclosures")})
    rules.check_disclosures(disclosures)
    account.disclosures = encode_numbers(disclosures)
    turned_on = any(disclosures[name] and not former.get(name) for name in rules.DISCLOSURE_FLAGS)
    return turned_on or any(former.get(name) != disclosures.get(name) for name in KEY_DISCLOSURES)


def _append_agreements(call: Call, account: rows.Account, body: dict[str, Any]) -> bool:
    rules.check_agreements(body["agreements"], call.now)
    agreements = (decoded_part(account.agreements) or []) + kept_agreements(body["agreements"])
    account.agreements, account.margin = (
        encode_numbers(agreements),
        may_borrow(account.account_type, agreements),
    )
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
