"""Option contracts: what an OCC symbol says, its id, and which contracts there are. Nothing is stored.

Expiries are Fridays, or the session before a holiday: the next eight weeks, and the third Friday of each
month nine months ahead. The strikes of an expiry lie around what the share cost when the expiry was listed,
which is over and so never changes: a contract once listed stays.
"""

import datetime as dt
import functools
import re
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from math import exp, log, sqrt

import msgspec

from sandbox.instruments.assets import Asset, load_assets
from sandbox.instruments.black_scholes import Kind
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date

MULTIPLIER = 100  # shares a contract
OCC_TAIL = 15  # characters after the root of an OCC symbol
SHORTEST = 16  # characters of an OCC symbol; no other symbol is as long
OCC_SYMBOL = re.compile(r"([A-Z]{1,5})(\d{6})([CP])(\d{8})")
WEEKLY_AHEAD, MONTHLY_AHEAD = dt.timedelta(days=56), dt.timedelta(days=280)
EXPIRED_LISTED = dt.timedelta(days=90)  # how long the lists still know an expired contract
CUTOFF = dt.timedelta(minutes=30)  # before the last close, nothing is opened any more
# Distance of strikes below each price.
STEPS = (
    (Decimal(10), Decimal("0.5")), (Decimal(50), Decimal(1)), (Decimal(200), Decimal("2.5")),
    (Decimal(1000), Decimal(5)), (Decimal(10_000), Decimal(25)),
)  # fmt: skip
# How far strikes reach, as logarithms: two deviations, within bounds.
DEVIATIONS, LEAST_REACH, MOST_REACH = 2, 0.25, 1.2

# An id is the symbol's content times an odd number, modulo 2 ** 122, in the free bits of a UUID: any id leads
# back to its symbol, so that none has to be kept.
ID_BITS, CONTENT_BITS = 122, 72
FACTOR = 0x2C5A9D61F3B84E07D90B36E18A47C5F
UNFACTOR = pow(FACTOR, -1, 1 << ID_BITS)


def _grid() -> Iterator[Decimal]:
    strike = Decimal(0)
    for below, step in STEPS:
        while strike < below:
            strike += step
            yield strike


GRID = tuple(_grid())


class Contract(msgspec.Struct, frozen=True):
    """A standard American option on 100 shares; strike is USD a share, 3 dp at most."""

    symbol: str
    underlying: Asset
    expires_on: dt.date
    kind: Kind
    strike: Decimal
    expires_at: dt.datetime  # the close of that date, UTC

    @property
    def id(self) -> str:
        return id_of(self.symbol)

    @property
    def name(self) -> str:
        """AAPL Jun 20 2025 100 Call"""
        strike = format(self.strike.normalize(), "f")
        return f"{self.underlying.symbol} {self.expires_on:%b %d %Y} {strike} {self.kind.title()}"

    def collateral(self, qty: Decimal) -> Decimal:
        """What so many written contracts bind: shares for calls, USD for puts."""
        return qty * MULTIPLIER * (1 if self.kind == "call" else self.strike)

    def opens_until(self) -> dt.datetime:
        """When it is too late to open a position."""
        return self.expires_at - CUTOFF


@functools.lru_cache(maxsize=8_192)
def parse(symbol: str) -> Contract | None:
    """The contract that a symbol names, listed or not; None where form, share or day of expiry is none."""
    found = OCC_SYMBOL.fullmatch(symbol)
    underlying = _underlyings().get(found[1]) if found else None
    if found is None or underlying is None:
        return None
    try:
        expires_on = dt.date(2000 + int(found[2][:2]), int(found[2][2:4]), int(found[2][4:]))
    except ValueError:
        return None
    strike = Decimal(found[4]).scaleb(-3)
    session = trading_calendar.session_on(expires_on)
    if not strike or session is None or _last_session(_friday(expires_on)) != expires_on:
        return None
    return Contract(
        symbol=symbol,
        underlying=underlying,
        expires_on=expires_on,
        kind="call" if found[3] == "C" else "put",
        strike=strike,
        expires_at=session.close.astimezone(dt.UTC),
    )


def known(symbol: str) -> Contract:
    """The contract of a symbol that is known to be one."""
    contract = parse(symbol)
    assert contract is not None
    return contract


@functools.lru_cache(maxsize=8_192)
def asset_of(symbol: str) -> Asset:
    """A contract seen as what orders and positions are in. Raises KeyError for no contract."""
    contract = parse(symbol)
    if contract is None:
        raise KeyError(symbol)
    return Asset(
        id=contract.id, symbol=symbol, name=contract.name, exchange="", asset_class="us_option",
        status="active", tradable=True, marginable=False, shortable=False, easy_to_borrow=False,
        fractionable=False, attributes=[], base_price=contract.strike,
        volatility=contract.underlying.volatility,
    )  # fmt: skip


def symbol_of(underlying: str, expires_on: dt.date, kind: str, strike: Decimal) -> str:
    return f"{underlying}{expires_on:%y%m%d}{'C' if kind == 'call' else 'P'}{int(strike * 1000):08d}"


