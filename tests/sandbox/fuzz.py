"""Random requests for every endpoint of the sandbox, and a client that holds each answer against the rules.

What a handler may be asked for is read from its own module: every word it mentions may become a parameter,
a member of the body or a value. So a new endpoint is fuzzed as soon as it is listed.
"""

import base64
import datetime as dt
import functools
import inspect
import json
import random
import re
import socket
import sys
from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import quote, quote_from_bytes, urlencode

from sandbox.endpoints import ENDPOINTS
from tests.sandbox.people import (
    BANK,
    SIGNED_FOR_OPTIONS,
    application,
    crypto_members,
    crypto_order,
    link_bank,
    open_account,
    order,
    trading_path,
    transfer,
)
from tests.sandbox_process import SandboxProcess

HANG_SECONDS = 10
MARKET_DATA = re.compile(r"/v2/stocks|/v1beta\d/")
PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
WORD = re.compile(r'"([A-Za-z][A-Za-z0-9_.-]{1,30})"')
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Accept", "APCA-API-KEY-ID", "X-Odd"]
HEADER_CODES = [code for code in range(32, 256) if code != 127]
KNOWN = (
    "account_id", "firm_id", "order_id", "transfer_id", "relationship_id", "journal_id", "document_id",
    "contract", "contract_id",
)  # fmt: skip

USUAL = {"loc": "us"}
ODD_TEXTS = [
    "", "x", "0", "-1", "null", "NaN", "1e5", "1" * 40, "x" * 3000, "\x00", "é", "\ud7ff", "😀", "%", "..",
    "/", "[]", "{}", "us",
    "0001-01-01", "9999-12-31", "9999-12-31T23:59:59+23:59", "2026-02-30", "2026-03-02T15:00:00Z", UNKNOWN_ID,
    "/fixtures/status=NOWHERE/fixtures/", "' OR 1=1", "<script>", "AAPL,MSFT", "BTC/USD", "1Day",
]  # fmt: skip
PLAIN_TEXTS = [
    "1",
    "0.5",
    "100",
    "25.50",
    "AAPL",
    "SPY",
    "BTC/USD",
    "SHIBUSD",
    "gtc",
    "true",
    "false",
    "2026-11-20",
    "2026-03-02",
    "day",
]
ODD_VALUES = [None, True, False, 0, -1, 1, 0.5, 1e300, 10**30, 10**400, -0.0, [], {}, [None], [[]], {"a": 1}]


class Request(NamedTuple):
    """Ids are still names, as in ``{account_id}``: they differ from run to run."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}?{self.query[:500]} {self.headers} {self.body[:2000]!r}"


def name_of(known: str) -> str:
    """What stands for an id in a request until it is sent."""
    return f"__{known}__"


@functools.cache
def words_of(module: str) -> list[str]:
    """The words a module's source has in quotes."""
    return sorted(set(WORD.findall(inspect.getsource(sys.modules[module]))))


def request_of(seed: int, number: int) -> Request:
    """The same request for the same numbers: mostly what an endpoint asks for, mostly not quite."""
    dice = Dice(f"{seed} {number}")
    endpoint = dice.choice(ENDPOINTS)
    dice.words = words_of(endpoint.handler.__module__)
    usual: list[tuple[str, str]] = []
    if MARKET_DATA.match(endpoint.path):
        dice.words = [*dice.words, *words_of("sandbox.data.common")]
        symbols = "BTC/USD,SHIB/USD" if "/crypto/" in endpoint.path else "AAPL,SPY"
        usual = [("symbols", symbols), ("timeframe", "1Hour")]
    members = [(dice.word(), dice.text()) for _ in range(dice.randint(0, 4))]
    members += [member for member in usual if not dice.one_in(4)]
    method = dice.choice(METHODS) if dice.one_in(12) else endpoint.method
    query = urlencode(members, errors="surrogatepass")
    body = dice.body(endpoint.path) if method in ("POST", "PUT", "PATCH") else b""
    headers = dice.headers() if dice.one_in(8) else {}
    return Request(method, dice.path(endpoint.path), query, headers, body)


