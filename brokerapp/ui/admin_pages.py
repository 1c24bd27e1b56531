"""What the admin pages of all apps share."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from brokerapp.ui.forms import ReasonForm

MOST = 1000
"""Rows that the list of a large log counts and shows; who looks for older ones has something to search by."""


class BoundedPaginator(Paginator):
    """Pages of at most `MOST` rows, since to count all of a large log takes longer than anybody waits."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST].count()


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the admin site shows but never adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def change_link(label: str, pk: str | int | None, text: str) -> str:
    """A link to a row's admin page, or the bare text if it has none."""
    if not pk:
        return text
    try:
        url = reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', url, text)


def person_link(person_id: int | None) -> str:
    """A link to the person's admin page, by number: lists show no e-mail addresses."""
    if person_id is None:
        return "-"
    return change_link(get_user_model()._meta.label, person_id, f"person {person_id}")


def people_called(email: str) -> list[Any]:
    """The ids of people with exactly this e-mail address, in any case."""
    return list(get_user_model()._default_manager.filter(email__iexact=email).values_list("pk", flat=True))


def as_uuid(text: str) -> UUID | None:
    """The UUID that a search term is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def ask_reason(
    model_admin: admin.ModelAdmin, request: HttpRequest, rows: QuerySet, *, action: str, title: str, text: str
) -> str | TemplateResponse:
    """The reason for which an action is done to `rows`, or the page that asks for it.

    For actions: where it is a page, return it; it posts the same action again, with the reason.
    """
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        return str(form.cleaned_data["reason"])
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "text": text,
        "opts": model_admin.opts,
        "form": form,
        "rows": rows,
        "hidden": [
            ("action", action),
            ("select_across", request.POST.get("select_across", "0")),
            *((helpers.ACTION_CHECKBOX_NAME, row.pk) for row in rows),
        ],
    }
    return TemplateResponse(request, "admin/ask_reason.html", context, status=422 if form.is_bound else 200)
