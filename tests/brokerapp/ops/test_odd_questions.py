"""No page of staff breaks, whatever stands in its address: lists by every filter, and every other page."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from brokerapp.accounts.roles import Role
from brokerapp.ui.admin_pages import models_in_admin
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.brokerapp.ops.browsers import browser
from tests.factories import BrokerageAccountFactory, OrderFactory, TransferFactory, UserFactory, confirm

pytestmark = pytest.mark.django_db

ANSWERS = {200, 302, 400, 403, 404, 405, 422}
NUL, HUGE = "a\x00b", "9" * 40
ODD = (NUL, HUGE, "x")
DAYS = (*ODD, "0", "-1", "13")
WORDS = (*ODD, "%(s", "\u202e", "0000-0000", "@", "/", "é" * 300, "9" * 5000, f"{HUGE}.00 2026-02-31")
LISTS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in models_in_admin())


@pytest.fixture
def everything() -> Client:
    """The browser of somebody who may open every page."""
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    confirm(client)
    return client


def questions(changelist: Any) -> Iterator[dict[str, str]]:
    """Odd values for all by which a list can be narrowed, searched and sorted."""
    asked = {key for spec in changelist.filter_specs for key in spec.expected_parameters()}
    for key in sorted({*asked, "user__id__exact", "account__user__id__exact", "person_id__exact", "o"}):
        yield from ({key: value} for value in ODD)
    if by := changelist.date_hierarchy:
        day = {f"{by}__year": "2026", f"{by}__month": "2", f"{by}__day": "31"}
        yield day
        yield from (day | {key: value} for key in day for value in DAYS)
    yield from ({"q": word} for word in WORDS)


@pytest.mark.parametrize("name", LISTS)
def test_list_and_its_file_answer_whatever_is_asked(everything: Client, name: str) -> None:
    page, file = reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_csv")
    for asked in questions(everything.get(page).context["cl"]):
        reply = everything.get(file, asked)  # it is narrowed as the page is, and quicker
        assert reply.status_code in ANSWERS, asked
        if reply.streaming:
            b"".join(reply.streaming_content)  # type: ignore[attr-defined]
    for key, value in {"p": HUGE, "o": "-1.99.x", "_popup": NUL, "_to_field": NUL}.items():
        assert everything.get(page, {key: value}).status_code in ANSWERS, key


def addresses(patterns: Any) -> Iterator[tuple[str, ...]]:
    """The name of each page of staff, and the names of what stands in its address."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns)
        elif isinstance(each, URLPattern) and each.name:
            yield (f"admin:{each.name}", *sorted(each.pattern.converters))


TRIED_ABOVE = ("_changelist", "_csv")
DJANGOS = ("_add", "_delete", "_history", ":logout", ":login", ":view_on_site")
PAGES = sorted(
    {
        page
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", "") == "admin"
        for page in addresses(resolver.url_patterns)  # type: ignore[union-attr]
        if not page[0].endswith((*TRIED_ABOVE, *DJANGOS))
    }
)
GIVEN = "page call request_id about q query stream since until format next name do reason text".split()


def paths(name: str, keys: list[str]) -> Iterator[str]:
    """The addresses of a page, with odd values for what stands in them."""
    for value in (*ODD, "00000000-0000-0000-0000-000000000000", "1") if keys else ("",):
        with suppress(NoReverseMatch):  # the address does not take it
            yield reverse(name, kwargs=dict.fromkeys(keys, value))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page[0])
def test_page_of_staff_answers_whatever_is_asked(everything: Client, page: tuple[str, ...]) -> None:
    name, *keys = page
    for path in paths(name, keys):
        for value in ODD[:1] if keys else ODD:
            query = urlencode([(key, value) for key in GIVEN])
            assert everything.get(f"{path}?{query}").status_code in ANSWERS, (path, value)
            assert everything.post(path, dict.fromkeys(GIVEN, value)).status_code in ANSWERS, (path, value)


def test_support_role_breaks_no_page_of_a_row() -> None:
    client, transfer = browser(Role.SUPPORT), TransferFactory.create()
    order, call = OrderFactory.create(BrokerageAccountFactory.create()), ApiCallFactory.create(method="POST")
    for row in (transfer, order, call, transfer.user):
        path = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        for value in ODD:
            asked = {"_changelist_filters": f"q={value}", "_popup": value, "_to_field": value}
            assert client.get(path, asked).status_code in ANSWERS, (path, value)
            assert client.post(path, {"action": value, "index": value}).status_code in ANSWERS, (path, value)
