"""Hidden personal data in admin: shown on a page of its own, to a role, for a reason."""

from collections.abc import Callable
from typing import Any, ClassVar

from allauth.account.decorators import reauthentication_required
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from brokerapp.security_log.admin_site import person_of
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui.forms import ReasonForm

REVEAL = "accounts.reveal_personal_data"


class RevealMixin(admin.ModelAdmin):
    """An admin page with columns that it leaves out, and a page that shows them once.

    The page is made by the answer to the form with the reason: it has no address to come back to, and nothing
    keeps a copy of it. `hidden` names the columns, which `get_fields` leaves out.
    """

    hidden: ClassVar[tuple[str, ...]] = ()

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        page = self.admin_site.admin_view(self.reveal_view)
        return [path("<path:object_id>/reveal/", page, name=name), *super().get_urls()]

    @admin.display(description="personal data")
    def reveal_link(self, row: Model) -> str:
        """The way to the page that shows what is left out here."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_reveal", args=[row.pk])
        return format_html('<a href="{}">Show what is hidden</a> (asks why, and is kept)', url)

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask for a reason, and show the hidden columns in answer to it. Raises `PermissionDenied`."""
        if not (self.has_view_permission(request) and request.user.has_perm(REVEAL)):
            raise PermissionDenied
        view: Callable[..., HttpResponseBase] = reauthentication_required(self._reveal)
        return view(request, object_id)

    def _reveal(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        shown: list[tuple[str, object]] = []
        if request.method == "POST" and form.is_valid():
            self._keep(request, row, form.cleaned_data["reason"])
            shown = [(self._label(name), self._value(row, name)) for name in self.hidden]
        context = {
            **self.admin_site.each_context(request),
            "title": "Personal data" if shown else "Show personal data",
            "opts": self.opts,
            "row": row,
            "form": form,
            "shown": shown,
            "labels": [self._label(name) for name in self.hidden],
        }
        page = TemplateResponse(request, "admin/reveal.html", context, status=422 if form.errors else 200)
        page["Cache-Control"] = "no-store, private"
        return page

    def _keep(self, request: HttpRequest, row: Model, reason: str) -> None:
        detail = {"shown": list(self.hidden)}
        person = person_of(row)
        record(
            Kind.PII_REVEALED,
            person=person,
            staff=request.user.pk,
            request=request,
            obj=row,
            detail=detail,
            reason=reason,
        )

    def _label(self, name: str) -> str:
        return str(self.opts.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]

    @staticmethod
    def _value(row: Model, name: str) -> object:
        in_words: Callable[[], str] | None = getattr(row, f"get_{name}_display", None)
        value = in_words() if in_words else getattr(row, name)
        return "–" if value in (None, "", []) else value
