from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from tests.factories import UserFactory
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


def step(key: str) -> str:
    """The address of a page of questions."""
    return reverse("apply_step", args=[key])
