"""What the admin pages of all apps share: lists that stay quick, and pages that change nothing."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import helpers
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import (
    display_for_value,
    label_for_field,
    lookup_field,
    model_format_dict,
    unquote,
)
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.auth import get_user_model
from django.core.exceptions import BadRequest, FieldDoesNotExist, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.text import capfirst

from brokerapp.ui import admin_columns
from brokerapp.ui.admin_columns import Column, RowColumn, change_link, person_link
from brokerapp.ui.admin_search import as_uuid, exactly
from brokerapp.ui.csv_download import csv_response
from brokerapp.ui.forms import ReasonForm

__all__ = [
    "BoundedPaginator",
    "ListAdmin",
    "ReadOnlyAdmin",
    "as_uuid",
    "ask_reason",
    "change_link",
    "models_in_admin",
    "people_called",
    "person_link",
]

MOST = 1000
"""Rows that a list counts and shows; who looks for older ones has something to search by."""
MOST_IN_FILE = 50_000
AT_ONCE = 500
LOOKED_THROUGH = 2000
"""Rows whose words a filter offers; another word is a filter too, in the address."""
SHOWN = 20
"""Rows that a page which asks for a reason shows."""

OF_PERSON = ("user__id__exact", "account__user__id__exact", "person_id__exact")
"""By which any list may be narrowed to one person's rows."""
COMPARISONS, DATES = {"exact", "in", "gt", "gte", "lt", "lte", "isnull"}, {"year", "month", "day"}

list_context: list[Callable[[HttpRequest, admin.ModelAdmin], dict[str, Any]]] = []
"""What other packages add to the page of every list; called with the request and the list's admin."""


def models_in_admin() -> list[type[Model]]:
    """The models that have pages in admin."""
    return [model for model in apps.get_models() if admin.site.is_registered(model)]


class BoundedPaginator(Paginator):
    """Pages of at most `MOST` rows, since to count all of a large table takes longer than anybody waits."""

    object_list: QuerySet[Any]

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST].count()


class WordsFilter(admin.AllValuesFieldListFilter):
    """By the words that a column has, of the newest rows: to look for all of them reads the whole table."""

    def __init__(self, field: Any, request: HttpRequest, *others: Any, **more: Any) -> None:
        super().__init__(field, request, *others, **more)
        newest = field.model._default_manager.order_by("-pk").values_list(field.name, flat=True)
        words = sorted({str(word) for word in newest[:LOOKED_THROUGH] if word})
        self.lookup_choices = words  # type: ignore[assignment]


def _is_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


