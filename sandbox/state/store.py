"""Every row in memory, indexed by account; every change in one log frame per transaction.

The process is one thread and handlers never await, so a transaction is: ``add`` / ``edit`` /
``remove`` / ``emit``, then ``commit`` (events file, then log, then indexes) or ``rollback``. The
frame carries the number of events that belong to it and everything before: events written by a
transaction whose frame never made it are cut off at the next start.
"""

import copy
import datetime as dt
import gc
import heapq
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from sandbox.kernel.eventlog import EventLog
from sandbox.kernel.log import FrameFile, StateError, StateFolder, replace_frames
from sandbox.state import rows
from sandbox.state.rows import ZERO

R = TypeVar("R", bound=Any)
Frame = tuple[int, list[rows.LogRecord]]
SNAPSHOT_ROWS = 2_000
COMPACT_ABOVE = 4 << 20  # a log this short replays in no time


class Table(Generic[R]):
    """Rows by id, and by account in order of creation."""

    def __init__(self, row_type: type[R]) -> None:
        self.name: str = row_type.__struct_config__.tag
        self.rows: dict[str, R] = {}
        self._by_account: dict[str, list[R]] = {}
        self._has_account = "account_id" in row_type.__struct_fields__

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows.values())

    def get(self, row_id: str) -> R | None:
        return self.rows.get(row_id)

    def of(self, account_id: str) -> list[R]:
        """The account's rows, oldest first. Not a copy."""
        return self._by_account.get(account_id, [])

    def insert(self, row: R) -> None:
        self.rows[row.id] = row
        self.index(row)

    def index(self, row: R) -> None:
        """Add a row to its account's list."""
        if self._has_account:
            self._by_account.setdefault(row.account_id, []).append(row)

    def discard(self, row: R) -> None:
        if self.rows.pop(row.id, None) is not None and self._has_account:
            self._by_account[row.account_id].remove(row)

    def settled(self, row: R) -> None:
        """Called once a row's new content is on disk: keep further indexes true here."""


class AccountTable(Table[rows.Account]):
    """Also by e-mail and account number, both unique."""

    def __init__(self) -> None:
        super().__init__(rows.Account)
        self.by_email: dict[str, rows.Account] = {}
        self.by_number: dict[str, rows.Account] = {}
        self._email_of: dict[str, str] = {}

    def settled(self, row: rows.Account) -> None:
        former = self._email_of.get(row.id, row.email)
        if former != row.email:
            self.by_email.pop(former, None)
        if row.email:
            self.by_email[row.email] = row
            self._email_of[row.id] = row.email
        self.by_number[row.account_number] = row


class OrderTable(Table[rows.Order]):
    """Also by client_order_id within an account, and the open ones of each account."""

    def __init__(self) -> None:
        super().__init__(rows.Order)
        self._by_client_id: dict[str, dict[str, rows.Order]] = {}
        self._open: dict[str, dict[str, rows.Order]] = {}
        self._working: dict[str, rows.Order] = {}

    def by_client_id(self, account_id: str, client_order_id: str) -> rows.Order | None:
        return self._by_client_id.get(account_id, {}).get(client_order_id)

    def open_of(self, account_id: str) -> list[rows.Order]:
        return list(self._open.get(account_id, {}).values())

    def working(self) -> list[rows.Order]:
        """Orders at the venue that wait for a price, of all accounts."""
        return list(self._working.values())

    def settled(self, row: rows.Order) -> None:
        if row.status in ("new", "partially_filled"):
            self._working[row.id] = row
        else:
            self._working.pop(row.id, None)
        self._by_client_id.setdefault(row.account_id, {})[row.client_order_id] = row
        if row.status in rows.FINAL_ORDER_STATUSES:
            if row.account_id in self._open:
                self._open[row.account_id].pop(row.id, None)
        else:
            self._open.setdefault(row.account_id, {})[row.id] = row


class JournalTable(Table[rows.Journal]):
    """Also by idempotency key: a batch is several under one."""

    def __init__(self) -> None:
        super().__init__(rows.Journal)
        self.by_key: dict[str, dict[str, rows.Journal]] = {}

    def settled(self, row: rows.Journal) -> None:
        if row.idempotency_key:
            self.by_key.setdefault(row.idempotency_key, {})[row.id] = row


class InstantFundingTable(Table[rows.InstantFunding]):
    """Also by idempotency key."""

    def __init__(self) -> None:
        super().__init__(rows.InstantFunding)
        self.by_key: dict[str, rows.InstantFunding] = {}

    def settled(self, row: rows.InstantFunding) -> None:
        if row.idempotency_key:
            self.by_key[row.idempotency_key] = row


