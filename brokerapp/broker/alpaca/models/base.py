"""What all of the broker's objects share: types of numbers, times and text, and the Request ID."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Annotated, Any, Self, TypeVar, get_args
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.units.money import parse_decimal, plain

logger = logging.getLogger(__name__)


MOST_DIGITS = 15
"""Before the point, of the widest columns: `numeric(24, 9)`."""
BEYOND_ALL_COLUMNS = Decimal(10) ** MOST_DIGITS
MOST_DECIMALS = 100
"""More than are ever sent; columns round them, but not tens of thousands."""


def _none_if_blank(value: object) -> object:
    return None if value == "" else value


def _blank_if_none(value: object) -> object:
    return "" if value is None else value


def _text(value: object) -> object:
    return without_nul(value) if isinstance(value, str) else _blank_if_none(value)


def without_nul(text: str) -> str:
    """The text as a column takes it: without NULs and lone surrogates."""
    return text.replace("\0", "").encode(errors="ignore").decode()


def _as_it_is(value: str) -> str:
    if without_nul(value) != value:
        raise ValueError("a word that no column takes")
    return value


def _number(value: object) -> Decimal:
    number = parse_decimal(value)
    exponent = number.as_tuple().exponent
    is_plain = isinstance(exponent, int) and -MOST_DECIMALS <= exponent <= MOST_DIGITS
    if not is_plain or abs(number) >= BEYOND_ALL_COLUMNS:
        raise ValueError("a number that no column holds")
    return number


def _no_if_none(value: object) -> object:
    return False if value is None else value


def _yes_if_none(value: object) -> object:
    return True if value is None else value


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant beyond the calendar") from error


Number = Annotated[
    Decimal, BeforeValidator(_number), PlainSerializer(plain, return_type=str, when_used="json")
]
"""A decimal string on the wire. Floats are refused, since they have lost digits already.

So is what no column holds: a row that cannot be written would keep all that came with it from being stored.
"""
MaybeNumber = Annotated[Number | None, BeforeValidator(_none_if_blank)]
Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""RFC 3339 with any offset and up to nine fraction digits; kept in UTC to the microsecond."""
MaybeInstant = Annotated[Instant | None, BeforeValidator(_none_if_blank)]
MaybeDate = Annotated[date | None, BeforeValidator(_none_if_blank)]
Text = Annotated[str, BeforeValidator(_text)]
"""Text that the broker may also send as null; a NUL in it, which no column takes, is left out."""
Word = Annotated[str, AfterValidator(_as_it_is)]
"""An id, a symbol or a status: another one without its NUL, and so refused with it."""
MaybeWord = Annotated[Word, BeforeValidator(_blank_if_none)]
Flag = Annotated[bool, BeforeValidator(_no_if_none)]
"""A permission: where the broker does not say, it is not given."""
Block = Annotated[bool, BeforeValidator(_yes_if_none)]
"""What stops something: where the broker says null, which may mean either, it is stopped."""
MaybeId = Annotated[UUID | None, BeforeValidator(_none_if_blank)]


class BrokerModel(BaseModel):
    """An object as the broker sent it: the fields we use; unknown fields and enum values are let through.

    Errors hide the input, since it may be somebody's data.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    _request_id: str = PrivateAttr(default="")

    @property
    def request_id(self) -> str:
        """The `X-Request-ID` of the reply this came in."""
        return self._request_id

    @classmethod
    def from_reply(cls, body: Any, request_id: str) -> Self:
        """The object in a reply's body. Raises `pydantic.ValidationError`."""
        found = cls.model_validate(body)
        found._request_id = request_id
        return found


class NoContent(BrokerModel):
    """A reply whose body, if any, says nothing: the call was done."""

    @classmethod
    def from_reply(cls, body: Any, request_id: str) -> Self:
        done = cls()
        done._request_id = request_id
        return done


