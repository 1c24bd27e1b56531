import os
import socket

import psycopg
import pytest
import redis
from pytest_socket import SocketConnectBlockedError

from devstack.pytest_services import redis_url_of_worker


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/1"),
        ("redis://:secret@localhost:6379", "redis://:secret@localhost:6379/1"),
        ("redis://localhost:6379/5", "redis://localhost:6379/6"),
        ("unix:///a/b.sock?db=0", "unix:///a/b.sock?db=1"),
        ("unix:///a/b%20c.sock", "unix:///a/b%20c.sock?db=1"),
    ],
)
def test_redis_url_of_worker_counts_from_the_given_database(url: str, expected: str) -> None:
    assert redis_url_of_worker(url, "gw0") == expected


def test_redis_answers_in_a_database_of_this_worker() -> None:
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1

    with redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()
        assert client.connection_pool.connection_kwargs["db"] == number


def test_database_is_postgresql() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        (version,) = connection.execute("SHOW server_version_num").fetchone() or ("0",)

    assert int(version) >= 150000


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("10.0.0.1", 80)])
def test_sockets_reach_the_loopback_alone(address: tuple[str, int]) -> None:
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError):
        client.connect(address)


def test_sockets_reach_the_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_no_test_can_reach_a_real_broker() -> None:
    assert os.environ["BROKER_BASE_URL"] == "http://127.0.0.1:9"
    assert os.environ["DJANGO_READ_DOT_ENV"] == "false"
