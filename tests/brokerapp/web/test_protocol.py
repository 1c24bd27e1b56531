"""Slow, half-open and too many connections, at the web process itself.

Its patience is cut short (tests/brokerapp/web/impatient_asgi.py), and what is looked at is the order in which
things happen, never how long they took.
"""

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from tests.brokerapp.live.processes import PATIENCE_SECONDS, Valkey, Web, wait_for
from tests.brokerapp.outages import frail_valkey

HALF = b"GET / HTTP/1.1\r\nHost: testserver\r\nX-Half: "
"""Headers that never end."""
ESTABLISHED = psutil.CONN_ESTABLISHED
NOWHERE = "postgres://127.0.0.1:9/none?connect_timeout=1"


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with frail_valkey() as server:
        yield server


@pytest.fixture(scope="module")
def start(valkey: Valkey) -> Iterator["Starter"]:
    starter = Starter(valkey)
    yield starter
    for web in starter.started.values():
        web.ensure_stopped()


class Starter:
    """One web process for each set of settings."""

    def __init__(self, valkey: Valkey) -> None:
        self.valkey = valkey
        self.started: dict[str, Web] = {}

    def __call__(self, **environment: str) -> Web:
        key = str(sorted(environment.items()))
        if key not in self.started:
            self.started[key] = Web(
                database_url=NOWHERE,
                redis_url=self.valkey.url,
                application="tests.brokerapp.web.impatient_asgi:application",
                environment=environment,
            )
        return self.started[key]


@pytest.fixture
def web(start: Starter) -> Web:
    return start(CONNECTIONS_PER_ADDRESS="500")


def connect(web: Web, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE_SECONDS)
    connection.sendall(sent)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """What comes until the other end hangs up."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def is_open(connection: socket.socket) -> bool:
    """Whether the other end has neither said anything nor hung up."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        connection.settimeout(PATIENCE_SECONDS)
    return False


def styleguide(web: Web) -> int:
    """A page that reads no row."""
    return requests.get(f"http://127.0.0.1:{web.port}/healthz/", timeout=PATIENCE_SECONDS).status_code


def test_half_sent_headers_keep_nobody_waiting_and_are_hung_up_on(web: Web) -> None:
    """330 of them were alive after a minute and a half."""
    with contextlib.ExitStack() as stack:
        half = [stack.enter_context(connect(web, HALF)) for _ in range(330)]
        assert styleguide(web) == 200
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(rest_of, half))
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}


@pytest.mark.parametrize("drip", [b"", b"x", b"\r\n"], ids=["silent", "letter by letter", "empty lines"])
def test_headers_that_drip_have_one_deadline_for_all(web: Web, drip: bytes) -> None:
    start_of = b"" if drip == b"\r\n" else HALF
    with connect(web, start_of) as connection:
        connection.settimeout(0.1)
        for _ in range(600):
            try:
                if drip:
                    connection.sendall(drip)
                if connection.recv(100):
                    continue
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("a minute of drops was listened to")


def test_connection_on_which_nothing_is_sent_is_closed_without_a_word(web: Web) -> None:
    with connect(web) as connection:
        assert rest_of(connection) == b""


def test_second_request_of_a_kept_connection_has_a_deadline_too(web: Web) -> None:
    with connect(web, b"GET /healthz/ HTTP/1.1\r\nHost: testserver\r\n\r\n" + HALF) as connection:
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.count(b"HTTP/1.1 ") == 2
    assert b"408 Request Timeout" in answer


