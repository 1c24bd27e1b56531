"""What all of the broker's objects share: types of numbers, times and text, and the Request ID."""

from collections.abc import Iterable
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
)

from brokerapp.units.money import parse_decimal, plain


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


class BySymbol(dict[str, T]):
    """A reply of the Market Data API keyed by symbol; symbols it does not know are absent."""

    def __init__(self, items: dict[str, T], *, request_id: str = "", next_page_token: str = "") -> None:
        super().__init__(items)
        self.request_id = request_id
        self.next_page_token = next_page_token


def read_page(item: Any, body: Any, request_id: str) -> Page[Any]:
    """The list in a reply's body, of models or of a union of models. Raises `pydantic.ValidationError`."""
    found = TypeAdapter(list[item]).validate_python(body)
    for each in found:
        each._request_id = request_id
    return Page(found, request_id=request_id)


def read_by_symbol(item: type[M], body: Any, request_id: str) -> BySymbol[M]:
    """The map in a reply's body. Raises `pydantic.ValidationError`."""
    found: dict[str, M] = TypeAdapter(dict[str, item]).validate_python(body)  # type: ignore[valid-type]
    for each in found.values():
        each._request_id = request_id
    return BySymbol(found, request_id=request_id)
