from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount, User
from tests.factories import BrokerageAccountFactory, UserFactory
from tests.sandbox.in_process import InProcess


@pytest.fixture(scope="module")
def near_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """Our sandbox, asked without sockets."""
    sandbox = InProcess(tmp_path_factory.mktemp("sandbox") / "state")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def account(db: None) -> BrokerageAccount:
    """The first account of a person, open."""
    return BrokerageAccountFactory.create()


@pytest.fixture
def person(account: BrokerageAccount, client: Client) -> Client:
    """The browser of the owner of `account`."""
    client.force_login(account.user)
    return client


def step(key: str) -> str:
    """The address of a page of questions."""
    return reverse("apply_step", args=[key])