def test_headers_without_end_are_refused_by_their_size(web: Web) -> None:
    with connect(web, HALF) as connection:
        with contextlib.suppress(ConnectionError):
            for _ in range(64):
                connection.sendall(b"x" * 4096)
        answer = rest_of(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_headers_that_come_all_at_once_are_refused_by_their_size(web: Web) -> None:
    line = b"X-Long: " + b"x" * 4000 + b"\r\n"
    with connect(web, b"GET /small/ HTTP/1.1\r\nHost: testserver\r\n" + line * 20 + b"\r\n") as connection:
        assert rest_of(connection).startswith(b"HTTP/1.1 431 ")


def test_end_of_a_large_body_is_not_counted_as_headers(web: Web) -> None:
    size = 1_000_000
    head = b"POST /display/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: %d\r\n\r\n" % size
    with connect(web, head + b"x" * size) as connection:
        assert rest_of(connection).startswith(b"HTTP/1.1 413 ")


def test_request_with_two_lengths_is_refused(web: Web) -> None:
    """Or a proxy could take the one and we the other."""
    request = (
        b"POST /display/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n0\r\n\r\nGET /smuggled/ HTTP/1.1\r\nHost: testserver\r\n\r\n"
    )
    with connect(web, request) as connection:
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_body_that_never_ends_is_hung_up_on(web: Web) -> None:
    head = b"POST /display/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: 1000\r\n\r\nabc"
    with connect(web, head) as connection:
        assert styleguide(web) == 200
        assert rest_of(connection) == b""


def test_body_that_comes_steadily_may_take_longer_than_a_silent_one(web: Web) -> None:
    """Each part buys time: the silent one that came with it is gone before this one is done."""
    head = b"POST /display/ HTTP/1.1\r\nHost: testserver\r\nContent-Length: %d\r\n\r\n"
    size, part = 200_000, 4000
    with connect(web, head % size) as steady, connect(web, head % size + b"a") as silent:
        sent = 0
        silent.settimeout(0.05)
        outlived = False
        while sent < size - part:
            steady.sendall(b"x" * part)
            sent += part
            if not outlived:
                try:
                    outlived = silent.recv(1) == b""
                except TimeoutError:
                    continue
        assert outlived
        steady.sendall(b"x" * (size - sent))
        # It is refused (there is no token), after it was read to its end.
        assert steady.recv(100).startswith(b"HTTP/1.1 4")


def test_answer_that_is_not_taken_is_given_up_and_keeps_no_thread(web: Web) -> None:
    """More slow readers than threads, each of an answer that does not fit into the connection."""
    request = b"GET /large/ HTTP/1.1\r\nHost: testserver\r\n\r\n"
    with contextlib.ExitStack() as stack:
        readers = []
        for _ in range(12):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.settimeout(PATIENCE_SECONDS)
            reader.connect(("127.0.0.1", web.port))
            reader.sendall(request)
            readers.append(reader)
        assert all(reader.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200" for reader in readers)
        page = requests.get(f"http://127.0.0.1:{web.port}/small/", timeout=PATIENCE_SECONDS)
        assert page.text == "small"
        server = psutil.Process(web.process.pid)
        wait_for(
            lambda: not [each for each in server.net_connections() if each.status == ESTABLISHED], "the end"
        )
        assert len(rest_of(readers[0])) < 3_000_000


def test_connections_of_one_address_are_limited_and_others_are_served(start: Starter) -> None:
    web = start(CONNECTIONS_PER_ADDRESS="5")
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(connect(web)) for _ in range(5)]
        with connect(web, b"GET /healthz/ HTTP/1.1\r\nHost: testserver\r\n\r\n") as sixth:
            assert rest_of(sixth).startswith(b"HTTP/1.1 503 Service Unavailable")
        kept.pop().close()
        assert eventually_ok(web) == 200


def eventually_ok(web: Web) -> int:
    """The place of a connection that was closed is free once the server has noticed."""
    for _ in range(200):
        with contextlib.suppress(requests.RequestException):
            if (status := styleguide(web)) == 200:
                return status
    return 0


def test_behind_a_proxy_requests_are_counted_by_the_devices_address(start: Starter) -> None:
    web = start(CONNECTIONS_PER_ADDRESS="3", TRUSTED_PROXY_HOPS="1")
    upload = (
        b"POST /display/ HTTP/1.1\r\nHost: testserver\r\nX-Forwarded-For: %s\r\nContent-Length: 9\r\n\r\n"
    )
    one, neighbour = b"2001:db8:1:2::1", b"2001:db8:1:2:ffff::9"
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(web, upload % one))
        assert ask_as(web, neighbour.decode()) == 503  # the same /64
        assert ask_as(web, "2001:db8:1:3::1") == 200
        # What stands left of the proxy's own word is the browser's.
        assert ask_as(web, f"203.0.113.9, {one.decode()}") == 503


def ask_as(web: Web, forwarded: str) -> int:
    answer = requests.get(
        f"http://127.0.0.1:{web.port}/healthz/",
        headers={"X-Forwarded-For": forwarded},
        timeout=PATIENCE_SECONDS,
    )
    return answer.status_code


def test_places_are_given_back_with_the_answers(start: Starter) -> None:
    web = start(CONNECTIONS_PER_ADDRESS="3", TRUSTED_PROXY_HOPS="1")
    with requests.Session() as session:
        for _ in range(10):
            answer = session.get(
                f"http://127.0.0.1:{web.port}/healthz/",
                headers={"X-Forwarded-For": "192.0.2.55"},
                timeout=PATIENCE_SECONDS,
            )
            assert answer.status_code == 200
