"""ACH over a linked bank. Broker API, "Transfers" (https://docs.alpaca.markets/docs/funding-via-ach).

The broker has no idempotency key for these and no look-up by a key of ours: posting twice moves money twice.
"""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer
from brokerapp.broker.broker_clock import CLOCK_MARGIN, to_broker_time
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream
from funding import bank_days, payloads
from funding.models import Transfer
from funding.rails.rail import Rail, SettledBy
from funding.snapshots import Snapshot

PAGE = 100
MAX_PAGES = 20


class AchRail(Rail):
    """Money between an account and the bank that is linked to it."""

    settled_by = SettledBy.LOOKING
    stream = EventStream.FUNDING

    def create(self, transfer: Transfer) -> Snapshot:
        reply = get_client(about=transfer).transfers.create(
            transfer.account.broker_account_id, payloads.ach_transfer_request(transfer)
        )
        return Snapshot.of_transfer(reply)

    def read(
        self,
        account: BrokerageAccount,
        *,
        about: Transfer | BrokerageAccount,
        wanted: Collection[UUID],
        since: datetime | None = None,
    ) -> Page[Snapshot]:
        """The account's list, newest first: a page, and more until all wanted ones were seen."""
        client = get_client(about=about)
        found: dict[UUID, BrokerTransfer] = {}
        missing, unreadable = set(wanted), 0
        for page in range(MAX_PAGES):
            replies = client.transfers.list(account.broker_account_id, limit=PAGE, offset=page * PAGE)
            found.update({reply.id: reply for reply in replies})
            missing -= set(found)
            unreadable += replies.unreadable
            if len(replies) + replies.unreadable < PAGE or (not missing and _reaches_back(replies, since)):
                break
        return Page(map(Snapshot.of_transfer, found.values()), unreadable=unreadable)

    def expected_on(self, asked_at: datetime) -> date:
        return bank_days.expected_on(asked_at)

    def fits(self, transfer: Transfer, found: Snapshot) -> bool:
        """Same amount, direction and bank, and not older than our own wish."""
        assert transfer.bank_link is not None
        return (
            found.amount == transfer.amount
            and found.direction == transfer.direction
            and found.relationship_id == transfer.bank_link.relationship_id
            and found.created_at is not None
            and found.created_at >= earliest(transfer)
        )


def earliest(transfer: Transfer) -> datetime:
    """The time by the broker's clock before which it cannot have made this transfer."""
    return to_broker_time(transfer.claimed_at or transfer.created_at) - CLOCK_MARGIN


def _reaches_back(newest_first: list[BrokerTransfer], since: datetime | None) -> bool:
    if since is None or not newest_first:
        return since is None
    oldest = newest_first[-1].created_at
    return oldest is not None and oldest < since
