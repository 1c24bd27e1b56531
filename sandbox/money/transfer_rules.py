"""What a transfer request must satisfy, in the order the vendor complains."""

import re
from decimal import Decimal
from typing import Any

from sandbox.money.banks import ACTIVE_BANKS, ACTIVE_LINKS
from sandbox.state import rows
from sandbox.state.api import Call, decimal_of, encode_json, fixture_of, forbidden, invalid, text_of, words

LEAST_AMOUNT = Decimal("0.01")
# What the SDK can read of the fixtures the documentation names.
FIXTURE_STATUSES = frozenset(("QUEUED", "PENDING", "REJECTED", "CANCELED", "RETURNED", "APPROVED"))
LONGEST_INFORMATION = 1024
DISTRIBUTION_REASONS = words(
    "normal normal_roth early_no_exception early_roth_no_exception excess_removal_current_year "
    "excess_removal_current_year_under_59.5 excess_removal_roth excess_removal_1_year_prior_roth "
    "excess_removal_1_year_prior_over_59.5 excess_removal_1_year_prior_under_59.5"
)
MAY_WITHDRAW = frozenset(("ACTIVE",))
MAY_DEPOSIT = frozenset(("ACTIVE", "ACCOUNT_UPDATED", "APPROVED"))


def checked_transfer(body: dict[str, Any]) -> tuple[Decimal, str]:
    """Amount (USD) and direction. Raises a 422."""
    kind, direction = body.get("transfer_type"), body.get("direction")
    if kind not in ("ach", "wire"):
        raise invalid("transfer_type must be either ach or wire")
    if direction not in ("INCOMING", "OUTGOING"):
        raise invalid("direction must be either incoming or outgoing")
    _check_route(body, kind, direction)
    if body.get("fee_payment_method") not in (None, "", "user", "invoice"):
        raise invalid("fee_payment_method must be either user or invoice")
    if body.get("amount") in (None, ""):
        raise invalid("amount is required")
    amount = decimal_of(body["amount"], "amount")
    if amount <= 0:
        raise invalid("amount must be greater than 0.00")
    if amount < LEAST_AMOUNT:
        side = "deposit" if direction == "INCOMING" else "withdrawal"
        raise invalid(f"{side} amount must be greater than or equal to {LEAST_AMOUNT}")
    return amount, direction


def _check_route(body: dict[str, Any], kind: str, direction: str) -> None:
    """A wire goes out to a recipient bank; ACH goes over a link, with free text only as a fixture."""
    information = body.get("additional_information")
    if kind == "wire":
        if direction == "INCOMING":
            raise invalid("cannot submit incoming wire transfer using this API")
        if body.get("relationship_id"):
            raise invalid("relationship_id should be empty for wire transfer")
        if not body.get("bank_id"):
            raise invalid("bank_id required for wire transfer")
        if information and (not isinstance(information, str) or len(information) > LONGEST_INFORMATION):
            raise invalid("additional_information is invalid")
        return
    if body.get("bank_id"):
        raise invalid("bank_id should be empty for ach transfer")
    if information:
        fixture = fixture_of(information)
        if not fixture:
            raise invalid("only wire transfer type can provide additional information for the transfer")
        if fixture not in FIXTURE_STATUSES:
            raise invalid("additional_information holds an unknown fixture")


def usable_link(call: Call, account: rows.Account, link_id: Any) -> rows.Relationship:
    """The approved link of an ACH transfer. Raises a 422."""
    link = call.world.store.relationships.get(link_id.lower()) if isinstance(link_id, str) else None
    if link is None or link.account_id != account.id or link.status not in ACTIVE_LINKS:
        raise invalid("invalid relationship_id")
    if link.status != "APPROVED":
        raise invalid("relationship is not approved")
    return link


def usable_bank(call: Call, account: rows.Account, bank_id: Any) -> rows.Bank:
    """The recipient bank of a wire; the wire waits for its approval."""
    bank = call.world.store.banks.get(bank_id.lower()) if isinstance(bank_id, str) else None
    if bank is None or bank.account_id != account.id or bank.status not in ACTIVE_BANKS:
        raise invalid("invalid bank_id")
    return bank


def check_may_move(account: rows.Account, incoming: bool, amount: Decimal, available: Decimal) -> None:
    """Raises a 403 when the account may not, or has not enough ``available`` (USD) to withdraw."""
    blocked = account.deposits_blocked if incoming else account.withdrawals_blocked
    if blocked or account.status not in (MAY_DEPOSIT if incoming else MAY_WITHDRAW):
        raise forbidden(f"{'deposits' if incoming else 'withdrawals'} are not permitted for this account")
    if not incoming and amount > available:
        raise forbidden(
            f"insufficient balance (requested: {text_of(amount)}, available: {text_of(available)})",
            cash_withdrawable=text_of(available),
        )


def checked_ira(account: rows.Account, body: dict[str, Any], amount: Decimal) -> bytes:
    """What an IRA's transfer says about taxes, as it is shown; empty without. Raises a 422."""
    ira = body.get("ira")
    if not ira and account.account_type == "ira":
        raise invalid("ira is required for an account of type ira")
    if not ira:
        return b""
    if not isinstance(ira, dict) or account.account_type != "ira":
        raise invalid("ira must be an object, for an account of type ira")
    if body["direction"] == "INCOMING":
        if not re.fullmatch(r"(19|20)[0-9]{2}", str(ira.get("tax_year"))):
            raise invalid("ira.tax_year must be a year")
        return encode_json({"tax_year": str(ira["tax_year"])})
    if ira.get("distribution_reason") not in DISTRIBUTION_REASONS:
        raise invalid("ira.distribution_reason is invalid")
    shown = {"distribution_reason": ira["distribution_reason"]}
    withheld = ira.get("tax_withholding") or {}
    if not isinstance(withheld, dict):
        raise invalid("ira.tax_withholding must be an object")
    for part in ("fed", "state"):
        percent = decimal_of(withheld.get(f"{part}_pct") or "0", f"ira.tax_withholding.{part}_pct")
        if not 0 <= percent <= 100:
            raise invalid(f"ira.tax_withholding.{part}_pct must be from 0 to 100")
        shown[f"{part}_withholding_pct"] = text_of(percent)
        shown[f"{part}_withholding_amount"] = text_of((amount * percent / 100).quantize(Decimal("0.01")))
    return encode_json(shown)
