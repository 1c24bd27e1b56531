"""Our rows as broker requests. Pure.

Broker API: https://docs.alpaca.markets/reference/createachrelationshipforaccount,
…/createtransferforaccount and …/createjournal.
"""

from typing import Any
from uuid import UUID

from brokerapp.broker.alpaca.models import (
    CreateAchRelationshipRequest,
    CreateJournalRequest,
    CreateTransferRequest,
)
from funding.models import BankLink, Transfer


def ach_relationship_request(link: BankLink) -> CreateAchRelationshipRequest:
    """The bank's numbers and owner."""
    return CreateAchRelationshipRequest.model_validate(
        {
            "account_owner_name": link.account_owner_name,
            "bank_account_type": link.bank_account_type,
            "bank_account_number": link.bank_account_number,
            "bank_routing_number": link.bank_routing_number,
            "nickname": link.nickname or None,
        }
    )


def ach_transfer_request(transfer: Transfer) -> CreateTransferRequest:
    """An ACH transfer over the transfer's own bank link, USD, 2 dp."""
    assert transfer.bank_link is not None
    return CreateTransferRequest.model_validate(
        {
            "relationship_id": transfer.bank_link.relationship_id,
            "amount": transfer.amount,
            "direction": transfer.direction,
            "ira": _ira(transfer),
        }
    )


def _ira(transfer: Transfer) -> dict[str, Any] | None:
    """The year of a deposit into an IRA, or why and with what tax money leaves; None of other accounts."""
    if transfer.tax_year is not None:
        return {"tax_year": str(transfer.tax_year)}
    if not transfer.distribution_reason:
        return None
    withheld = {"fed_pct": transfer.fed_withholding_pct, "state_pct": transfer.state_withholding_pct}
    return {"distribution_reason": transfer.distribution_reason, "tax_withholding": withheld}


def journal_note(transfer: Transfer) -> str:
    """What a journal says of itself, by which the broker's list tells which one it is."""
    return f"Credit {transfer.pk}"


def journal_request(transfer: Transfer, firm_account_id: UUID) -> CreateJournalRequest:
    """Cash from the firm's account, USD, 2 dp."""
    return CreateJournalRequest.model_validate(
        {
            "entry_type": "JNLC",
            "from_account": firm_account_id,
            "to_account": transfer.account.broker_account_id,
            "amount": transfer.amount,
            "description": journal_note(transfer),
        }
    )
