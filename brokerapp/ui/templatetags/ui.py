"""Figures, times, statuses and icons, as safe HTML. Money and quantities are `Decimal`: a float raises."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template import RequestContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from brokerapp.ui import links
from brokerapp.units import market_time
from brokerapp.units import money as amounts

register = template.Library()

MISSING = "–"
ZERO_DOLLARS, ZERO_PERCENT = "$0.00", "0.00%"
DIRECTIONS = {"+": "up", amounts.MINUS: "down"}
"""By the sign of what is shown."""

TONE_ICONS = {
    "neutral": "shape-ring",
    "info": "shape-half",
    "success": "shape-check",
    "warn": "shape-triangle",
    "error": "shape-octagon",
}
MESSAGE_TONES = {"debug": "info", "info": "info", "success": "success", "warning": "warn", "error": "error"}


def _decimal(value: object) -> Decimal | None:
    """`None` for a figure that is not known. Raises `TypeError` for what is not an exact number."""
    if type(value) is Decimal and value.is_finite():
        return value
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise TypeError(f"a figure must be a Decimal, not {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise TypeError(f"not a finite figure: {value}")
    return number


def _signed_dollars(number: Decimal) -> str:
    text = amounts.usd(number)
    return text if text[0] == amounts.MINUS or text == ZERO_DOLLARS else f"+{text}"


def _signed_percentage(fraction: Decimal) -> str:
    text = amounts.percentage(fraction)
    return text if text[0] == amounts.MINUS or text == ZERO_PERCENT else f"+{text}"


@register.filter
def money(value: Decimal | int | None) -> str:
    """USD to 2 dp: `$1,234.56`, `−$5.00`; `–` for None."""
    number = _decimal(value)
    return MISSING if number is None else amounts.usd(number)


@register.filter
def signed_money(value: Decimal | int | None) -> str:
    """USD to 2 dp with its sign: `+$1,234.56`, `−$5.00`, `$0.00`; `–` for None."""
    number = _decimal(value)
    return MISSING if number is None else _signed_dollars(number)


@register.filter
def price(value: Decimal | int | None) -> str:
    """A price in USD: 2 dp, and up to 4 below a dollar, where quotes have them."""
    number = _decimal(value)
    return MISSING if number is None else amounts.price(number)


@register.filter
def qty(value: Decimal | int | None) -> str:
    """A quantity with up to 9 dp, trimmed: `1,200`, `0.42`; `–` for None."""
    number = _decimal(value)
    return MISSING if number is None else amounts.quantity(number)


@register.filter
def shares(value: Decimal | int | None, unit: str = "share") -> str:
    """A quantity with its word: `1 share`, `0.42 shares`, or with that of another unit; `–` for None."""
    number = _decimal(value)
    return MISSING if number is None else amounts.shares(number, unit)


@register.filter
def percent(value: Decimal | int | None) -> str:
    """A fraction as a percentage to 2 dp: `0.0123` is `1.23%`; `–` for None."""
    number = _decimal(value)
    return MISSING if number is None else amounts.percentage(number)


@register.filter
def signed_percent(value: Decimal | int | None) -> str:
    """A fraction as a percentage to 2 dp with its sign: `+1.23%`, `−0.40%`; nothing for None."""
    number = _decimal(value)
    return "" if number is None else _signed_percentage(number)


def delta_words(amount: Decimal | int | None, fraction: Decimal | int | None = None) -> tuple[str, str]:
    """A change's direction (`up`, `down`, `` for none, `?` for not known) and its figures with their sign."""
    number = _decimal(amount)
    if number is None:
        return "?", MISSING
    text = _signed_dollars(number)
    share = _decimal(fraction)
    figures = text if share is None else f"{text} ({_signed_percentage(share)})"
    return DIRECTIONS.get(text[0], ""), figures


DELTA = {
    "?": '<span class="delta">',
    "": '<span class="delta"><span class="visually-hidden">no change </span>',
    **{
        word: f'<span class="delta delta--{word}"><span aria-hidden="true">{arrow}</span>'
        f'<span class="visually-hidden">{word} </span>'
        for word, arrow in (("up", "▲"), ("down", "▼"))
    },
}


@register.simple_tag
def delta(amount: Decimal | int | None, fraction: Decimal | int | None = None) -> SafeString:
    """A change in USD, and as a fraction if given: sign, arrow and hidden word, as well as color."""
    direction, text = delta_words(amount, fraction)
    return SafeString(f"{DELTA[direction]}{text}</span>")


@register.filter
def et(value: datetime | None, style: str = "full") -> str:
    """An instant in New York time as `<time>`, UTC in its `datetime`.

    `full`: `Mon 4 Mar, 9:30 am ET`, with the year unless it is this one; `date`: without the time of day;
    `time`: only that. Raises `ValueError` for a naive datetime.
    """
    if value is None:
        return MISSING
    local = market_time.in_new_york(value)
    text = market_time.clock_text(local)
    if style != "time":
        day = market_time.day_text(local)
        if local.year != market_time.in_new_york(timezone.now()).year:
            day += f" {local.year}"
        text = {"full": f"{day}, {text}", "date": day}[style]
    utc = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return SafeString(f'<time datetime="{utc}Z">{text}</time>')


@register.simple_tag(takes_context=True)
def account_url(
    context: RequestContext, name: str, *args: object, account: links.HasKey | None = None
) -> str:
    """The address of a page of the account that this page is about, or of `account`.

    Raises `ValueError` on a page that is about no account, unless one is given.
    """
    if account is not None:
        return links.account_url(account, name, *args)
    # The attribute, not the variable: it is also there in what is included with `only`.
    account_id = links.account_id_of(context.request)
    if account_id is None:
        raise ValueError(f"{name}: this page is about no account")
    return links.page_url(name, account_id, *args)


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str, label: str = "") -> SafeString:
    """An icon of `static/img/icons.svg`: decoration, unless a label names it."""
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" {}><use href="{}#{}"></use></svg>', role, static("img/icons.svg"), name
    )


@register.simple_tag
@lru_cache(maxsize=500)
def status_tag(text: str, tone: str = "neutral") -> SafeString:
    """A status as words and a shape; tone: neutral, info (under way), success, warn or error."""
    return format_html('<span class="tag tag--{}">{}{}</span>', tone, icon(TONE_ICONS[tone]), text)


@register.filter
def message_tone(level_tag: str) -> str:
    """The notice tone of a Django message level."""
    return MESSAGE_TONES.get(level_tag, "info")


@register.filter
def has_errors(value: Any) -> bool:
    """Whether this is a form that was refused; for templates that may have no form at all."""
    return isinstance(value, BaseForm) and value.is_bound and not value.is_valid()


@register.filter
def error_fields(form: BaseForm) -> list[BoundField]:
    """The fields of a form that have errors, in the order in which they are shown."""
    return [field for field in form if field.errors]


class OnceNode(template.Node):
    """Renders what it holds once in the life of a process."""

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist
        self._text: SafeString | None = None

    def render(self, context: template.Context) -> SafeString:
        if self._text is None:
            self._text = self.nodelist.render(context)
        return self._text


@register.tag
def once(parser: template.base.Parser, token: template.base.Token) -> OnceNode:
    """`{% once %}…{% endonce %}`: the same on every page for everybody, such as addresses of static files."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist)