def id_of(symbol: str) -> str:
    """The contract's UUID (version 8)."""
    root, rest = symbol[:-OCC_TAIL], symbol[-OCC_TAIL:]
    content = 0
    for letter in root:
        content = content * 27 + ord(letter) - 64
    content = (content << 20 | int(rest[:6])) << 28 | int(rest[7:]) << 1 | (rest[6] == "P")
    bits = content * FACTOR % (1 << ID_BITS)
    high, middle, low = bits >> 74, bits >> 62 & 0xFFF, bits & ((1 << 62) - 1)
    return str(uuid.UUID(int=high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low))


def symbol_of_id(text: str) -> str:
    """The symbol an id was made from; "" for any other id."""
    number = uuid.UUID(text).int
    if number >> 76 & 0xF != 8 or number >> 62 & 3 != 2:
        return ""
    bits = number >> 80 << 74 | (number >> 64 & 0xFFF) << 62 | number & ((1 << 62) - 1)
    content = bits * UNFACTOR % (1 << ID_BITS)
    if content >> CONTENT_BITS:
        return ""
    root, letters = content >> 48, ""
    while root:
        root, letter = divmod(root, 27)
        letters = chr(letter + 64) + letters
    date, strike = content >> 28 & 0xFFFFF, content >> 1 & 0x7FFFFFF
    return f"{letters}{date:06d}{'P' if content & 1 else 'C'}{strike:08d}"


class Listings:
    """Which contracts there are. ``price`` is the last trade of a share at an instant."""

    def __init__(self, price: Callable[[str, dt.datetime], Decimal]) -> None:
        self._price = price
        self._strikes = functools.lru_cache(maxsize=4_096)(self._find_strikes)

    def find(self, symbol_or_id: str, now: dt.datetime) -> Contract | None:
        """The contract that is or was listed under a symbol or an id."""
        symbol = symbol_or_id.upper()
        if len(symbol) == 36 and not (symbol := _symbol_of_text(symbol)):
            return None
        contract = parse(symbol)
        if contract is None or market_date(now) < listed_on(contract.expires_on):
            return None
        strikes = self._strikes(contract.underlying.symbol, contract.expires_on)
        place = bisect_left(strikes, contract.strike)
        return contract if place < len(strikes) and strikes[place] == contract.strike else None

    def contracts(
        self, underlying: Asset, days: Iterable[dt.date], kinds: Iterable[Kind], least: Decimal, most: Decimal
    ) -> Iterator[Contract]:
        """Every contract of some expiries of a share with a strike within bounds, by symbol."""
        for day in days:
            strikes = self._strikes(underlying.symbol, day)
            strikes = strikes[bisect_left(strikes, least) : bisect_right(strikes, most)]
            expires_at = _close_of(day).astimezone(dt.UTC)
            for kind in kinds:
                for strike in strikes:
                    symbol = symbol_of(underlying.symbol, day, kind, strike)
                    yield Contract(symbol, underlying, day, kind, strike, expires_at)

    def _find_strikes(self, symbol: str, expires_on: dt.date) -> tuple[Decimal, ...]:
        begun = listed_on(expires_on)
        at = dt.datetime.combine(begun, dt.time(20), NEW_YORK).astimezone(dt.UTC)
        base = float(self._price(symbol, at))
        reach = DEVIATIONS * _underlyings()[symbol].volatility * sqrt((expires_on - begun).days / 365)
        reach = min(max(reach, LEAST_REACH), MOST_REACH)
        low, high = (Decimal(round(exp(log(base) + sign * reach), 3)) for sign in (-1, 1))
        return GRID[bisect_left(GRID, low) : bisect_right(GRID, high)]


def underlyings() -> list[Asset]:
    """The shares that have options, by symbol."""
    return list(_underlyings().values())


def expirations(now: dt.datetime, *, expired: bool = False) -> list[dt.date]:
    """The expiries listed at an instant, or those of the last months that are over."""
    today = market_date(now)
    fridays = _friday(today) - EXPIRED_LISTED if expired else _friday(today)
    found = []
    for week in range((MONTHLY_AHEAD + EXPIRED_LISTED).days // 7 + 2):
        day = _last_session(_friday(fridays + dt.timedelta(weeks=week)))
        if listed_on(day) <= today and (_close_of(day) <= now) == expired:
            found.append(day)
    return found


def listed_on(expires_on: dt.date) -> dt.date:
    """When the contracts of an expiry were first listed."""
    is_monthly = 15 <= _friday(expires_on).day <= 21
    return expires_on - (MONTHLY_AHEAD if is_monthly else WEEKLY_AHEAD)


@functools.cache
def _underlyings() -> dict[str, Asset]:
    return {asset.symbol: asset for asset in load_assets() if "has_options" in asset.attributes}


def _symbol_of_text(text: str) -> str:
    try:
        return symbol_of_id(text)
    except ValueError:
        return ""


def _friday(day: dt.date) -> dt.date:
    """The Friday of a date's week."""
    return day + dt.timedelta(days=4 - day.weekday())


def _last_session(friday: dt.date) -> dt.date:
    if trading_calendar.session_on(friday) is not None:
        return friday
    return trading_calendar.previous_session(friday).date


def _close_of(day: dt.date) -> dt.datetime:
    session = trading_calendar.session_on(day)
    assert session is not None
    return session.close