class Dice(random.Random):
    """Draws the parts of a request."""

    words: list[str]

    def one_in(self, number: int) -> bool:
        return not self.randrange(number)

    def word(self) -> str:
        return self.choice(self.words)

    def text(self) -> str:
        pool = self.choice((self.words, self.words, PLAIN_TEXTS, KNOWN, ODD_TEXTS))
        found = self.choice(pool)
        return name_of(found) if pool is KNOWN else found

    def value(self, depth: int = 3) -> Any:
        kind = self.randrange(8)
        if kind < 4 or not depth:
            return self.text()
        if kind < 6:
            return self.choice(ODD_VALUES)
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.randrange(3))]
        return self.members(5, depth - 1)

    def members(self, most: int, depth: int = 3) -> dict[str, Any]:
        return {self.word(): self.value(depth) for _ in range(self.randint(0, most))}

    def path(self, template: str) -> str:
        def fill(match: re.Match[str]) -> str:
            known = PLACES.get(match[1], match[1])
            usual = name_of(known) if known in KNOWN else USUAL.get(match[1]) or self.text()
            return quote(self.text() if self.one_in(5) else usual, safe="", errors="surrogatepass")

        path = PLACEHOLDER.sub(fill, template)
        return path + quote_from_bytes(self.randbytes(self.randrange(8))) if self.one_in(30) else path

    def headers(self) -> dict[str, str]:
        return {
            self.choice(HEADERS): "".join(map(chr, self.choices(HEADER_CODES, k=self.randrange(20))))
            for _ in range(self.randint(0, 3))
        }

    def body(self, path: str) -> bytes:
        """A good body with some members replaced, one made of the module's words, or no JSON at all."""
        if self.one_in(12):
            return self.randbytes(self.randrange(20))
        if path in EXAMPLES and not self.one_in(4):
            return json.dumps(self.spoiled(self.choice([EXAMPLES[path], *MORE.get(path, [])]))).encode()
        return json.dumps(self.members(8) if self.randrange(4) else self.value()).encode()

    def spoiled(self, example: Any) -> Any:
        """The example with up to three of its members, wherever they are, replaced or removed."""
        body = json.loads(json.dumps(example))
        for _ in range(self.randint(0, 3)):
            places = list(_places(body))
            if places:
                holder, name = self.choice(places)
                if self.one_in(3):
                    del holder[name]
                else:
                    holder[name] = self.value()
        return body


