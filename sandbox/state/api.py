"""What a handler sees of a request, how it answers, and how it refuses.

A handler is a plain function ``handler(call) -> Reply | body``. It runs inside one transaction: when
it raises, nothing it did remains.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.state import rows

if TYPE_CHECKING:
    from sandbox.state.world import World

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
FIXTURE = re.compile(r"/fixtures/status=([A-Za-z_]+)/fixtures/")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?")

decode_json = msgspec.json.Decoder(float_hook=Decimal).decode
encode_json = msgspec.json.Encoder(decimal_format="string").encode
encode_numbers = msgspec.json.Encoder(decimal_format="number").encode


class Refusal(Exception):
    """An error answer: ``{"code", "message", ...}`` with an HTTP status."""

    def __init__(self, status: int, code: int, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, **members}


def malformed(message: str) -> Refusal:
    return Refusal(400, 40010000, message)


def invalid(message: str) -> Refusal:
    """A field's value: HTTP 422 with the 400 prefix the vendor keeps."""
    return Refusal(422, 40010001, message)


def unprocessable(message: str, **members: Any) -> Refusal:
    """An order, asset or state that does not allow it."""
    return Refusal(422, 42210000, message, **members)


def forbidden(message: str, **members: Any) -> Refusal:
    return Refusal(403, 40310000, message, **members)


def not_found(message: str) -> Refusal:
    return Refusal(404, 40410000, message)


def conflict(message: str) -> Refusal:
    return Refusal(409, 40910000, message)


@dataclasses.dataclass(slots=True)
class Reply:
    """``body`` None is an empty body; bytes are sent as they are; anything else as JSON."""

    status: int = 200
    body: Any = None
    content_type: str = "application/json"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    is_stream: bool = False  # body is an async iterator of bytes: server-sent events


NO_CONTENT = Reply(204)


@dataclasses.dataclass(slots=True)
class Call:
    """One authenticated request."""

    world: "World"
    method: str
    path: str
    params: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    now: dt.datetime
    _query: dict[str, list[str]] | None = None

    def account(self) -> rows.Account:
        """The account of the path. Unknown ids are answered like another firm's: 401."""
        account_id = uuid_of(self.params["account_id"])
        account = self.world.store.accounts.get(account_id)
        if account is None:
            raise Refusal(401, 40110000, "request is not authorized")
        return account

    def json(self) -> Any:
        """The decoded body; numbers with a fraction as Decimal. 400 when it is not JSON."""
        try:
            return decode_json(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError) as error:
            raise malformed("request body format is invalid: JSON cannot be decoded") from error

    def json_object(self) -> dict[str, Any]:
        value = self.json()
        if not isinstance(value, dict):
            raise malformed("request body format is invalid: a JSON object is expected")
        return value

    @property
    def query(self) -> dict[str, list[str]]:
        if self._query is None:
            self._query = {}
            for name, value in parse_qsl(self.query_string, keep_blank_values=True):
                self._query.setdefault(name, []).append(value)
        return self._query

    def arg(self, name: str, default: str = "") -> str:
        """The last value of a query parameter; blank counts as absent."""
        values = self.query.get(name)
        return (values[-1].strip() if values else "") or default

    def args(self, *names: str) -> list[str]:
        """Every value, repeated or comma-separated, under any of the names."""
        found = (value for name in names for value in self.query.get(name, ()))
        return [part.strip() for value in found for part in value.split(",") if part.strip()]

    def flag(self, name: str) -> bool:
        text = self.arg(name, "false").lower()
        if text not in ("true", "false"):
            raise invalid(f"invalid {name}: must be true or false")
        return text == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.arg(name)
        if not text:
            return default
        if not re.fullmatch(r"-?\d{1,9}", text) or not least <= int(text) <= most:
            raise invalid(f"invalid {name}: must be a whole number from {least} to {most}")
        return int(text)

    def instant(self, name: str) -> dt.datetime | None:
        text = self.arg(name)
        return parse_instant(text, name) if text else None


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


def uuid_of(text: str) -> str:
    """The id in lower case. Raises a 422 when it has not the shape of a UUID."""
    if not UUID.fullmatch(text):
        raise invalid(f"{text[:60]} is not a valid UUID")
    return text.lower()


def parse_instant(text: str, name: str) -> dt.datetime:
    """A date (UTC midnight) or an RFC 3339 timestamp, as aware UTC. Raises a 422."""
    try:
        # A "+" of an offset that was not percent-encoded arrives as a blank.
        value = dt.datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        instant = (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        if not 1900 <= instant.year <= 2999:  # room for arithmetic on either side
            raise ValueError(f"year {instant.year}")
    except (ValueError, OverflowError) as error:
        raise invalid(f"invalid {name}: must be a date or an RFC 3339 timestamp") from error
    return instant


def parse_date(text: str, name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError as error:
        raise invalid(f"invalid {name}: must be a date, YYYY-MM-DD") from error


def decimal_of(value: Any, name: str) -> Decimal:
    """A JSON string or number as Decimal: at most 15 digits on either side of the point."""
    text = str(value).strip()
    if isinstance(value, Decimal):
        text = format(value, "f")
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not NUMBER.fullmatch(text):
        raise invalid(f"{name} is not a valid number")
    return Decimal(text)


def text_of(value: Decimal) -> str:
    """Plain decimal notation without trailing zeros: "0.42", "1234.5", "0"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def instant_text(at: dt.datetime) -> str:
    """RFC 3339 with microseconds and Z. ``at`` is UTC, as every instant in a row is."""
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def decoded_part(part: bytes) -> Any:
    """A stored JSON part; an empty one as ``{}``."""
    return decode_json(part) if part else {}


def fixture_of(text: Any) -> str:
    """The status asked for by ``/fixtures/status=<S>/fixtures/``, upper case; "" without one."""
    found = FIXTURE.search(text) if isinstance(text, str) else None
    return found.group(1).upper() if found else ""


Handler = Callable[[Call], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    path: str
    handler: Handler


def endpoint(method: str, path: str) -> Callable[[Handler], Handler]:
    """Mark a handler with the request it answers; ``routes_of`` collects them."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__.setdefault("endpoints", []).append(Endpoint(method, path, handler))
        return handler

    return mark
