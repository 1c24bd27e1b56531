"""People's data in admin: what may be done, for a reason, by whom it was given to."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from brokerapp.accounts.access import person as signed_in
from brokerapp.decisions import services as decisions
from brokerapp.privacy import services
from brokerapp.privacy.models import DataSubject
from brokerapp.ui.admin_pages import ReadOnlyAdmin
from brokerapp.ui.forms import ReasonForm
from brokerapp.workflow.state import IllegalMove

PROPOSED = "Proposed: it is erased as soon as somebody else agrees"
EXPORT, ERASE = "privacy.export_personal_data", "privacy.erase_personal_data"


@admin.register(DataSubject)
class DataSubjectAdmin(ReadOnlyAdmin):
    """Everybody of whom data is held: all of it as a file, or what may be erased."""

    list_display = ("id", "is_active", "date_joined", "last_login")
    list_display_links = ("id",)
    search_fields = ("=id", "=email")
    search_help_text = "A person's number, or their whole e-mail address"
    ordering = ("-date_joined",)
    fields = readonly_fields = ("id", "is_active", "date_joined", "held", "erasable")

    def get_urls(self) -> list[Any]:
        pages = (("export", self.export_view), ("erase", self.erase_view))
        return [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"privacy_datasubject_{name}",
            )
            for name, view in pages
        ] + super().get_urls()

    @admin.display(description="all that is held")
    def held(self, person: DataSubject) -> str:
        url = reverse("admin:privacy_datasubject_export", args=[person.pk])
        return format_html('<a href="{}">Export it as JSON</a> (asks why, and is kept)', url)

    @admin.display(description="what may be erased")
    def erasable(self, person: DataSubject) -> str:
        erasure = services.what_may_be_erased(person)
        if erasure.is_empty:
            return erasure.why_not_all
        url = reverse("admin:privacy_datasubject_erase", args=[person.pk])
        link = '<a href="{}">Erase {}</a> (asks why, somebody else has to agree, and is kept). {}'
        return format_html(link, url, in_words(erasure), erasure.why_not_all)

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask who they are and for a reason, and answer with the file. Raises `PermissionDenied`."""
        self._check(request, EXPORT)
        view: Callable[..., HttpResponseBase] = reauthentication_required(self._export)
        return view(request, object_id)

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask who they are and for a reason, and propose it: another erases. Raises `PermissionDenied`."""
        self._check(request, ERASE)
        view: Callable[..., HttpResponseBase] = reauthentication_required(self._erase)
        return view(request, object_id)

    def _check(self, request: HttpRequest, right: str) -> None:
        if not (self.has_view_permission(request) and request.user.has_perm(right)):
            raise PermissionDenied

    def _export(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        person, form = self._asked(request, object_id)
        if request.method == "POST" and form.is_valid():
            content = services.export(
                person=person,
                by=signed_in(request),
                reason=form.cleaned_data["reason"],
                request=request,
                now=timezone.now(),
            )
            name = f'attachment; filename="person-{person.pk}.json"'
            headers = {"Content-Disposition": name, "Cache-Control": "no-store, private"}
            return HttpResponse(content, content_type="application/json", headers=headers)
        return self._page(request, person, form, "Export all that is held of a person", "Export")

    def _erase(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        person, form = self._asked(request, object_id)
        back = redirect("admin:privacy_datasubject_change", person.pk)
        erasure = services.what_may_be_erased(person)
        try:
            services.check_erasable(person)
            if request.method == "POST" and form.is_valid():
                reason = form.cleaned_data["reason"]
                decisions.propose(what=services.ERASE, row=person, by=signed_in(request), reason=reason)
                messages.success(request, f"{PROPOSED}: {in_words(erasure)}. {erasure.why_not_all}")
                return back
        except IllegalMove as refusal:
            messages.error(request, f"Nothing is erased. {refusal}")
            return back
        title = f"Erase {in_words(erasure)}; this cannot be undone"
        return self._page(request, person, form, title, "Propose to erase")

    def _asked(self, request: HttpRequest, object_id: str) -> tuple[DataSubject, ReasonForm]:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404
        return person, ReasonForm(request.POST or None)

    def _page(
        self, request: HttpRequest, person: DataSubject, form: ReasonForm, title: str, submit: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "row": person,
            "form": form,
            "submit": submit,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/privacy/reason.html", context, status=status)


def in_words(erasure: services.Erasure) -> str:
    """What is erased, as part of a sentence."""
    drafts = {0: "", 1: "1 application that was never sent"}.get(
        erasure.drafts, f"{erasure.drafts} applications that were never sent"
    )
    contact = "their e-mail address, password and devices" if erasure.contact else ""
    return " and ".join(filter(None, (drafts, contact)))