class Store:
    """The state of one folder. Raises StateError when the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self.folder = StateFolder(path)
        self.accounts = AccountTable()
        self.ledgers: Table[rows.Ledger] = Table(rows.Ledger)
        self.documents: Table[rows.Document] = Table(rows.Document)
        self.relationships: Table[rows.Relationship] = Table(rows.Relationship)
        self.banks: Table[rows.Bank] = Table(rows.Bank)
        self.instant_fundings = InstantFundingTable()
        self.settlements: Table[rows.Settlement] = Table(rows.Settlement)
        self.transfers: Table[rows.Transfer] = Table(rows.Transfer)
        self.journals = JournalTable()
        self.orders = OrderTable()
        self.fills: Table[rows.Fill] = Table(rows.Fill)
        self.positions: Table[rows.Position] = Table(rows.Position)
        self.entries: Table[rows.Entry] = Table(rows.Entry)
        self.watchlists: Table[rows.Watchlist] = Table(rows.Watchlist)
        self.options_approvals: Table[rows.OptionsApproval] = Table(rows.OptionsApproval)
        self.portfolios: Table[rows.Portfolio] = Table(rows.Portfolio)
        self.subscriptions: Table[rows.Subscription] = Table(rows.Subscription)
        self.runs: Table[rows.RebalancingRun] = Table(rows.RebalancingRun)
        self.settings: Table[rows.Setting] = Table(rows.Setting)
        self.faults: Table[rows.Fault] = Table(rows.Fault)
        self._tables: dict[type, Table[Any]] = {
            rows.Account: self.accounts, rows.Ledger: self.ledgers, rows.Document: self.documents,
            rows.Relationship: self.relationships, rows.Transfer: self.transfers,
            rows.Journal: self.journals, rows.Bank: self.banks,
            rows.InstantFunding: self.instant_fundings, rows.Settlement: self.settlements,
            rows.Order: self.orders,
            rows.Fill: self.fills, rows.Position: self.positions, rows.Entry: self.entries,
            rows.Setting: self.settings, rows.Fault: self.faults, rows.Watchlist: self.watchlists,
            rows.OptionsApproval: self.options_approvals, rows.Portfolio: self.portfolios,
            rows.Subscription: self.subscriptions, rows.RebalancingRun: self.runs,
        }  # fmt: skip
        self._dirty: dict[int, tuple[Any, Any]] = {}  # id(row) -> row, its former content (None: new)
        self._removed: list[Any] = []
        self._due: list[tuple[dt.datetime, int, Any]] = []
        self._ticket = itertools.count()
        self.on_new_events: Callable[[], None] = lambda: None
        self.on_sooner: Callable[[], None] = lambda: None  # something is due earlier than all before
        self._dates: dict[Any, Any] = {}  # expiries and settlement dates: the same for many rows
        self._encoder = msgspec.msgpack.Encoder()
        self.events = EventLog(path)
        self._wal = FrameFile(path / "wal")
        self._load()

    # Writing

    def add(self, row: R) -> R:
        self._tables[type(row)].insert(row)
        self._dirty[id(row)] = (row, None)
        return row

    def edit(self, row: R) -> R:
        """Announce a change to a row, before making it: a rollback puts the old content back."""
        if id(row) not in self._dirty:
            self._dirty[id(row)] = (row, copy.copy(row))
        return row

    def remove(self, row: Any) -> None:
        self._tables[type(row)].discard(row)
        self._removed.append(row)

    def emit(self, kind: int, at: dt.datetime, body: bytes) -> None:
        """Add an event to the transaction: one JSON object, without an event id."""
        self.events.stage(kind, at, body)

    def commit(self) -> bool:
        """Make the transaction durable; True when there was one. Raises OSError: then roll back."""
        if not (self._dirty or self._removed or self.events.staged_length > len(self.events)):
            return False
        records: list[Any] = [row for row, _ in self._dirty.values()]
        records += [rows.Gone(table=self._tables[type(row)].name, id=row.id) for row in self._removed]
        before = len(self.events)
        self.events.write()
        try:
            self._wal.append(self._encoder.encode((len(self.events), records)))
        except OSError:
            self.events.cut(before)
            raise
        for row, _ in self._dirty.values():
            self._settle(row)
        self._dirty.clear()
        self._removed.clear()
        if len(self.events) > before:
            self.on_new_events()
        return True

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self.events.unstage()
        for row in self._removed:
            self._tables[type(row)].insert(row)
        for row, former in self._dirty.values():
            if former is None:
                self._tables[type(row)].discard(row)
            else:
                for name in row.__struct_fields__:
                    setattr(row, name, getattr(former, name))
        self._dirty.clear()
        self._removed.clear()

    def close(self) -> None:
        """Leave a snapshot for a quick next start, and let go of the folder."""
        self.rollback()
        self._compact_long_log()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the files as a crash does: what is not in them by now is lost."""
        self._wal.close()
        self.events.close()
        self.folder.close()

    # What is due

    def schedule(self, row: Any, at: dt.datetime) -> None:
        """Look at a row again at an instant, without writing that down."""
        entry = (at, next(self._ticket), row)
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self.on_sooner()

    def delay_due(self, by: dt.timedelta) -> None:
        """Move everything that is due by as much as the clock has been moved: it comes as soon as before."""
        for table in self._tables.values():
            for row in table:
                if getattr(row, "due_at", None) is not None:
                    self.edit(row).due_at += by

    def next_due(self) -> dt.datetime | None:
        return self._due[0][0] if self._due else None

    def pop_due(self, now: dt.datetime) -> Any | None:
        """The next row whose time has come, or None. A row may come up again: look at its due_at."""
        if self._due and self._due[0][0] <= now:
            return heapq.heappop(self._due)[2]
        return None

    # Starting

    def _settle(self, row: Any) -> None:
        self._tables[type(row)].settled(row)
        due_at = getattr(row, "due_at", None)
        if due_at is not None:
            self.schedule(row, due_at)

    def _load(self) -> None:
        gc.disable()
        try:
            snapshot = FrameFile(self.folder.path / "snapshot")
            count = self._replay(snapshot.frames())
            snapshot.close()
            self.events.cut(min(len(self.events), max(count, self._replay(self._wal.frames()))))
            for table in self._tables.values():
                for row in table:
                    table.index(row)
                    self._settle(row)
            self._compact_long_log()
        finally:
            gc.collect()
            gc.freeze()
            gc.enable()

    def _replay(self, payloads: Iterable[memoryview]) -> int:
        """Apply frames to the rows, not to the indexes; returns the number of events they account for."""
        decode = msgspec.msgpack.Decoder(Frame).decode
        by_type = {row_type: table.rows for row_type, table in self._tables.items()}
        by_name = {table.name: table.rows for table in self._tables.values()}
        count = 0
        for payload in payloads:
            try:
                count, records = decode(payload)
            except msgspec.DecodeError as error:  # whole, but not in our words
                raise StateError(
                    f"state folder {self.folder.path} was written by another version of the sandbox: "
                    "use that, another folder, or remove it to start over"
                ) from error
            for record in records:
                if type(record) is rows.Gone:
                    by_name[record.table].pop(record.id, None)
                else:
                    self._share(record)
                    by_type[type(record)][record.id] = record
        return count

    def _share(self, row: Any) -> None:
        """Let equal values that were decoded apart be one object: it halves the memory of orders."""
        if isinstance(row, rows.Order):
            row.account_id = self.accounts.rows[row.account_id].id
            row.symbol = sys.intern(row.symbol)
            row.hold, row.commission = row.hold or ZERO, row.commission or ZERO
            row.filled_qty = _same(row.filled_qty, row.qty) or ZERO
            row.filled_at = _same(row.filled_at, row.updated_at)
            row.expires_at = self._dates.setdefault(row.expires_at, row.expires_at)
        elif isinstance(row, rows.Fill):
            order = self.orders.rows[row.order_id]
            row.account_id, row.order_id = order.account_id, order.id
            row.qty = _same(row.qty, order.filled_qty)
            row.cum_qty, row.leaves_qty = _same(row.cum_qty, row.qty), row.leaves_qty or ZERO
            row.price, row.at = _same(row.price, order.filled_avg_price), _same(row.at, order.filled_at)
            row.settle_on = self._dates.setdefault(row.settle_on, row.settle_on)

    def _compact_long_log(self) -> None:
        if self._wal.size > COMPACT_ABOVE:
            self._compact()

    def _compact(self) -> None:
        """Put the whole state into a new snapshot, then empty the log it replaces."""
        every = itertools.chain.from_iterable(self._tables.values())
        frames = (
            self._encoder.encode((len(self.events), list(batch))) for batch in _batches(every, SNAPSHOT_ROWS)
        )
        replace_frames(self.folder.path / "snapshot", frames)
        self._wal.cut(0)


def _batches(items: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    iterator = iter(items)
    while batch := tuple(itertools.islice(iterator, size)):
        yield batch


def _same(value: Any, other: Any) -> Any:
    """``other`` where both are equal."""
    return other if value == other else value
