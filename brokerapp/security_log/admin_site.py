"""The admin site: every change, action, refusal and look at personal data is kept in the security log."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui import admin_columns

CHANGES = {"add": Kind.ADMIN_ADDED, "change": Kind.ADMIN_CHANGED, "delete": Kind.ADMIN_DELETED}
FILES = ("csv", "handout")
"""Pages whose answer is made to be taken away."""
ROWS_NAMED = 100
"""Of an action on more rows than this, the count is written down and not each of them."""


class OperationsSite(admin.AdminSite):
    """The one place through which every admin page is asked for.

    A `ModelAdmin` with `personal = "what it shows"` has each look at its pages written down. Actions that it
    names in `money_actions` are decisions on money. Before those, and those in `confirmed_actions`, staff say
    once more who they are.
    """

    site_header = site_title = "Operations"
    index_title = "Home"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[Callable[[], list[Any]]] = []
        self._home: Callable[[HttpRequest], dict[str, Any]] | None = None
        self._around: Callable[[HttpRequest], dict[str, Any]] | None = None
        self._app_lists: dict[frozenset[str] | None, list[Any]] = {}

    def add_pages(
        self,
        pages: Callable[[], list[Any]],
        *,
        home: Callable[[HttpRequest], dict[str, Any]],
        around: Callable[[HttpRequest], dict[str, Any]],
    ) -> None:
        """Pages that are of no model, what the first page shows, and what is around every page.

        Called when the apps are ready. `pages` gives URL patterns, whose views it wraps in `admin_view`.
        """
        self._pages.append(pages)
        self._home, self._around = home, around

    def get_urls(self) -> list[Any]:
        return [*(pattern for pages in self._pages for pattern in pages()), *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """As Django's, but made once in a process for all who have the same permissions.

        It has hundreds of addresses and permissions in it, and every page asks for it two or three times:
        that was half of what a page of staff cost. No admin page of ours goes by anything but permissions.
        """
        if app_label is not None:
            return super().get_app_list(request, app_label)
        user = request.user
        is_all = user.is_active and user.is_superuser
        key = None if is_all else frozenset(user.get_all_permissions())
        if key not in self._app_lists:
            self._app_lists[key] = super().get_app_list(request)
        return self._app_lists[key]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | (self._around(request) if self._around else {})

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        home = self._home(request) if self._home else {}
        return super().index(request, home | (extra_context or {}))

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., Any]:
        return super().admin_view(self.logged(view), cacheable)

    def logged(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """`view`, with a row in the log of what came of it."""

        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            admin_columns.begin_page()
            _hold_to_confirmation(view, request)
            try:
                response: HttpResponseBase = view(request, *args, **kwargs)
            except PermissionDenied:
                record(Kind.ADMIN_REFUSED, staff=_staff(request), request=request, detail=_page(request))
                raise
            model_admin = getattr(view, "__self__", None)
            if isinstance(model_admin, admin.ModelAdmin):
                _record(request, response, model_admin, kwargs.get("object_id"))
            return response

        return inner

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """Staff change their password where people do, so that the same is asked of them."""
        return redirect("account_change_password")


def _hold_to_confirmation(view: Callable[..., Any], request: HttpRequest) -> None:
    """Before what opens or moves much staff say once more who they are; the form goes on afterwards.

    Raises allauth's `ReauthenticationRequired`, which a middleware answers.
    """
    page = getattr(view, "__self__", None)
    actions = {*getattr(page, "money_actions", ()), *getattr(page, "confirmed_actions", ())}
    if request.method == "POST" and actions & set(request.POST.getlist("action")):
        raise_if_reauthentication_required(request, app="")


def _staff(request: HttpRequest) -> int | None:
    return request.user.pk


def _page(request: HttpRequest) -> dict[str, str]:
    """The page by its name in the URL conf; no path, as a query or an id might be in it."""
    match = request.resolver_match
    return {"page": (match.url_name if match else "") or "", "method": request.method or ""}


def _record(
    request: HttpRequest, response: HttpResponseBase, model_admin: admin.ModelAdmin, object_id: Any
) -> None:
    what = _page(request)["page"].rpartition("_")[2]
    detail = {"model": model_admin.opts.label, "id": str(object_id or "")}
    if request.method == "POST":
        if what in ("changelist", "change") and "action" in request.POST:
            _record_action(request, response, model_admin, object_id)
        elif what in CHANGES and 300 <= response.status_code < 400:
            gone = what == "delete"
            _record_row(
                CHANGES[what], request, None if gone else _row(model_admin, request, object_id), detail
            )
    elif what == "reveal":
        pass  # it asks for a reason, and writes down itself what it shows
    elif what in FILES and response.has_header("Content-Disposition"):
        _record_row(Kind.LIST_EXPORTED, request, None, detail | {"page": what})
    elif (shown := getattr(model_admin, "personal", "")) and response.status_code == 200:
        row = _row(model_admin, request, object_id)
        _record_row(Kind.PII_VIEWED, request, row, detail | {"page": what, "shown": shown})


def _record_row(kind: Kind, request: HttpRequest, row: Model | None, detail: dict[str, str]) -> None:
    person = person_of(row) if row is not None else None
    record(kind, staff=_staff(request), person=person, request=request, obj=row, detail=detail)


def _row(model_admin: admin.ModelAdmin, request: HttpRequest, object_id: Any) -> Model | None:
    if object_id is None:
        return None
    try:
        return model_admin.get_object(request, str(object_id))
    except (ValidationError, ValueError):
        return None


def person_of(row: Model) -> int | None:
    """Whom a row is about: its `user_id`, or itself where it is a person."""
    return row.pk if isinstance(row, get_user_model()) else getattr(row, "user_id", None)


def _record_action(
    request: HttpRequest, response: HttpResponseBase, model_admin: admin.ModelAdmin, object_id: Any
) -> None:
    """One event for each row that was chosen in a list, or for the one whose page it was done on.

    A page that only asks for more is no action yet.
    """
    if isinstance(response, TemplateResponse):
        return
    names = request.POST.getlist("action")
    name = names[min(int(request.POST.get("index") or 0), len(names) - 1)]
    is_list = object_id is None
    chosen = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME) if is_list else [unquote(str(object_id))]
    kind = Kind.MONEY_DECIDED if name in getattr(model_admin, "money_actions", ()) else Kind.ADMIN_ACTION
    detail = {"model": model_admin.opts.label, "action": name, "count": len(chosen)}
    if is_list and (request.POST.get("select_across") == "1" or len(chosen) > ROWS_NAMED):
        record(
            kind,
            staff=_staff(request),
            request=request,
            detail=detail | {"across": request.POST.get("select_across") == "1"},
        )
        return
    for row in model_admin.get_queryset(request).filter(pk__in=chosen):
        record(
            kind,
            staff=_staff(request),
            person=person_of(row),
            request=request,
            obj=row,
            reason=request.POST.get("reason", ""),
            detail=detail,
        )
