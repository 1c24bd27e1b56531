"""Every list of staff is a file, too: of the same rows and columns, for the same people, and each is kept."""

import csv
import io
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import lookup_field
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.ui.admin_pages import models_in_admin
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.test_access import House, a_row_of_everything, house, unsent

__all__ = ["house", "unsent"]
pytestmark = pytest.mark.django_db


def file_of(client: Client, model: type[models.Model], query: str) -> tuple[Any, list[list[str]]]:
    """A list as its page has it, and the lines of its file."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    page = client.get(f"{reverse(f'{name}_changelist')}?{query}")
    assert page.context_data is not None
    address = page.context_data["csv_url"]
    assert address == f"{reverse(f'{name}_csv')}{'?' if query else ''}{query}"
    reply = client.get(address)
    assert reply.streaming, address
    assert reply["Content-Disposition"].startswith("attachment"), address
    text = b"".join(reply.streaming_content).decode()  # type: ignore[attr-defined]
    return page.context_data["cl"], list(csv.reader(io.StringIO(text)))


def test_every_list_is_a_file_of_its_rows_and_columns_and_each_is_kept(house: House) -> None:
    a_row_of_everything(house)
    ApiCallFactory.create(method="POST")  # what was only read is left out at first
    staff = house.people["superuser"]
    for model in models_in_admin():
        for query in ("", "q=nothing+is+called+this"):
            shown, (head, *lines) = file_of(house.browsers["superuser"], model, query)
            columns = [name for name in shown.list_display if name != "action_checkbox"]
            assert len(head) == len(columns), model
            itself = model is SecurityEvent and not query  # this taking is one more row of that log
            assert len(lines) == len(shown.result_list) + itself, (model, query)
            assert query or lines, model
            assert all(len(line) == len(head) for line in lines), model
            assert "<" not in "".join(head), model
    kept = SecurityEvent.objects.filter(kind=Kind.LIST_EXPORTED, staff_id=staff.pk)
    assert kept.count() == 2 * len(models_in_admin())
    assert {event.detail["model"] for event in kept} == {model._meta.label for model in models_in_admin()}


def test_what_leads_to_a_row_has_no_link_of_its_own(house: House) -> None:
    a_row_of_everything(house)
    request = RequestFactory().get("/admin/")
    request.user = house.people["superuser"]
    for model in models_in_admin():
        page = admin.site.get_model_admin(model)
        row = page.get_queryset(request).first()
        assert row is not None, model
        columns = page.get_list_display(request)
        for name in page.get_list_display_links(request, columns) or ():
            assert name in columns, (model, name)
            shown = name(row) if callable(name) else lookup_field(name, row, page)[2]
            assert "<a " not in str(shown), (model, name)


def test_file_of_a_list_is_for_those_who_may_read_the_list(house: House) -> None:
    for model in models_in_admin():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for role in ("the person", "support", "administrator"):
            browser = house.browsers[role]
            page, file = (browser.get(reverse(f"{name}_{what}")) for what in ("changelist", "csv"))
            assert page.status_code == file.status_code, (model, role)
