"""The pages of staff that are of no model; each is behind `admin_view`, which asks who they are."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from brokerapp.accounts.access import person as signed_in
from brokerapp.accounts.models import User
from brokerapp.ops import services
from brokerapp.ops.customer import customer, ways_on
from brokerapp.ops.forms import NoteForm, SaveViewForm
from brokerapp.ops.sees import CannotBeShown, page_as_seen
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui import finders, names
from brokerapp.ui.admin_pages import models_in_admin
from brokerapp.ui.links import account_url

SEE = (
    "accounts.view_brokerageaccount",
    "funding.view_transfer",
    "trading.view_order",
    "activities.view_activity",
)
"""Whoever may read all of this may look at the pages that say it."""
LONGEST_TERM = 200


def pages() -> list[Any]:
    """The addresses, for the admin site."""
    wrap = admin.site.admin_view
    return [
        path("search/", wrap(search), name="ops_search"),
        path("people/<int:person_id>/", wrap(about_person), name="ops_person"),
        path("people/<int:person_id>/notes/", wrap(note), name="ops_note"),
        path("people/<int:person_id>/sees/", wrap(sees), name="ops_sees"),
        path("views/", wrap(save_view), name="ops_save_view"),
        path("views/<int:view_id>/forget/", wrap(forget_view), name="ops_forget_view"),
    ]


def _page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> TemplateResponse:
    around = admin.site.each_context(request)
    return TemplateResponse(request, template, {**around, **context}, status=status)


def _person(request: HttpRequest, person_id: int) -> User:
    """Raises `PermissionDenied` for staff who may not read people, and `Http404`."""
    if not request.user.has_perm("accounts.view_user"):
        raise PermissionDenied
    found = User.objects.filter(pk=person_id).first()
    if found is None:
        raise Http404
    return found


def search(request: HttpRequest) -> HttpResponse:
    """Whatever a person or the broker can quote."""
    term = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST_TERM]
    found = finders.find(term, request.user) if term else []
    called = names.names_of(hit.person_id for _, hits in found for hit in hits)
    groups = [
        (title, [(hit, called.get(hit.person_id) if hit.person_id else "") for hit in hits])
        for title, hits in found
    ]
    if any(title == "People" for title, _ in found):
        # By e-mail address or name: that is personal data, and so is kept.
        record(Kind.PII_VIEWED, request=request, detail={"page": "search", "shown": "name, e-mail address"})
    return _page(request, "admin/ops/search.html", title="Search", term=term, groups=groups)


def about_person(request: HttpRequest, person_id: int, form: NoteForm | None = None) -> HttpResponse:
    """Everything about a person. That it was looked at is kept."""
    user = _person(request, person_id)
    record(
        Kind.PII_VIEWED,
        person=user,
        request=request,
        obj=user,
        detail={"page": "person", "shown": "name, e-mail address"},
    )
    found = customer(user, request.user, timezone.now())
    writers = names.names_of(note.written_by_id for note in found.notes)
    return _page(
        request,
        "admin/ops/person.html",
        status=422 if form is not None else 200,
        title=names.name_of(user.pk),
        customer=found,
        notes=[(note, writers[note.written_by_id]) for note in found.notes],
        may_note=request.user.has_perm("ops.add_staffnote"),
        may_see=request.user.has_perms(SEE),
        ways_on=list(ways_on(user, request.user)),
        form=form or NoteForm(),
    )


def note(request: HttpRequest, person_id: int) -> HttpResponseBase:
    """Write a note about a person. Raises `PermissionDenied`."""
    user = _person(request, person_id)
    if not request.user.has_perm("ops.add_staffnote"):
        raise PermissionDenied
    back = redirect("admin:ops_person", user.pk)
    if request.method != "POST":
        return back
    form = NoteForm(request.POST)
    if not form.is_valid():
        return about_person(request, person_id, form)
    services.write_note(
        person=user, by=signed_in(request), text=form.cleaned_data["text"], now=timezone.now()
    )
    messages.success(request, "Kept.")
    return back


def sees(request: HttpRequest, person_id: int) -> HttpResponseBase:
    """One of the person's own pages, as it looks to them. Kept in the security log, page by page."""
    user = _person(request, person_id)
    if not request.user.has_perms(SEE):
        raise PermissionDenied
    shown = request.GET.get("page", "") or _first_page(user)
    record(Kind.PAGES_SEEN, person=user, request=request, obj=user, detail={"page": _route(shown)})
    around: dict[str, Any] = {"person": user, "called": names.name_of(user.pk), "page": shown}
    try:
        html = page_as_seen(person=user, path=shown, by=request)
    except (CannotBeShown, Http404) as refusal:
        why = str(refusal) if isinstance(refusal, CannotBeShown) else "The person finds nothing there."
        return _page(request, "admin/ops/not_shown.html", title="What they see", why=why, **around)
    banner = render_to_string("admin/ops/sees_banner.html", around)
    before, main, rest = html.partition("<main")
    return HttpResponse(f"{before}{banner}{main}{rest}", headers={"Cache-Control": "no-store, private"})


def _first_page(user: User) -> str:
    account = user.accounts.order_by("-created_at").first()
    return account_url(account, "trading:portfolio") if account else reverse("application_status")


def _route(page: str) -> str:
    """A page's address without its query, for the log."""
    return page.partition("?")[0][:200]


def save_view(request: HttpRequest) -> HttpResponseBase:
    """Keep a list with its filters under a name, and go back to it."""
    form = SaveViewForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        messages.error(request, "Give the view a name of up to 40 characters.")
        return redirect("admin:index")
    page = form.cleaned_data["page"]
    known = {f"{model._meta.app_label}_{model._meta.model_name}" for model in models_in_admin()}
    if page not in known:
        raise Http404
    services.save_view(by=signed_in(request), **form.cleaned_data)
    return redirect(f"{reverse(f'admin:{page}_changelist')}?{form.cleaned_data['query']}")


def forget_view(request: HttpRequest, view_id: int) -> HttpResponseBase:
    """Forget one of one's own views, and go back to the list."""
    page = request.POST.get("page", "")
    if request.method == "POST":
        services.forget_view(by=signed_in(request), view_id=view_id)
    known = {f"{model._meta.app_label}_{model._meta.model_name}" for model in models_in_admin()}
    return redirect(f"admin:{page}_changelist" if page in known else "admin:index")
