"""Activities in plain words: what kind each is, what it is called, and what it says. Pure.

Types and sub-types are Alpaca's ("ActivityType", "ActivitySubType"); one that is not listed here has a title
too, so that a new word of theirs leaves no gap in the feed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, TextChoices

from brokerapp.activities.models import CANCELED, FILL, Activity
from brokerapp.ui.templatetags.ui import price
from brokerapp.units.money import quantity, shares

CORRECT = "correct"


class Kind(TextChoices):
    """What the feed can be narrowed to."""

    TRADES = "trades", "Trades"
    TRANSFERS = "transfers", "Deposits and withdrawals"
    CREDITS = "credits", "Credits and journals"
    DIVIDENDS = "dividends", "Dividends"
    INTEREST = "interest", "Interest"
    FEES = "fees", "Fees and taxes"
    COMPANIES = "companies", "Splits and other company events"
    CORRECTIONS = "corrections", "Corrections"
    OTHER = "other", "Other entries"


TYPES: dict[Kind, tuple[str, ...]] = {
    Kind.TRADES: (FILL, "OPASN", "OPCSH", "OPEXC", "OPEXP", "OPTRD"),
    Kind.TRANSFERS: ("ACATC", "ACATS", "CSD", "CSW", "FOPT", "MEM", "OCT"),
    Kind.CREDITS: ("JNLC", "JNLS"),
    Kind.DIVIDENDS: ("CGD", "DIV", "DIVCGL", "DIVCGS", "DIVROC", "DIVTXEX"),
    Kind.INTEREST: ("INT", "INTPNL", "SWP"),
    Kind.FEES: ("CFEE", "DIVFEE", "DIVNRA", "DIVWH", "FEE", "PTC", "WH"),
    Kind.COMPANIES: ("CIL", "EXTRD", "FXTRD", "MA", "NC", "OPCA", "REO", "REORG", "SPIN", "SPLIT", "VOF"),
}
"""Activity types by kind; corrections can be of any, and the rest is OTHER."""
_NAMED = tuple(name for names in TYPES.values() for name in names)
ICONS = {
    Kind.TRADES: "trade",
    Kind.TRANSFERS: "transfer",
    Kind.CREDITS: "bank",
    Kind.DIVIDENDS: "portfolio",
    Kind.INTEREST: "portfolio",
    Kind.FEES: "documents",
    Kind.COMPANIES: "activity",
    Kind.OTHER: "activity",
}

OF_SUBTYPE = {
    ("DIV", "SDIV"): "Dividend in shares",
    ("DIV", "SPD"): "Payment in place of a dividend",
    ("FEE", "REG"): "Regulatory fee (SEC)",
    ("FEE", "TAF"): "Trading activity fee (FINRA)",
    ("FEE", "CAT"): "Audit trail fee (CAT)",
    ("FEE", "ORF"): "Options regulatory fee",
    ("FEE", "OCC"): "Options clearing fee",
    ("FEE", "COM"): "Commission",
    ("FEE", "LCT"): "Currency conversion fee",
    ("INT", "MGN"): "Interest on borrowed money",
    ("INT", "CDT"): "Interest on your cash",
    ("INT", "SWP"): "Interest on your cash",
    ("SPLIT", "RSPLIT"): "Reverse split",
    ("VOF", "VTND"): "Tender offer",
    ("VOF", "VRGT"): "Rights offer",
    ("VOF", "VEXH"): "Exchange offer",
    ("VOF", "VWRT"): "Warrant exercise",
    ("WH", "SWH"): "State tax withheld",
    ("WH", "FWH"): "Federal tax withheld",
}
OF_TYPE = {
    "ACATC": "Cash from or to another broker",
    "ACATS": "Shares from or to another broker",
    "CFEE": "Crypto fee",
    "CGD": "Capital gains paid out",
    "CIL": "Cash for part of a share",
    "DIV": "Dividend",
    "DIVCGL": "Long-term capital gains paid out",
    "DIVCGS": "Short-term capital gains paid out",
    "DIVFEE": "Dividend fee",
    "DIVNRA": "Tax withheld from a dividend",
    "DIVROC": "Capital returned",
    "DIVTXEX": "Tax-exempt dividend",
    "DIVWH": "Tax withheld from a dividend",
    "EXTRD": "Trade outside of an exchange",
    "FEE": "Fee",
    "FOPT": "Shares moved without payment",
    "FXTRD": "Currency exchange",
    "INT": "Interest",
    "INTPNL": "Interest",
    "MA": "Merger",
    "MEM": "Deposit credited early",
    "NC": "New name or symbol",
    "OCT": "Crypto transfer",
    "OPASN": "Option assigned",
    "OPCA": "Option adjusted",
    "OPCSH": "Cash from an option",
    "OPEXC": "Option exercised",
    "OPEXP": "Option expired",
    "OPTRD": "Trade from an option",
    "PTC": "Charge passed on by the fund",
    "REO": "Reorganization",
    "REORG": "Reorganization",
    "SPIN": "Spin-off",
    "SPLIT": "Split",
    "SWP": "Cash sweep",
    "VOF": "Voluntary offer",
    "WH": "Tax withheld",
}
NOT_FREE_TEXT = (FILL, "DIV", "SPLIT")
"""Types whose figures say all that their description says."""


def kind_of(activity: Activity) -> Kind:
    """The kind that an activity is listed under, by its type."""
    return next((kind for kind, names in TYPES.items() if activity.activity_type in names), Kind.OTHER)


def only(kind: Kind) -> Q:
    """The activities of a kind."""
    if kind == Kind.CORRECTIONS:
        return ~Q(previous_id="") | Q(status__in=(CORRECT, CANCELED))
    if kind == Kind.OTHER:
        return ~Q(activity_type__in=_NAMED)
    return Q(activity_type__in=TYPES[kind])


def title_of(activity: Activity) -> str:
    """What an activity is called: `Bought AAPL`, `Deposit`, `Dividend of AAPL`."""
    if (special := _SPECIAL.get(activity.activity_type)) is not None:
        return special(activity)
    name = OF_SUBTYPE.get((activity.activity_type, activity.subtype)) or OF_TYPE.get(activity.activity_type)
    if name is None:
        return _of(f"Other entry, “{activity.activity_type}” at the broker", activity)
    if activity.activity_type == "SPLIT" and activity.qty is not None and activity.qty < 0:
        name = "Reverse split"
    if activity.previous_id:
        name = f"{name}, corrected"
    elif activity.activity_type in ("FEE", "CFEE") and activity.cash > 0:
        name = f"{name}, given back"
    elif activity.activity_type == "INT" and not activity.subtype and activity.cash < 0:
        name = "Interest charged"
    elif activity.activity_type == "DIV" and activity.cash < 0:
        name = "Dividend owed on shares sold short"
    return _of(name, activity)


def code_of(activity: Activity) -> str:
    """The broker's own words for what it is, for staff: `FILL partial_fill`, `DIV`."""
    return f"{activity.activity_type} {activity.subtype}".strip()


