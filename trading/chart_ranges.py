"""The ranges of a price chart, and the bars that each is drawn from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from brokerapp.units.market_time import NEW_YORK, day_in_new_york, in_new_york

FIRST_PRICES = timedelta(days=365 * 11)
"""Alpaca's history of share prices begins in 2016."""
OPENS, CLOSES = time(9, 30), time(16)
"""The regular session, New York; on half days it ends earlier."""


class Timeframe(StrEnum):
    """Lengths of bars that we keep, in the words of Alpaca's Market Data API."""

    FIVE_MINUTES = "5Min"
    HOUR = "1Hour"
    DAY = "1Day"


KEPT_FOR = {
    Timeframe.FIVE_MINUTES: timedelta(days=10),
    Timeframe.HOUR: timedelta(days=35),
    Timeframe.DAY: FIRST_PRICES,
}
"""How far back bars of a length are asked for and kept."""
FRESH_FOR = {
    Timeframe.FIVE_MINUTES: timedelta(minutes=1),
    Timeframe.HOUR: timedelta(minutes=2),
    Timeframe.DAY: timedelta(minutes=2),
}
"""How long the newest bars of a chart that somebody looks at are good for."""


@dataclass(frozen=True)
class ChartRange:
    """A range of a price chart: `word` in addresses and on its button, `text` when read aloud."""

    word: str
    text: str
    timeframe: Timeframe
    days: int
    """Calendar days up to that of the newest bar, which is one of them."""

    @property
    def is_intraday(self) -> bool:
        """Whether its bars are shorter than a day."""
        return self.timeframe != Timeframe.DAY

    def starts_on(self, newest: datetime) -> datetime:
        """From when on bars belong to it, given the start of the newest: a midnight in New York."""
        first = day_in_new_york(newest) - timedelta(days=self.days - 1)
        return datetime.combine(first, time(), NEW_YORK)


def is_extended(at: datetime, days: Mapping[date, tuple[datetime, datetime]]) -> bool:
    """Whether a bar that begins then lies before the open or after the close of its day.

    `days` has both by the date in New York; a day that is not among them is taken for a usual one.
    """
    hours = days.get(day_in_new_york(at))
    if hours is None:
        return not OPENS <= in_new_york(at).time() < CLOSES
    return not hours[0] <= at < hours[1]


def _ranges() -> dict[str, ChartRange]:
    listed = (
        ChartRange("1D", "one day", Timeframe.FIVE_MINUTES, 1),
        ChartRange("5D", "five days", Timeframe.FIVE_MINUTES, 7),
        ChartRange("1M", "one month", Timeframe.HOUR, 31),
        ChartRange("3M", "three months", Timeframe.DAY, 92),
        ChartRange("1Y", "one year", Timeframe.DAY, 366),
        ChartRange("5Y", "five years", Timeframe.DAY, 5 * 365 + 2),
        ChartRange("All", "all years", Timeframe.DAY, FIRST_PRICES.days),
    )
    return {each.word: each for each in listed}


CHART_RANGES = _ranges()
DEFAULT = CHART_RANGES["1D"]


def chart_range(word: str) -> ChartRange:
    """The range that an address names; one day if it names none that there is."""
    return CHART_RANGES.get(word, DEFAULT)
