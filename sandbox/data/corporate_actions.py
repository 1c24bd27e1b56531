"""Announcements of dividends and splits: a made-up calendar, the same for the same seed.

It only announces: nothing is paid and no position changes by itself.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from sandbox.instruments.assets import Asset, load_assets
from sandbox.kernel import trading_calendar
from sandbox.kernel.noise import draw, key_of, uniform
from sandbox.state.api import Call, endpoint, invalid, not_found, parse_date, text_of, uuid_of, words

TYPES = words("dividend merger split spinoff")
DATES = words("declaration_date ex_date record_date payable_date")
LONGEST_RANGE = 90  # days
FIRST_YEAR, LAST_YEAR = 2000, 2035
# Of all symbols; of a year.
PAYERS, SPLITTERS, REVERSE_SPLITS = 0.45, 0.015, 0.25
LEAST_YIELD, MOST_YIELD = 0.004, 0.04
RATIOS = (2, 3, 4, 5, 10)
CENT = Decimal("0.01")
NOTICE, DELAY = dt.timedelta(days=24), dt.timedelta(days=20)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """As the API shows it; ``cash`` is USD a share, ``new_rate`` shares come for ``old_rate``."""

    id: str
    corporate_action_id: str
    ca_type: str
    ca_sub_type: str
    initiating_symbol: str
    initiating_original_cusip: str
    target_symbol: str
    target_original_cusip: str
    declaration_date: str
    ex_date: str
    record_date: str
    payable_date: str
    cash: str
    old_rate: str
    new_rate: str


@endpoint("GET", "/v1/corporate_actions/announcements")
def list_announcements(call: Call) -> list[dict[str, Any]]:
    """``ca_types``, ``since`` and ``until`` are required; both ends are included, at most 90 days apart."""
    types = {name.lower() for name in call.args("ca_types")}
    if not types or types - TYPES:
        raise invalid("invalid ca_types" if types else "ca_types is required")
    since, until = _required_date(call, "since"), _required_date(call, "until")
    if not 0 <= (until - since).days <= LONGEST_RANGE:
        raise invalid(f"until must be from 0 to {LONGEST_RANGE} days after since")
    date_type = call.arg("date_type", "ex_date")
    if date_type not in DATES:
        raise invalid("invalid date_type")
    symbol, cusip = call.arg("symbol").upper(), call.arg("cusip").upper()
    first, last = since.isoformat(), until.isoformat()
    found = [
        each
        for year in _years(since.year - 1, until.year + 1)
        for each in _announcements_of(call.world.settings.seed, year)
        if each.ca_type in types
        and first <= getattr(each, date_type) <= last
        and symbol in ("", each.initiating_symbol)
        and cusip in ("", each.initiating_original_cusip)
    ]
    return [_view(each) for each in sorted(found, key=lambda each: getattr(each, date_type))]


@endpoint("GET", "/v1/corporate_actions/announcements/{announcement_id}")
def get_announcement(call: Call) -> dict[str, Any]:
    announcement_id = uuid_of(call.params["announcement_id"])
    # The ex-date's year is written into the id: see ``_announce``.
    year = int(announcement_id[:4], 16)
    if FIRST_YEAR <= year <= LAST_YEAR:
        for each in _announcements_of(call.world.settings.seed, year):
            if each.id == announcement_id:
                return _view(each)
    raise not_found(f"announcement not found for {announcement_id}")


def announced_between(seed: int, first: dt.date, last: dt.date) -> list[Announcement]:
    """What is paid or takes effect from the first to the last of these days."""
    bounds = first.isoformat(), last.isoformat()
    return [
        each
        for year in _years(first.year - 1, last.year)
        for each in _announcements_of(seed, year)
        if bounds[0] <= each.payable_date <= bounds[1]
    ]


def _view(announcement: Announcement) -> dict[str, Any]:
    return msgspec.structs.asdict(announcement)


def _required_date(call: Call, name: str) -> dt.date:
    text = call.arg(name)
    if not text:
        raise invalid(f"{name} is required")
    return parse_date(text, name)


def _years(first: int, last: int) -> range:
    return range(max(first, FIRST_YEAR), min(last, LAST_YEAR) + 1)


@lru_cache(maxsize=8)
def _announcements_of(seed: int, year: int) -> tuple[Announcement, ...]:
    """Everything whose ex-date falls in a year."""
    active = (
        asset for asset in load_assets() if asset.status == "active" and asset.asset_class == "us_equity"
    )
    return tuple(each for asset in active for each in _of_asset(seed, asset, year))


def _of_asset(seed: int, asset: Asset, year: int) -> Iterator[Announcement]:
    key = key_of(seed, f"corporate actions {asset.symbol}")
    month, day = 1 + draw(key, 1) % 3, 3 + draw(key, 2) % 24
    if uniform(key, 0) < PAYERS:
        rate = LEAST_YIELD + (MOST_YIELD - LEAST_YIELD) * uniform(key, 3)
        cash = max((asset.base_price * Decimal(rate) / 4).quantize(CENT), CENT)
        for quarter in range(4):
            yield _announce(seed, asset, dt.date(year, month + 3 * quarter, day), "dividend", "cash", cash)
    if uniform(key, year) < SPLITTERS:
        ratio = RATIOS[draw(key, -year) % len(RATIOS)]
        kind = "reverse_split" if uniform(key, 4 * year) < REVERSE_SPLITS else "stock_split"
        ex_date = dt.date(year, 1 + draw(key, 5 * year) % 12, day)
        yield _announce(seed, asset, ex_date, "split", kind, Decimal(0), ratio)


def _announce(
    seed: int, asset: Asset, day: dt.date, kind: str, sub_type: str, cash: Decimal, ratio: int = 1
) -> Announcement:
    session = trading_calendar.session_on(day) or trading_calendar.next_session(day)
    name = f"{seed}:{asset.symbol}:{kind}:{session.date}"
    unique = uuid.uuid5(uuid.UUID(asset.id), name)
    cusip = _cusip(asset)
    reverse = sub_type == "reverse_split"
    return Announcement(
        id=f"{session.date.year:04x}{str(unique)[4:]}",
        corporate_action_id=f"{cusip}_{unique.hex[:6].upper()}",
        ca_type=kind,
        ca_sub_type=sub_type,
        initiating_symbol=asset.symbol,
        initiating_original_cusip=cusip,
        target_symbol=asset.symbol,
        target_original_cusip=cusip,
        declaration_date=trading_calendar.previous_session(session.date - NOTICE).date.isoformat(),
        ex_date=session.date.isoformat(),
        record_date=session.date.isoformat(),  # the ex-date since trades settle in one day
        payable_date=(
            trading_calendar.next_session(session.date + DELAY).date if kind == "dividend" else session.date
        ).isoformat(),
        cash=text_of(cash),
        old_rate=str(ratio if reverse else 1),
        new_rate=str(1 if reverse else ratio),
    )


def _cusip(asset: Asset) -> str:
    """Nine characters, the last a valid check digit; made up from the asset's id."""
    number = uuid.UUID(asset.id).int
    body = "".join(str(number // 10**place % 10) for place in range(6)) + ALPHABET[10 + number % 26] + "1"
    total = 0
    for position, character in enumerate(body):
        value = ALPHABET.index(character) * (1 + position % 2)
        total += value // 10 + value % 10
    return body + str(-total % 10)