def _places(value: Any) -> list[tuple[Any, Any]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [place for name, member in members for place in ((value, name), *_places(member))]


ACCOUNT, FIRM = name_of("account_id"), name_of("firm_id")
ORDERS = "/v1/trading/accounts/{account_id}/orders"
POSITION = "/v1/trading/accounts/{account_id}/positions/{symbol_or_contract_id}"
# Placeholders that stand for something known by another name.
PLACES = {"symbol_or_contract_id": "contract", "symbol_or_id": "contract_id"}
EXAMPLES: dict[str, Any] = {
    "/v1/accounts": application(),
    "/v1/accounts/{account_id}": {
        "contact": {"city": "Fresno", "email_address": "j@example.com"},
        "identity": {"given_name": "J", "tax_id": "666-55-4321", "tax_id_type": "USA_SSN"},
        "disclosures": {"is_control_person": False},
        "trading_configurations": {"suspend_trade": False},
        "trusted_contact": {"given_name": "J", "family_name": "D", "email_address": "t@example.com"},
    },
    "/v1/accounts/{account_id}/documents/upload": [
        {"document_type": "other", "document_sub_type": "x", "mime_type": "image/png", "content": "eA=="}
    ],
    "/v1/accounts/{account_id}/ach_relationships": {**BANK, "nickname": "n"},
    "/v1/accounts/{account_id}/recipient_banks": {
        "name": "b", "bank_code": "121000358", "bank_code_type": "ABA", "account_number": "123456789"
    },
    "/v1/accounts/{account_id}/transfers": {
        "transfer_type": "ach", "relationship_id": name_of("relationship_id"), "amount": "1",
        "direction": "INCOMING", "additional_information": "", "fee_payment_method": "invoice",
    },
    "/v1/journals": {
        "entry_type": "JNLC", "from_account": FIRM, "to_account": ACCOUNT, "amount": "0.01", "symbol": "",
        "qty": "", "description": "d", "currency": "USD",
    },
    "/v1/journals/batch": {
        "entry_type": "JNLC", "from_account": FIRM, "description": "d",
        "entries": [{"to_account": ACCOUNT, "amount": "0.01"}],
    },
    ORDERS: {
        "symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "100",
        "stop_price": "90", "time_in_force": "day", "extended_hours": False, "order_class": "bracket",
        "client_order_id": "", "take_profit": {"limit_price": "200"},
        "stop_loss": {"stop_price": "50", "limit_price": "49"},
    },
    ORDERS + "/{order_id}": {"qty": "2", "limit_price": "101", "time_in_force": "gtc", "client_order_id": ""},
    POSITION + "/exercise": {"qty": "1", "commission": "0.01"},
    "/_sandbox/clock": {"advance_seconds": 60},
    "/_sandbox/accounts/{account_id}/status": {"status": "ACTIVE", "kyc_results": {"accept": {}}},
}  # fmt: skip
OPTION_ORDER = {
    "symbol": name_of("contract"), "qty": "1", "side": "buy", "type": "limit", "limit_price": "5",
    "time_in_force": "day", "position_intent": "buy_to_open",
}  # fmt: skip
# Other good bodies for the same paths.
MORE: dict[str, list[Any]] = {
    ORDERS: [
        {"symbol": "MSFT", "qty": "1", "side": "sell", "type": "market", "time_in_force": "day"},
        {"symbol": "MSFT", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"},
        {
            "symbol": "MSFT", "qty": "1", "side": "sell", "type": "limit", "limit_price": "900",
            "time_in_force": "gtc", "order_class": "bracket", "take_profit": {"limit_price": "800"},
            "stop_loss": {"stop_price": "1000", "limit_price": "1010"},
        },
        {
            "symbol": "MSFT", "qty": "1", "side": "buy", "type": "limit", "time_in_force": "gtc",
            "order_class": "oco", "take_profit": {"limit_price": "90"}, "stop_loss": {"stop_price": "1000"},
        },
        OPTION_ORDER,
        {**OPTION_ORDER, "side": "sell", "position_intent": ""},
            {
            "symbol": "BTC/USD", "notional": "20", "side": "buy", "type": "market", "time_in_force": "gtc",
            "client_order_id": "",
        },
        {
            "symbol": "SHIBUSD", "qty": "2000000", "side": "sell", "type": "stop_limit",
            "limit_price": "0.000000001", "stop_price": "0.000000002", "time_in_force": "gtc",
        },
    ],
    "/v1/accounts": [application(**crypto_members())],
    "/v1/accounts/{account_id}": [crypto_members()],
    ORDERS + "/{order_id}": [{"qty": "0.5", "limit_price": "0.000000003", "time_in_force": "ioc"}],
}  # fmt: skip


class Target:
    """A running sandbox with something in it, and one kept connection to send raw requests over."""

    def __init__(self, process: SandboxProcess) -> None:
        self._process = process
        self._socket: socket.socket | None = None
        self._authorization = base64.b64encode(f"{process.key}:{process.secret}".encode()).decode()
        self._statuses: Counter[int] = Counter()
        members = crypto_members(margin=True)
        members["agreements"] += SIGNED_FOR_OPTIONS[1:]
        account_id = open_account(process, cash="1000000", **members)
        link_id = link_bank(process, account_id)
        journal = {"entry_type": "JNLC", "from_account": process.firm_account_id, "to_account": account_id}
        document = EXAMPLES["/v1/accounts/{account_id}/documents/upload"]
        path = f"/v1/accounts/{account_id}/documents"
        process.request("POST", f"{path}/upload", json=document)
        limit = {"qty": "1", "type": "limit", "limit_price": "1", "time_in_force": "gtc"}
        self._ids = {
            "account_id": account_id,
            "firm_id": process.firm_account_id,
            "relationship_id": link_id,
            "transfer_id": transfer(process, account_id, link_id).json()["id"],
            "journal_id": process.request("POST", "/v1/journals", json={**journal, "amount": "1"}).json()[
                "id"
            ],
            "order_id": order(process, account_id, **limit).json()["id"],
            "document_id": process.get(path)[0]["id"],
            **self._contract(account_id),
        }
        order(process, account_id, qty="10", symbol="SPY")
        short = order(process, account_id, qty="1000", symbol="MSFT", side="sell")
        assert short.status_code == 200, short.text
        for symbol in ("BTC/USD", "SHIB/USD"):
            crypto_order(process, account_id, symbol=symbol, notional="900")
        assert process.get(trading_path(account_id, "/account"))["status"] == "ACTIVE"

    def _contract(self, account_id: str) -> dict[str, str]:
        """An option contract that the account holds, for months to come."""
        level = {"level": 2, "fixtures": {"status": "APPROVED"}}
        self._process.request("POST", f"/v1/accounts/{account_id}/options/approval", json=level)
        now = self._process.get("/_sandbox/clock")["now"]
        after = dt.datetime.fromisoformat(now) + dt.timedelta(days=120)
        query = {"underlying_symbols": "F", "limit": "1", "expiration_date_gte": after.date().isoformat()}
        listed = self._process.get("/v1/options/contracts", params=query)["option_contracts"][0]
        assert order(self._process, account_id, symbol=listed["symbol"], qty="50").status_code == 200
        return {"contract": listed["symbol"], "contract_id": listed["id"]}

    def check(self, request: Request) -> str:
        """Send it. Returns what is wrong: a 500, a hang, an error in another shape; "" for nothing."""
        try:
            status, headers, content = self._exchange(request)
        except (TimeoutError, ConnectionError) as error:
            self.close()
            return f"{error!r}: {request}"
        self._statuses[status] += 1
        self._undo(request, status)
        wrong = _wrong_with(status, headers, content, is_head=request.method == "HEAD")
        return f"{wrong}: {status} {content[:300]!r}: {request}" if wrong else ""

    @property
    def summary(self) -> str:
        """How often each status was answered."""
        return ", ".join(f"{status}: {count}" for status, count in sorted(self._statuses.items()))

    def share_of(self, status: int) -> float:
        return self._statuses[status] / self._statuses.total()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _undo(self, request: Request, status: int) -> None:
        """A fault or a small budget would spoil what comes after it; nobody can act on a closed account."""
        if request.method == "POST" and request.path.startswith(("/_sandbox/faults", "/_sandbox/rate")):
            self._process.clear_faults()
            self._process.request("DELETE", "/_sandbox/rate-limit")
        if status < 300 and request.method in ("POST", "DELETE") and self._ids["account_id"] in self._last:
            self._process.set_account_status(self._ids["account_id"], "ACTIVE")

    def _exchange(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self._last = self._bytes_of(request).decode("latin-1")
        for attempt in range(2):
            fresh = self._socket is None
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._process.port), HANG_SECONDS)
            try:
                self._socket.sendall(self._last.encode("latin-1"))
                return self._answer(request.method)
            except ConnectionError:
                self.close()
                if fresh or attempt:
                    raise
        raise AssertionError

    def _answer(self, method: str) -> tuple[int, dict[str, str], bytes]:
        assert self._socket is not None
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, content = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        if "content-length" not in headers or headers.get("connection") == "close":
            if method != "HEAD" and "content-length" in headers:
                content = self._rest(content, int(headers["content-length"]))
            self.close()  # a stream has no end
        elif method != "HEAD":
            content = self._rest(content, int(headers["content-length"]))
        return int(first.split()[1]), headers, content

    def _rest(self, content: bytes, length: int) -> bytes:
        while len(content) < length:
            content += self._more()
        return content

    def _more(self) -> bytes:
        assert self._socket is not None
        chunk = self._socket.recv(1 << 20)
        if not chunk:
            raise ConnectionResetError
        return chunk

    def _bytes_of(self, request: Request) -> bytes:
        headers = {"Authorization": f"Basic {self._authorization}", "Content-Type": "application/json"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | request.headers).items())
        target = request.path + (f"?{request.query}" if request.query else "")
        body = self._with_ids(request.body)
        head = f"{request.method} {target} HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        return self._with_ids(head.encode("latin-1")) + body

    def _with_ids(self, data: bytes) -> bytes:
        for known, value in self._ids.items():
            data = data.replace(name_of(known).encode(), value.encode())
        return data


def _wrong_with(status: int, headers: dict[str, str], content: bytes, *, is_head: bool) -> str:
    if status >= 500:
        return "a fault of the server"
    if "x-request-id" not in headers:
        return "no request id"
    is_json = headers.get("content-type", "").startswith("application/json")
    try:
        answer = json.loads(content) if is_json and content else None
    except ValueError:
        return "not JSON"
    return "" if is_head or status < 400 or _is_error(answer, status) else "not in the shape of an error"


def _is_error(answer: Any, status: int) -> bool:
    """Refused credentials are answered without a code."""
    has_code = isinstance(answer, dict) and (isinstance(answer.get("code"), int) or status in (401, 403))
    return has_code and isinstance(answer.get("message"), str)
