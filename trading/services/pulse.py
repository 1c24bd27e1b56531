"""Prices of what open pages show: asked for once a second for all of them, and told to all of them.

One process does so (`brokerapp.events`, under its lock), whoever looks and however many they are: a call for
each hundred symbols. While nobody looks nothing is asked.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.budget import Priority, priority
from brokerapp.broker.calls.recorder import FailureRecorder
from brokerapp.broker.clients import get_market_data
from brokerapp.live import prices
from trading import ticker
from trading.models import Asset, Quote, QuotePause
from trading.services import market, quotes

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
BEAT_SECONDS = 8.0
"""How often pages are told everything anew; without a word for thirty they say that prices have stopped."""
KEEP_EVERY = timedelta(seconds=5)
"""How often what was told is written down, for pages that are opened."""
ASSETS_KEPT_FOR = timedelta(seconds=30)
"""How long it is good for which assets the symbols stand."""
MOST_SYMBOLS = 1000
"""Of one tick: ten calls. Beyond, those that were asked for longest ago have their turn first."""
ALIVE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 15.0
"""Between two attempts while the data API does not answer."""


class Pulse:
    """What was told of each wanted symbol, and when it was last asked for."""

    def __init__(self) -> None:
        self._assets: dict[str, Asset | None] = {}
        self._assets_at = timezone.now()
        self._told: dict[UUID, tuple[object, ...]] = {}
        self._newest: dict[UUID, Quote] = {}
        self._asked_at: dict[UUID, datetime] = {}
        self._unkept: dict[UUID, Quote] = {}
        self._kept_at: datetime | None = None
        self._beat_at = 0.0
        self.failures = 0

    def tick(self, now: datetime) -> None:
        """Ask for what is wanted and tell what changed."""
        wanted = self._wanted(now)
        if not wanted:
            self._forget(())
            return
        self._forget([asset.pk for asset in wanted])
        fresh = self._ask(self._due(wanted, now), now)
        self._tell(wanted, now, fresh)
        if self._kept_at is None or now - self._kept_at >= KEEP_EVERY:
            quotes.store_quotes(self._unkept, now=now)
            self._unkept, self._kept_at = {}, now

    def _wanted(self, now: datetime) -> list[Asset]:
        if now - self._assets_at >= ASSETS_KEPT_FOR:
            self._assets, self._assets_at = {}, now
        symbols = prices.get_wanted(MOST_SYMBOLS * 2)
        new = [symbol for symbol in symbols if symbol not in self._assets]
        if new:
            active = Asset.objects.offered().filter(status=Asset.ACTIVE, symbol__in=new)
            found = {asset.symbol: asset for asset in active.select_related("quote")}
            self._assets |= {symbol: found.get(symbol) for symbol in new}
        return [asset for symbol in symbols if (asset := self._assets[symbol])]

    def _forget(self, kept: Iterable[UUID]) -> None:
        still = set(kept)
        for known in (self._told, self._newest, self._asked_at):
            for key in known.keys() - still:
                del known[key]

    def _due(self, wanted: list[Asset], now: datetime) -> list[Asset]:
        """Those whose market moves and that are not paused, asked for longest ago first."""
        clock = market.get_clock(now)
        paused = set(QuotePause.objects.filter(due_at__gt=now).values_list("pk", flat=True))
        due = [
            asset
            for asset in wanted
            if asset.pk not in paused
            and quotes.is_due(asset, self._known_at(asset), now=now, clock=clock, rests_for=timedelta(0))
        ]
        long_ago = now - timedelta(days=1)
        return sorted(due, key=lambda asset: self._asked_at.get(asset.pk, long_ago))[:MOST_SYMBOLS]

    def _known_at(self, asset: Asset) -> datetime | None:
        stored = getattr(asset, "quote", None)
        return self._asked_at.get(asset.pk) or (stored.synced_at if stored else None)

    def _ask(self, due: list[Asset], now: datetime) -> bool:
        """Take in the newest prices; whether all were answered. After a failure the rest wait as well."""
        client = get_market_data(quick=True, recorder=FailureRecorder)
        for batch in quotes.batches(due):
            try:
                with priority(Priority.POLL):
                    rows = quotes.ask_quotes(batch, now=now, client=client)
            except BrokerError as error:
                self.failures += 1
                logger.warning("prices of %s symbols are not pushed: %s", len(batch), error)
                return False
            for asset in batch:
                self._asked_at[asset.pk] = now
            self._unkept |= rows
            for key, row in rows.items():
                known = self._newest.get(key)
                if known is None or row.as_of >= known.as_of:
                    self._newest[key] = row
        self.failures = 0
        return True

    def _tell(self, wanted: list[Asset], now: datetime, fresh: bool) -> None:
        beat = fresh and time.monotonic() - self._beat_at >= BEAT_SECONDS
        if beat:
            self._told = {}  # a beat says everything anew: whoever missed a change has it then
        changed = {}
        for asset in wanted:
            row = self._newest.get(asset.pk)
            figures = row and tuple(getattr(row, name) for name in ticker.FIGURES)
            if row and figures and self._told.get(asset.pk) != figures:
                changed[asset.symbol] = ticker.told(row)
                self._told[asset.pk] = figures
        if not changed and not beat:
            return
        if not prices.publish_tick(changed, at=now, fresh=fresh, beat=beat):
            self._told = {}
        elif beat:
            self._beat_at = time.monotonic()

    def pause(self) -> float:
        """Seconds until the next tick: longer and longer while nothing is answered."""
        return min(EVERY_SECONDS * 2**self.failures, LONGEST_PAUSE_SECONDS)


def run(stop: threading.Event, note_alive: Callable[[], None]) -> None:
    """Tick once a second until told to stop; `note_alive` is called every quarter of a minute."""
    pulse, noted = Pulse(), 0.0
    while not stop.is_set():
        began = time.monotonic()
        close_old_connections()
        try:
            pulse.tick(timezone.now())
            if began - noted >= ALIVE_SECONDS:
                note_alive()
                noted = began
        except DatabaseError as error:
            logger.warning("no prices are pushed: %s", type(error).__name__)
            connection.close()
        except Exception:  # without this loop no open page hears of a price again
            logger.exception("no prices are pushed")
        stop.wait(max(pulse.pause() - (time.monotonic() - began), 0.05))
    connection.close()
