"""Everything one running sandbox holds, handed to every handler."""

import collections
import dataclasses
import datetime as dt
import logging
import secrets
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Literal

from sandbox.instruments.asset_classes import COINS, asset_class_of
from sandbox.instruments.assets import Asset, load_assets
from sandbox.instruments.crypto_pairs import load_pairs
from sandbox.instruments.option_contracts import Listings, asset_of
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import Clock
from sandbox.prices.all import AllPrices
from sandbox.state import rows
from sandbox.state.faults import Faults
from sandbox.state.feed import Feed
from sandbox.state.rate import RateWindow
from sandbox.state.store import Store

log = logging.getLogger("sandbox")

FIRM_CASH = Decimal("50000")
CALLS_KEPT = 1_000
HAS_PAST = "has_past"
"""The setting that says that activities were entered which are older than others before them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What the command line decides."""

    state: Path
    speed: float = 60.0
    market: Literal["open", "real"] = "real"
    seed: int = 1
    key: str = "SANDBOXDEMOKEY000001"
    secret: str = "sandbox-demo-secret-not-for-real-money-0"  # noqa: S105 - shown to everyone
    rate_limit: int = 1_000_000  # requests a minute
    begin: dt.datetime | None = None  # where the clock of a new folder starts; else now


@dataclasses.dataclass(slots=True)
class CallRecord:
    """One answered request, without query or body: those may hold personal data."""

    at: dt.datetime
    method: str
    path: str
    status: int | None  # None: the connection was dropped
    request_id: str


class World:
    """Raises StateError when the state folder cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.state)
        self.clock = self._stored_clock()
        self.faults = Faults(self.store, settings.seed)
        self.rate = RateWindow(int(self.setting("rate_limit") or settings.rate_limit))
        shares, pairs = load_assets(), load_pairs()
        self.always_open = settings.market == "open"
        self.prices = AllPrices(settings.seed, shares, pairs, always_open=self.always_open)
        self.coins = self.prices.coins
        self.options = Listings(self.prices.trade)
        self._assets: dict[str, Asset] = {}
        self.all_assets = [*shares, *pairs]
        for asset in self.all_assets:
            self._assets[asset.symbol] = self._assets[asset.id] = asset
        self._assets |= {COINS.shown(pair.symbol): pair for pair in pairs}
        self.calls: collections.deque[CallRecord] = collections.deque(maxlen=CALLS_KEPT)
        self.halted = set(self.setting("halted_symbols").split())
        self.worked_at = self.clock.now()  # when resting orders were last looked at
        self.feed = Feed()
        self.store.on_new_events = self.feed.notify
        self.firm_id = self._firm_account().id

    def find_asset(self, symbol_or_id: str) -> Asset | None:
        return self._assets.get(symbol_or_id) or self._assets.get(symbol_or_id.upper())

    def find_instrument(self, symbol_or_id: str) -> Asset | None:
        """What orders and positions may be in: an asset, or an option contract as one."""
        found = self.find_asset(symbol_or_id)
        if found is None and asset_class_of(symbol_or_id).is_contract:
            contract = self.options.find(symbol_or_id, self.clock.now())
            found = asset_of(contract.symbol) if contract else None
        return found

    def asset(self, symbol: str) -> Asset:
        """The asset of a symbol that is known to exist; of an option contract too."""
        return asset_of(symbol) if asset_class_of(symbol).is_contract else self._assets[symbol]

    def is_open(self, at: dt.datetime) -> bool:
        """Whether the regular session is on."""
        return self.always_open or trading_calendar.is_open(at)

    def save_setting(self, name: str, value: str) -> None:
        setting = self.store.settings.get(name)
        if setting is None:
            self.store.add(rows.Setting(id=name, value=value))
        else:
            self.store.edit(setting).value = value

    def setting(self, name: str) -> str:
        """What ``save_setting`` kept; "" for nothing."""
        found = self.store.settings.get(name)
        return found.value if found else ""

    def is_halted(self, symbol: str) -> bool:
        """Whether trading in the symbol, or in the share of an option, is halted: no order is executed."""
        return asset_class_of(symbol).share_of(symbol) in self.halted

    def _stored_clock(self) -> Clock:
        begin = self.settings.begin
        if begin is not None and not self.setting("clock_offset") and not self.setting("firm_account_id"):
            self.save_setting("clock_offset", str((begin - dt.datetime.now(dt.UTC)).total_seconds()))
        offset, frozen_at = self.setting("clock_offset"), self.setting("clock_frozen_at")
        return Clock(
            self.settings.speed,
            dt.timedelta(seconds=float(offset or 0)),
            dt.datetime.fromisoformat(frozen_at) if frozen_at else None,
            dt.timedelta(seconds=float(self.setting("clock_skew") or 0)),
        )

    def _firm_account(self) -> rows.Account:
        """The correspondent's own account, made with $50,000 when the folder is new."""
        setting = self.store.settings.get("firm_account_id")
        if setting is not None:
            return self.store.accounts.rows[setting.value]
        now = self.clock.now()
        firm = rows.Account(
            id=str(uuid.uuid4()), account_number=new_account_number(self.store), status="ACTIVE",
            created_at=now, enabled_assets=["us_equity"], is_firm=True, search_text="sandbox firm account",
        )  # fmt: skip
        self.store.add(firm)
        self.store.add(rows.Ledger(id=firm.id, cash=FIRM_CASH, last_cash=FIRM_CASH))
        self.save_setting("firm_account_id", firm.id)
        self.store.commit()
        return firm


def new_account_number(store: Store) -> str:
    """Nine digits not in use."""
    while True:
        number = str(100_000_000 + secrets.randbelow(900_000_000))
        if number not in store.accounts.by_number:
            return number
