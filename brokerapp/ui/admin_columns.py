"""How staff's lists and pages say what is in a column: times, money, people and references, alike everywhere.

Times are New York's, with UTC on hover; money is dollars; people are called by name; a Request ID leads to
the broker's calls that have it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from brokerapp.ui import names
from brokerapp.ui.templatetags.ui import money, price, qty
from brokerapp.units.market_time import in_new_york

EMPTY = "–"
MONEY = frozenset(
    "amount broker_equity buying_power cash cash_withdrawable cost cost_basis difference equity last_equity "
    "memoposts net_amount notional paid_in paid_out pending_transfer_in pending_transfer_out positions_value "
    "realized".split()
)
PRICES = frozenset(
    "ask avg_entry_price bid filled_avg_price last limit_price previous_close price stop_loss_limit_price "
    "stop_loss_price stop_price take_profit_price trail_price".split()
)
REFERENCES = frozenset({"request_id", "last_request_id"})
PEOPLE = (
    "user_id",
    "person_id",
    "staff_id",
    "proposed_by_id",
    "decided_by_id",
    "actor_id",
    "approved_by_id",
    "in_hand_of_id",
)

_known: ContextVar[dict[int, str] | None] = ContextVar("names of people on this page", default=None)


def begin_page() -> None:
    """Forget the names of the page before; called for each page of staff."""
    _known.set({})


def learn_names(rows: list[Any]) -> None:
    """Look up the names of everybody whom the rows name, in one go."""
    ids = {getattr(row, name, None) for row in rows for name in PEOPLE}
    ids |= {_owner_of(row._state.fields_cache.get("account")) for row in rows}
    ids |= {row.pk for row in rows if isinstance(row, get_user_model())}
    known = _known.get()
    if known is None:
        _known.set(known := {})
    known.update(names.names_of(ids - known.keys()))


def name_of(person_id: int) -> str:
    """What somebody is called; looked up once a page."""
    known = _known.get()
    if known is None:
        return names.name_of(person_id)
    if person_id not in known:
        known[person_id] = names.name_of(person_id)
    return known[person_id]


def change_link(label: str, pk: str | int | None, text: str) -> str:
    """A link to a row's admin page, or the bare text if it has none."""
    if not pk:
        return text
    try:
        url = reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', url, text)


def row_words(label: str) -> str:
    """What a row is, `order` say, by the label of its model, as logs have it."""
    try:
        return str(apps.get_model(label)._meta.verbose_name) if label else ""
    except (LookupError, ValueError):  # there is no such model any more
        return label


def row_link(label: str, pk: str | int | None) -> str:
    """A link to a row by what it is; `label` is its model's, as logs have it."""
    return change_link(label, pk, row_words(label)) or EMPTY


def status_words(label: str, status: str) -> str:
    """A status that a log has of a row, in the words of the row's model: `Sent to the bank`, say.

    `label` is the model's, as logs have it; the bare status where the model, or the word, is gone.
    """
    try:
        field: Any = apps.get_model(label)._meta.get_field("status") if label else None
    except (LookupError, ValueError, FieldDoesNotExist):
        return status
    return str(dict(field.flatchoices).get(status, status)) if field is not None else status


def step_words(label: str, before: str, after: str) -> str:
    """A step from a status to another, in words: `New → Waiting for the broker`.

    With the codes where both are called alike: `Accepted (ACCEPTED → PENDING_NEW)`.
    """
    came, went = status_words(label, before) if before else "New", status_words(label, after)
    return f"{went} ({before} → {after})" if came == went else f"{came} → {went}"


def person_link(person_id: int | None) -> str:
    """A link to the page of everything about somebody, by their name."""
    if person_id is None:
        return EMPTY
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:ops_person", args=[person_id]), name_of(person_id)
    )


def time_text(at: datetime | None) -> str:
    """An instant for staff, to the second: `Nov 26, 14:05:09` in New York, with UTC on hover."""
    if at is None:
        return EMPTY
    local, utc = in_new_york(at), at.astimezone(UTC)
    year = "" if local.year == in_new_york(datetime.now(UTC)).year else f" {local.year}"
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S}",
        f"{local:%b} {local.day}{year}, {local:%H:%M:%S}",
    )


