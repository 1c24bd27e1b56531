"""What all of the broker's objects share: types of numbers, times and text, and the Request ID."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
)

from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.units.money import parse_decimal, plain

logger = logging.getLogger(__name__)


def _none_if_blank(value: object) -> object:
    return None if value == "" else value


def _blank_if_none(value: object) -> object:
    return "" if value is None else value


def _no_if_none(value: object) -> object:
    return False if value is None else value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Number = Annotated[
    Decimal, BeforeValidator(parse_decimal), PlainSerializer(plain, return_type=str, when_used="json")
]
"""A decimal string on the wire. Floats are refused, since they have lost digits already."""
MaybeNumber = Annotated[Number | None, BeforeValidator(_none_if_blank)]
Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""RFC 3339 with any offset and up to nine fraction digits; kept in UTC to the microsecond."""
MaybeInstant = Annotated[Instant | None, BeforeValidator(_none_if_blank)]
MaybeDate = Annotated[date | None, BeforeValidator(_none_if_blank)]
Text = Annotated[str, BeforeValidator(_blank_if_none)]
"""Text that the broker may also send as null."""
Flag = Annotated[bool, BeforeValidator(_no_if_none)]
"""A permission: where the broker does not say, it is not given."""
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
    """A list from one reply, with that reply's Request ID.

    `unreadable` members were left out: with any of them, what is missing here may still be there.
    """

    def __init__(self, items: Iterable[T] = (), *, request_id: str = "", unreadable: int = 0) -> None:
        super().__init__(items)
        self.request_id = request_id
        self.unreadable = unreadable

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


@dataclass
class _Reader:
    """Reads members one by one, so that an odd one does not take the others with it."""

    item: Any
    request_id: str
    unreadable: int = 0
    first_problem: str = ""

    def __post_init__(self) -> None:
        self._adapter = TypeAdapter(self.item)

    def read(self, member: Any) -> Iterator[Any]:
        """The member, or nothing."""
        try:
            found = self._adapter.validate_python(member)
        except ValidationError as error:
            self.unreadable += 1
            self.first_problem = self.first_problem or where(error)
            return
        found._request_id = self.request_id
        yield found

    def report(self, total: int) -> None:
        """Log how many could not be read and where the first was odd, and no values."""
        if self.unreadable:
            name = getattr(self.item, "__name__", "activity")
            logger.warning(
                "%d of %d members of a reply could not be read as %s (%s), Request ID %s",
                self.unreadable,
                total,
                name,
                self.first_problem,
                self.request_id or "none",
            )


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