class ListAdmin(admin.ModelAdmin):
    """A list of staff: at most `MOST` rows counted, exact searches, columns in words, and the list as a file.

    `search_fields` are matched exactly, each by its index (`admin_search.exactly`), unless `search_exactly`
    says that the table is small enough for parts of words. `views` are ways to look at the list that come
    with it: a title and the filters of each.
    """

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    views: tuple[tuple[str, str], ...] = ()
    search_exactly = True

    def __init__(self, model: type[Any], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self._columns: dict[tuple[str, bool], Column | str] = {}

    @property
    def most(self) -> int:
        """Rows that the list counts and shows, for its page."""
        return MOST

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        return [path("csv/", self.admin_site.admin_view(self.csv_view), name=name), *super().get_urls()]

    def in_words(self, name: Any, *, in_list: bool = True) -> Any:
        """How a column of the list, or of a row's page, is shown; the same object for the same name."""
        if not isinstance(name, str) or hasattr(self, name):
            return name
        if (name, in_list) not in self._columns:
            self._columns[name, in_list] = admin_columns.column(self.model, name, in_list=in_list)
        return self._columns[name, in_list]

    def _in_list(self, name: Any) -> Any:
        """How a column of the list is shown, those that lead to the row as `RowColumn`."""
        shown = self.in_words(name)
        links = self.list_display_links or self.list_display[:1]
        if name not in links or not isinstance(shown, Column):
            return shown
        if not isinstance(shown, RowColumn):
            shown = self._columns[name, True] = RowColumn(shown)
        return shown

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._in_list(name) for name in super().get_list_display(request)]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = super().get_list_display_links(request, list_display)
        return [self._in_list(name) for name in links] if links else links

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return [self._in_list(name) for name in super().get_sortable_by(request)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A list is narrowed by the columns that it offers as filters, and by whose rows they are.

        Django allows every column and every comparison: so one reads what is on no page letter by letter, and
        has the database look for a pattern until it gives up.
        """
        name, _, how = lookup.partition(LOOKUP_SEP)
        filters: list[Any] = list(self.get_list_filter(request))
        own = {each.parameter_name for each in filters if hasattr(each, "parameter_name")}
        if lookup in {*OF_PERSON, *own} or not _is_field(self.model, name):
            return True  # of what is no column the list itself says so
        offered = {each[0] if isinstance(each, tuple) else each for each in filters}
        comparisons = COMPARISONS | (DATES if name == self.date_hierarchy else set())
        return (
            name in {*offered, self.date_hierarchy} and (how.removeprefix("id__") or "exact") in comparisons
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            found = super().get_changelist_instance(request)
        except OverflowError as error:  # a year of forty digits, say
            raise IncorrectLookupParameters(error) from error
        found.result_list = list(found.result_list)
        self.learn(found.result_list)
        return found

    def learn(self, rows: list[Any]) -> None:
        """Look up in one go, for these rows, what columns say that is not in the rows themselves."""
        admin_columns.learn_names(rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if not self.search_exactly:
            return super().get_search_results(request, queryset, term)
        return queryset.filter(exactly(self.model, tuple(self.get_search_fields(request)), term)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._check_action(request)
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_csv")
        context: dict[str, Any] = {
            "csv_url": f"{page}?{request.GET.urlencode()}".rstrip("?"),
            "title": capfirst(self.opts.verbose_name_plural),
            "list_views": self.views,
        }
        for more in list_context:
            context |= more(request, self)
        return super().changelist_view(request, context | (extra_context or {}))

    def row_actions(self, request: HttpRequest, row: Model) -> list[tuple[str, str]]:
        """The list's actions that the page of this row offers too: the name of each, and its words."""
        words = model_format_dict(self.opts)
        found = {each[1]: str(each[2]) % words for each in self.get_actions(request).values() if each}
        found.pop("delete_selected", None)
        return list(found.items())

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST" and "action" in request.POST:
            self._check_action(request)
            return self._act_on_row(request, object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def _check_action(self, request: HttpRequest) -> None:
        """Raises `BadRequest` for the form of an action that no page of ours sends."""
        try:
            for key in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError as error:
            raise BadRequest("no such row") from error
        if not request.POST.get("index", "0").isdecimal():
            raise BadRequest("no such action")

    def _act_on_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do one of the list's actions to this row alone, and come back to its page."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        offered = self.get_actions(request).get(request.POST["action"])
        if offered is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        act: Callable[..., Any] = offered[0]
        done: HttpResponse | None = act(self, request, self.get_queryset(request).filter(pk=row.pk))
        return done or redirect(request.get_full_path())

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["row_actions"] = self.row_actions(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list with its filters as a file, up to `MOST_IN_FILE` rows. Raises `PermissionDenied`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return redirect(f"{reverse(name)}?{ERROR_FLAG}=1")
        columns = [name for name in found.list_display if name != "action_checkbox"]
        header = [str(label_for_field(name, self.model, self)).removesuffix(", ET") for name in columns]
        filename = f"{str(self.opts.verbose_name_plural).lower().replace(' ', '-')}.csv"
        return csv_response(filename, header, self._lines(found.queryset[:MOST_IN_FILE], columns))

    def _lines(self, rows: QuerySet[Any], columns: list[Any]) -> Iterator[list[Any]]:
        found = rows.iterator(chunk_size=AT_ONCE)
        while some := list(islice(found, AT_ONCE)):
            self.learn(some)
            for row in some:
                yield [self._cell(row, name) for name in columns]

    def in_short(self, rows: QuerySet[Any], request: HttpRequest) -> dict[str, Any]:
        """The first of these rows as a table with the list's columns, and how many more there are."""
        some = list(rows[: SHOWN + 1])
        self.learn(some)
        columns = self.get_list_display(request)
        shown = [[self._shown(row, name) for name in columns] for row in some[:SHOWN]]
        heads = [label_for_field(name, self.model, self) for name in columns]
        more = rows.count() - SHOWN if len(some) > SHOWN else 0
        return {"heads": heads, "lines": shown, "more": more}

    def _shown(self, row: Model, name: Any) -> Any:
        value = name(row) if isinstance(name, Column) else self._cell(row, name)
        return admin_columns.EMPTY if value in (None, "") else value

    def _cell(self, row: Model, name: Any) -> Any:
        if isinstance(name, Column):
            return name.raw(row)
        field, _, value = lookup_field(name, row, self)
        if field is not None and field.flatchoices:
            value = dict(field.flatchoices).get(value, value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        return strip_tags(str(display_for_value(value, "", boolean=False)))


class ReadOnlyAdmin(ListAdmin):
    """Rows that the admin site shows but never adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (title, {**options, "fields": [self._in_words(each) for each in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def _in_words(self, names: Any) -> Any:
        if isinstance(names, (list, tuple)):
            return tuple(self.in_words(name, in_list=False) for name in names)
        return self.in_words(names, in_list=False)


class ReadOnlyInline(admin.TabularInline):
    """Rows of a row, on its page: in words as everywhere, and never added, changed or deleted."""

    template = "admin/read_only_inline.html"
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @cached_property
    def _columns(self) -> tuple[Any, ...]:
        return tuple(admin_columns.column(self.model, str(name)) for name in self.fields or ())

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._columns

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._columns


def people_called(email: str) -> list[Any]:
    """The ids of people with exactly this e-mail address, in any case."""
    people = get_user_model()._default_manager.filter(email=email.strip().lower())
    return list(people.values_list("pk", flat=True))


def ask_reason(
    model_admin: ListAdmin, request: HttpRequest, rows: QuerySet, *, action: str, title: str, text: str
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
        **model_admin.in_short(rows, request),
        "hidden": [
            ("action", action),
            ("select_across", "0"),  # those shown, and none that came to the list since
            *((helpers.ACTION_CHECKBOX_NAME, row.pk) for row in rows),
        ],
    }
    return TemplateResponse(request, "admin/ask_reason.html", context, status=422 if form.is_bound else 200)