class RequestModel(BaseModel):
    """A body we send. Fields left at None are not sent; decimals go as strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def body(self) -> dict[str, Any]:
        """The JSON object to send."""
        return self.model_dump(mode="json", exclude_none=True)


T = TypeVar("T")
M = TypeVar("M", bound=BrokerModel)


class Page(list[T]):
    """A list from one reply, with that reply's Request ID, or a list within an object of the broker's.

    `unreadable` members were left out: with any of them, what is missing here may still be there. As a member
    of a model it is read member by member, so that an odd one does not take the object with it; null is an
    empty list, and what is no list is one unreadable member.
    """

    def __init__(self, items: Iterable[T] = (), *, request_id: str = "", unreadable: int = 0) -> None:
        super().__init__(items)
        self.request_id = request_id
        self.unreadable = unreadable

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (item,) = get_args(source)
        return core_schema.no_info_plain_validator_function(partial(_read_within, item))

    def whole(self) -> Self:
        """The list, for whom what is not in it is not there.

        Raises `BrokerOutcomeUnknown` if members were left out: what is looked for may be among them.
        """
        if self.unreadable:
            raise BrokerOutcomeUnknown(
                f"{self.unreadable} members of the list could not be read.", request_id=self.request_id
            )
        return self


class BySymbol(dict[str, T]):
    """A reply of the Market Data API keyed by symbol; symbols it does not know are absent.

    So are the `unreadable` ones; among them are those that the API refuses (`refused`).
    """

    def __init__(
        self,
        items: Mapping[str, T],
        *,
        request_id: str = "",
        next_page_token: str = "",
        unreadable: int = 0,
    ) -> None:
        super().__init__(items)
        self.request_id = request_id
        self.next_page_token = next_page_token
        self.unreadable = unreadable
        self.refused: list[str] = []


@cache
def _adapter(item: Any) -> TypeAdapter[Any]:
    return TypeAdapter(item)


@dataclass
class _Reader:
    """Reads members one by one, so that an odd one does not take the others with it."""

    item: Any
    request_id: str
    unreadable: int = 0
    first_problem: str = ""

    def __post_init__(self) -> None:
        self._adapter = _adapter(self.item)

    def read(self, member: Any) -> Iterator[Any]:
        """The member, or nothing."""
        try:
            found = self._adapter.validate_python(member)
        except ValidationError as error:
            self.unreadable += 1
            self.first_problem = self.first_problem or where(error)
            return
        if isinstance(found, BrokerModel):
            found._request_id = self.request_id
        yield found

    def report(self, total: int) -> None:
        """Log how many could not be read and where the first was odd, and no values."""
        if self.unreadable:
            name = getattr(self.item, "__name__", "one of several kinds")
            logger.warning(
                "%d of %d members of a reply could not be read as %s (%s), Request ID %s",
                self.unreadable,
                total,
                name,
                self.first_problem,
                self.request_id or "none",
            )


def _read_within(item: Any, value: Any) -> Page[Any]:
    """The list that an object has as one of its members, without the members it cannot read."""
    if value is None or value == []:
        return Page()
    members = value if isinstance(value, (list, tuple)) else [None]
    reader = _Reader(item, "")
    found = [each for member in members for each in reader.read(member)]
    reader.report(len(members))
    return Page(found, unreadable=reader.unreadable)


def read_in_place(item: Any, value: Any) -> Any:
    """The members of a list, None in the place of each that cannot be read; what is no list as it is."""
    if not isinstance(value, list):
        return [] if value is None else value
    reader = _Reader(item, "")
    found = [next(reader.read(member), None) for member in value]
    reader.report(len(value))
    return found


def where(error: ValidationError) -> str:
    """Where an object is not as promised, and how; never what was there."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['type']}"


def read_page(item: Any, body: Any, request_id: str) -> Page[Any]:
    """The list in a reply's body, of models or of a union of models, without the members it cannot read.

    Raises `pydantic.ValidationError` if it is no list.
    """
    members = TypeAdapter(list[Any]).validate_python(body)
    reader = _Reader(item, request_id)
    found = [each for member in members for each in reader.read(member)]
    reader.report(len(members))
    return Page(found, request_id=request_id, unreadable=reader.unreadable)


def read_by_symbol(item: type[M], body: Any, request_id: str) -> BySymbol[M]:
    """The map in a reply's body, without the members it cannot read.

    Raises `pydantic.ValidationError` if it is no map.
    """
    members = TypeAdapter(dict[str, Any]).validate_python(body)
    reader = _Reader(item, request_id)
    found = {symbol: each for symbol, member in members.items() for each in reader.read(member)}
    reader.report(len(members))
    return BySymbol(found, request_id=request_id, unreadable=reader.unreadable)


def read_lists_by_symbol(item: type[M], body: Any, request_id: str) -> BySymbol[list[M]]:
    """The map of lists in a reply's body, without the members of the lists that it cannot read.

    Raises `pydantic.ValidationError` if it is no map. What is no list is left out as a whole.
    """
    members = TypeAdapter(dict[str, Any]).validate_python(body)
    reader = _Reader(item, request_id)
    lists = {symbol: each for symbol, each in members.items() if isinstance(each, list)}
    found = {
        symbol: [bar for member in each for bar in reader.read(member)] for symbol, each in lists.items()
    }
    reader.unreadable += len(members) - len(lists)
    reader.report(sum(map(len, lists.values())) + len(members) - len(lists))
    return BySymbol(found, request_id=request_id, unreadable=reader.unreadable)