def _of(name: str, activity: Activity) -> str:
    return f"{name}, {activity.symbol}" if activity.symbol else name


def _trade(activity: Activity) -> str:
    done = {"buy": "Bought", "sell_short": "Sold short"}.get(activity.side, "Sold")
    if activity.takes_back:
        return f"Trade taken back: {done.lower()} {activity.symbol}"
    if activity.previous_id:
        return f"Corrected trade: {done.lower()} {activity.symbol}"
    return f"{done} {activity.symbol}"


def _transfer(activity: Activity) -> str:
    if activity.activity_type == "CSD":
        return "Withdrawal returned" if activity.previous_id else "Deposit"
    return "Deposit taken back" if activity.previous_id else "Withdrawal"


def _credit(activity: Activity) -> str:
    if activity.previous_id:
        return "Credit taken back" if activity.cash < 0 else "Credit given again"
    return "Credit" if activity.cash >= 0 else "Cash moved out"


def _shares_journal(activity: Activity) -> str:
    came = (activity.qty or Decimal(0)) > 0
    return _of("Shares added" if came else "Shares moved out", activity)


_SPECIAL: dict[str, Callable[[Activity], str]] = {
    FILL: _trade,
    "CSD": _transfer,
    "CSW": _transfer,
    "JNLC": _credit,
    "JNLS": _shares_journal,
}


def detail_of(activity: Activity) -> str:
    """The figures behind an activity in a sentence, or what the broker wrote; "" if there is neither."""
    if activity.is_fill and activity.qty is not None:
        part = ", part of the order" if activity.subtype == "partial_fill" else ""
        return f"{shares(abs(activity.qty))} at {price(activity.price)} a share{part}"
    if activity.activity_type == "SPLIT" and activity.qty:
        more = "more" if activity.qty > 0 else "fewer"
        return f"{shares(abs(activity.qty))} {more} than before"
    if activity.per_share_amount is not None and activity.qty:
        return f"{price(activity.per_share_amount)} a share on {shares(abs(activity.qty))}"
    return "" if activity.activity_type in NOT_FREE_TEXT else activity.description


def moved_shares(activity: Activity) -> Decimal | None:
    """By how many shares an activity that is no trade changed what is held; None if by none."""
    changes = activity.activity_type in ("ACATS", "FOPT", "JNLS", "MA", "SPIN", "SPLIT", "REORG")
    changes = changes or (activity.activity_type, activity.subtype) == ("DIV", "SDIV")
    return activity.qty if changes and activity.qty else None


def _undoes(activity: Activity, former: Activity | None) -> bool:
    return former is not None and bool(former.cash) and activity.cash == -former.cash


@dataclass(frozen=True)
class Entry:
    """An activity as the feed shows it; `corrects` and `corrected_by` are the ones it is tied to."""

    activity: Activity
    corrects: Activity | None = None
    corrected_by: Activity | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return title_of(self.activity)

    @property
    def detail(self) -> str:
        """Its figures in a sentence."""
        return detail_of(self.activity)

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        return ICONS[kind_of(self.activity)]

    @property
    def shares_text(self) -> str:
        """`+3 shares`, where it changed what is held and no cash; else ""."""
        moved = moved_shares(self.activity)
        if moved is None or self.activity.cash:
            return ""
        sign = "+" if moved > 0 else "−"
        return f"{sign}{quantity(abs(moved))} {'share' if abs(moved) == 1 else 'shares'}"

    @property
    def verb(self) -> str:
        """What it does to the entry that it is tied to."""
        return "Takes back" if _undoes(self.activity, self.corrects) else "Corrects"

    @property
    def void_word(self) -> str:
        """What became of it: `Taken back`, `Corrected` or `Canceled`; "" if it stands."""
        if self.corrected_by is None:
            return "Canceled" if self.activity.status == CANCELED else ""
        return "Taken back" if _undoes(self.corrected_by, self.activity) else "Corrected"

    @property
    def is_void(self) -> bool:
        """Whether it counts no more: canceled, or taken back or replaced by another one."""
        return self.activity.status == CANCELED or self.corrected_by is not None
