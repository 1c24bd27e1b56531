"""Cash from the firm's account to a customer's. Broker API, "Journals API"
(https://docs.alpaca.markets/docs/journals-api).

The broker takes an `Idempotency-Key`: the same key and body give the first journal again. Its list does not
tell the key, so that a journal also has it in its description.
"""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.conf import settings

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerNotFound
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream
from brokerapp.units.market_time import day_in_new_york
from funding import bank_days, payloads
from funding.models import Transfer
from funding.rails.rail import Rail, SettledBy
from funding.snapshots import Snapshot


class JournalRail(Rail):
    """Money that the firm gives: booked within moments, over a limit with the next day's beginning."""

    settled_by = SettledBy.REPEATING
    stream = EventStream.JOURNALS

    def create(self, transfer: Transfer) -> Snapshot:
        request = payloads.journal_request(transfer, UUID(settings.BROKER_FIRM_ACCOUNT_ID))
        reply = get_client(about=transfer).journals.create(request, self.key(transfer))
        return Snapshot.of_journal(reply)

    def read(
        self,
        account: BrokerageAccount,
        *,
        about: Transfer | BrokerageAccount,
        wanted: Collection[UUID],
        since: datetime | None = None,
    ) -> Page[Snapshot]:
        """Each journal by its id, as there are few; the list of the account where ids are not known."""
        client = get_client(about=about)
        found: Page[Snapshot] = Page()
        for journal_id in wanted:
            try:
                found.append(Snapshot.of_journal(client.journals.get(journal_id)))
            except BrokerNotFound:
                continue
        if since is None:
            return found
        listed = client.journals.list(
            from_account=settings.BROKER_FIRM_ACCOUNT_ID,
            to_account=account.broker_account_id,
            after=day_in_new_york(since),
        )
        others = (Snapshot.of_journal(each) for each in listed if each.id not in wanted)
        return Page([*found, *others], unreadable=listed.unreadable)

    def expected_on(self, asked_at: datetime) -> date:
        return bank_days.next_bank_day(day_in_new_york(asked_at))

    def fits(self, transfer: Transfer, found: Snapshot) -> bool:
        """Its note names the transfer."""
        return found.note == payloads.journal_note(transfer)

    def key(self, transfer: Transfer) -> str:
        return str(transfer.pk)
