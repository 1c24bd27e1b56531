"""Staff with a browser, and the pages that they open about a person."""

from django.test import Client
from django.urls import reverse

from tests.factories import staff_in_role


def browser(role: str) -> Client:
    client = Client()
    client.force_login(staff_in_role(role))
    return client


def person_page(user_id: int, what: str = "person") -> str:
    return reverse(f"admin:ops_{what}", args=[user_id])