def yes_or_no(value: bool | None) -> str:
    """In words: a green tick beside “blocked” would be read as good news."""
    return EMPTY if value is None else "yes" if value else "no"


def short_id(key: UUID | None) -> str:
    """The first digits of an id, enough to tell rows apart, with the whole on hover."""
    return EMPTY if key is None else format_html('<code title="{}">{}…</code>', key, str(key)[:8])


def calls_link(reference: str) -> str:
    """A Request ID, leading to the calls that have it; shortened, with the whole on hover."""
    return _calls_link(reference, reference if len(reference) <= 13 else f"{reference[:12]}…")


def whole_calls_link(reference: str) -> str:
    """A Request ID in full, to be read out and copied; it leads to the calls that have it."""
    return _calls_link(reference, reference)


def _calls_link(reference: str, shown: str) -> str:
    if not reference:
        return EMPTY
    url = f"{reverse('admin:calls_apicall_changelist')}?q={reference}"
    return format_html('<a href="{}" title="{}"><code>{}</code></a>', url, reference, shown)


class Column:
    """A column of a model, as staff read it. A callable, as `list_display` and `fields` take them."""

    def __init__(self, field: Any, show: Callable[[Any], str], unit: str = "") -> None:
        self.__name__ = field.name
        self.attname = field.attname
        self.short_description = f"{field.verbose_name}{unit}"
        self.admin_order_field = field.name
        self._show = show
        self.is_link = show in (person_link, calls_link, whole_calls_link)

    def __call__(self, row: Any) -> str:
        return self._show(getattr(row, self.attname))

    def raw(self, row: Any) -> Any:
        """What a file has of it: the value itself, and of a person the name."""
        value = getattr(row, self.attname)
        if value is None:
            return None
        if self._show is person_link:
            return name_of(value)
        if isinstance(value, bool):
            return yes_or_no(value)
        return str(value) if isinstance(value, UUID) else value


def _owner_of(account: Any) -> int | None:
    return getattr(account, "user_id", None)


class LinkColumn(Column):
    """A foreign key, leading to the row that it names; of an account with whose it is."""

    def __init__(self, field: Any) -> None:
        super().__init__(field, str)
        self._name = field.name
        self.is_link = True

    def __call__(self, row: Any) -> str:
        other = getattr(row, self._name)
        return EMPTY if other is None else change_link(other._meta.label, other.pk, self._words(other))

    def raw(self, row: Any) -> Any:
        """The row's name."""
        other = getattr(row, self._name)
        return None if other is None else self._words(other)

    def _words(self, other: Any) -> str:
        owner = _owner_of(other) if self._name == "account" else None
        return str(other) if owner is None else f"{name_of(owner)}, {other}"


class RowColumn(Column):
    """A column that leads to the row itself: what it names is no link of its own inside of that one."""

    def __init__(self, column: Column) -> None:
        self.__dict__.update(column.__dict__)
        self._column = column

    def __call__(self, row: Any) -> str:
        return self._column.raw(row) or EMPTY if self._column.is_link else self._column(row)

    def raw(self, row: Any) -> Any:
        """As of the column."""
        return self._column.raw(row)


def column(model: type[models.Model], name: str, *, in_list: bool = True) -> Column | str:
    """How a column of a model is shown; its bare name where the admin site's own way does.

    A list has little room: a Request ID is in full only on a row's own page.
    """
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if isinstance(field, models.DateTimeField):
        return Column(field, time_text, ", ET")
    if isinstance(field, models.ForeignKey) and field.related_model is not get_user_model():
        return LinkColumn(field)
    show = _way_of(field, name, in_list=in_list)
    return Column(field, show) if show else name


def _way_of(field: Any, name: str, *, in_list: bool) -> Callable[[Any], str] | None:
    if name in PEOPLE or isinstance(field, models.ForeignKey):
        return person_link
    if isinstance(field, models.DecimalField):
        return _figure_of(name)
    if isinstance(field, models.BooleanField):
        return yes_or_no
    if name in REFERENCES:
        return calls_link if in_list else whole_calls_link
    return short_id if isinstance(field, models.UUIDField) and in_list else None


def _figure_of(name: str) -> Callable[[Decimal | None], str]:
    if name in MONEY:
        return money
    return price if name in PRICES else qty
