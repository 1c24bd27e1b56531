"""What a rail has to say of a transfer."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import date, datetime
from enum import Enum
from typing import ClassVar
from uuid import UUID

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.streams.models import EventStream
from funding.models import Transfer
from funding.snapshots import Snapshot


class SettledBy(Enum):
    """How we find out what became of a call whose reply was lost."""

    REPEATING = "the same call with the same key, which the broker does once"
    LOOKING = "the account's list at the broker: what can only be ours is adopted, and nothing is sent again"


class Rail(ABC):
    """One way of moving money: its call, its key at the broker, its rule for a lost reply, and its dates.

    Every method that asks the broker raises `BrokerNotDone` and `BrokerOutcomeUnknown`.
    """

    settled_by: ClassVar[SettledBy]
    stream: ClassVar[EventStream]
    """The event stream that tells us of its changes."""

    @abstractmethod
    def create(self, transfer: Transfer) -> Snapshot:
        """Make the one call that moves the money."""

    @abstractmethod
    def read(
        self,
        account: BrokerageAccount,
        *,
        about: Transfer | BrokerageAccount,
        wanted: Collection[UUID],
        since: datetime | None = None,
    ) -> Page[Snapshot]:
        """What the broker says of the account's transfers of these ids, as far as it still lists them.

        What it lists and we cannot read is left out and counted (`unreadable`). With `since` all others of
        the account come along that were created after it, by the broker's clock. The call is recorded as
        being about `about`.
        """

    @abstractmethod
    def expected_on(self, asked_at: datetime) -> date:
        """The New York date by which money asked for at `asked_at` should be there."""

    def key(self, transfer: Transfer) -> str:
        """The key under which the broker does the call once, however often it comes; "" if it takes none."""
        return ""

    @abstractmethod
    def fits(self, transfer: Transfer, found: Snapshot) -> bool:
        """Whether what the broker lists can be this transfer."""
