"""Our rows as broker requests. Pure.

Broker API: https://docs.alpaca.markets/reference/createachrelationshipforaccount and
…/createtransferforaccount.
"""

from brokerapp.broker.alpaca.models import CreateAchRelationshipRequest, CreateTransferRequest
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


def transfer_request(transfer: Transfer) -> CreateTransferRequest:
    """An ACH transfer over the transfer's own bank link, USD, 2 dp."""
    return CreateTransferRequest.model_validate(
        {
            "relationship_id": transfer.bank_link.relationship_id,
            "amount": transfer.amount,
            "direction": transfer.direction,
        }
    )
