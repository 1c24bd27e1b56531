"""Prices on open pages: what somebody looks at, and the channel on which their changes come.

The wanted symbols are a sorted set in the Redis-protocol server, each with the instant until which it is
wanted: every web process writes those of its open pages anew (`board`), and one process asks the market for
all of them. A tick is lines of text, so that the web processes need not read the prices to hand them on.
"""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qs

from django.conf import settings

from brokerapp.live.channel import connect
from brokerapp.web.outages import REDIS_AWAY

CHANNEL = "live:prices"
WANTED = "live:prices:wanted"
WANTED_SECONDS = 15.0
"""How long a symbol is wanted after a web process last said so; they say it every five seconds."""
MOST_SYMBOLS = 250
"""Of one page."""
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./]{0,31}")


def read_symbols(query: bytes) -> frozenset[str]:
    """The symbols of a stream's query (`prices=AAPL,MSFT`), MOST_SYMBOLS at most; others are left out.

    Which of them exist, the database says, to the process that asks for their prices.
    """
    given = ",".join(parse_qs(query.decode("latin-1")).get("prices", ()))
    return frozenset(list(filter(SYMBOL.fullmatch, given.split(",")))[:MOST_SYMBOLS])


def get_wanted(most: int) -> list[str]:
    """The symbols of open pages, those that were asked for last first; none while Redis is away."""
    now = time.time()
    try:
        server = connect(settings.REDIS_URL)
        server.zremrangebyscore(WANTED, "-inf", now)
        found = cast(list[bytes], server.zrange(WANTED, 0, most - 1, desc=True))
    except REDIS_AWAY:
        return []
    return [symbol.decode() for symbol in found]


def publish_tick(prices: Mapping[str, list[str]], *, at: datetime, fresh: bool, beat: bool) -> bool:
    """Tell every open page what changed, by symbol; whether that was sent.

    `fresh`: whatever is wanted was asked for and answered. `beat`: pages without a change are told so too.
    """
    head = {"at": at.astimezone(UTC).isoformat(timespec="milliseconds"), "fresh": fresh}
    lines = [f"{int(beat)}{_json(head)}", *(f"{symbol} {_json(row)}" for symbol, row in prices.items())]
    try:
        connect(settings.REDIS_URL).publish(CHANNEL, "\n".join(lines))
    except REDIS_AWAY:
        return False
    return True


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
