"""Finding a security as people name it: `brk-b`, `$AAPL`, `NASDAQ:AAPL`, `McDonald’s`, `JP Morgan`.

Text and what is searched are brought into the same form, a key: letters without accents and digits, nothing
between them, and no "and", since names have it as a word, as & and not at all.
"""

import re
from typing import Any, TypeVar

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Case, Func, QuerySet, Value, When
from django.db.models.functions import Concat

from brokerapp.units import typed

ACCENTED = "".join(letter for letter in map(chr, range(0xC0, 0x180)) if len(typed.spelling(letter)) == 1)
PLAIN = "".join(map(typed.spelling, ACCENTED))
"""The Latin letters with a mark, and each without it."""
NAMED_AFTER = r"\m(etfs?|etns?|funds?|trust(?!,? (inc|corp|co))|preferred|notes|warrants?)\M"
"""What in a name says that it is no ordinary share, but a fund or a paper of the company it begins with."""
LEAST_LETTERS, LEAST_NEAR = 4, 0.4
"""From how many letters on a text can be a misspelled one, and how much of it has to be right."""
EXCHANGE = re.compile(r"^(nasdaq|nyse|nyse ?arca|arca|nyse ?american|amex|bats|cboe|otc)\s*:", re.IGNORECASE)

Rows = TypeVar("Rows", bound=QuerySet[Any])


def key(text: str) -> str:
    """A text as it is searched for; empty if nothing of it can be."""
    plain = EXCHANGE.sub("", typed.fold(text)).translate(str.maketrans(ACCENTED, PLAIN)).lower()
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\band\b", "", plain))


class Key(Func):
    """`key` of a column, by the database."""

    template = (
        f"regexp_replace(regexp_replace(lower(translate(%(expressions)s, '{ACCENTED}', '{PLAIN}')), "
        r"'\mand\M', '', 'g'), '[^a-z0-9]', '', 'g')"
    )
    arity = 1
    output_field = models.TextField()


def searched_text() -> Concat:
    """What is searched of an asset, as a generated column: `brkb berkshirehathawayincclassb`."""
    return Concat(Key("symbol"), Value(" "), Key("name"), output_field=models.TextField())


class Like(Func):
    """Whether a text fits a pattern, as it is given."""

    template = "%(expressions)s"
    arg_joiner = " LIKE "
    arity = 2
    output_field = models.BooleanField()


def patterns(wanted: str) -> tuple[str, str, str, str, str]:
    """What an asset can fit of a key: its symbol, a beginning, the name's beginning (twice), any part."""
    return f"{wanted} %", f"{wanted}%", f"% {wanted}%", f"% the{wanted}%", f"%{wanted}%"


def ranked(assets: Rows, symbol: str, beginning: str, name: str, the_name: str, part: str) -> Rows:
    """Assets that fit the `patterns` of a key, the likeliest first.

    Of those whose name begins so, ordinary shares stand before what is named after their company.
    """
    rank = Case(
        When(Like("searched", Value(symbol)), then=0),
        When(Like("searched", Value(beginning)), then=1),
        When(Like("searched", Value(name)) | Like("searched", Value(the_name)), then=_by_name(2)),
        default=4,
    )
    fitting = assets.filter(Like("searched", Value(part)))
    return fitting.alias(rank=rank).order_by("rank", "-tradable", "symbol")


def _by_name(rank: int) -> Case:
    """The rank of an ordinary share by its name; what is named after its company has the next one."""
    return Case(When(name__iregex=NAMED_AFTER, then=rank + 1), default=rank)


def beginning_with(assets: Rows, symbol: str, beginning: str) -> Rows:
    """The first two ranks of `ranked`, which take no look at every name."""
    fitting = assets.filter(Like("searched", Value(beginning)))
    rank = Case(When(Like("searched", Value(symbol)), then=0), default=1)
    return fitting.alias(rank=rank).order_by("rank", "-tradable", "symbol")


def named(assets: Rows, beginning: str, name: str, the_name: str) -> Rows:
    """The next two ranks: assets whose name begins so, and whose symbol does not."""
    fitting = assets.filter(Like("searched", Value(name)) | Like("searched", Value(the_name)))
    others = fitting.exclude(Like("searched", Value(beginning)))
    return others.alias(rank=_by_name(0)).order_by("rank", "-tradable", "symbol")


def others_with(assets: Rows, beginning: str, name: str, the_name: str, part: str) -> Rows:
    """The last rank, in an order that has an index: of a short text nearly every asset is in it."""
    before = Like("searched", Value(beginning)) | Like("searched", Value(name))
    fitting = assets.filter(Like("searched", Value(part)))
    return fitting.exclude(before | Like("searched", Value(the_name))).order_by("-tradable", "symbol")


def nearest(assets: Rows, wanted: str, symbol: str, name: str) -> Rows:
    """Assets in the order in which a key that fits none of them may mean them: it may be misspelled.

    Each says how `near` it is, from 0 to 1. Their symbol or name begins with the same letter (`symbol` and
    `name` are `initials` of the key): nearly everybody has that right.
    """
    fitting = assets.filter(Like("searched", Value(symbol)) | Like("searched", Value(name)))
    near = TrigramWordSimilarity(wanted, "searched")
    return fitting.annotate(near=near).order_by("-near", "-tradable", "symbol")


def initials(wanted: str) -> tuple[str, str]:
    """The patterns of symbols and of names that begin with the first letter of a key."""
    return f"{wanted[0]}%", f"% {wanted[0]}%"


def matching(assets: Rows, text: str) -> Rows:
    """Assets by symbol or part of the name: that symbol, symbols and then names that begin so, others."""
    wanted = key(text)
    return ranked(assets, *patterns(wanted)) if wanted else assets.none()


def by_symbol(assets: Rows, symbol: str) -> Any:
    """The asset that a symbol means, however it is written (`BRK-B`, `brkb`); those listed first."""
    exact = assets.filter(symbol=symbol.upper()).order_by("status").first()
    wanted = key(symbol)
    if exact is not None or not wanted:
        return exact
    return assets.filter(searched__startswith=f"{wanted} ").order_by("status", "symbol").first()
