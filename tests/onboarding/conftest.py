import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from tests.factories import UserFactory


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
