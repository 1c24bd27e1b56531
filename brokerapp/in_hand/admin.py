"""The list of a queue: who has which of its rows in hand, taken and given back by actions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from brokerapp.in_hand import services
from brokerapp.ui import names, queues
from brokerapp.ui.admin_pages import ListAdmin, ask_reason, person_link

COLUMN = "in_hand"


class HandFilter(admin.SimpleListFilter):
    """By who has a row in hand."""

    title = "in hand"
    parameter_name = "hand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("somebody", "Somebody's"), ("nobody", "Nobody's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("mine", "somebody", "nobody"):
            return queryset
        holders = services.holders_of(queryset.model)
        if self.value() == "nobody":
            return queryset.exclude(pk__in=list(holders))
        mine = [key for key, holder in holders.items() if holder == request.user.pk]
        return queryset.filter(pk__in=mine if self.value() == "mine" else list(holders))


class HandMixin(ListAdmin):
    """For rows that wait in a queue. The list of a queue has a column that says who has each in hand.

    A list that names the column `in_hand` itself always has it.
    """

    def has_take_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may take rows in hand."""
        return request.user.has_perm(services.TAKE)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return (*super().get_list_filter(request), HandFilter)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = super().get_list_display(request)
        is_queue = queues.of_list(f"{self.opts.app_label}_{self.opts.model_name}", request.GET.dict())
        return [*shown, COLUMN] if is_queue and COLUMN not in shown else shown

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        if self.has_take_permission(request):
            found |= {name: self.get_action(name) for name in ("take", "give_back")}
        return found

    def learn(self, rows: list[Any]) -> None:
        holders = services.holders_of(self.model, [row.pk for row in rows])
        for row in rows:
            row.in_hand_of_id = holders.get(str(row.pk))
        super().learn(rows)

    @admin.display(description="in hand")
    def in_hand(self, row: Model) -> str:
        """Who has taken the row."""
        return person_link(getattr(row, "in_hand_of_id", None))

    def row_actions(self, request: HttpRequest, row: Model) -> list[tuple[str, str]]:
        """As of the list, but of taking and giving back what can be done: nobody takes what does not wait."""
        found, held = dict(super().row_actions(request, row)), services.found_of(row)
        take, give_back = found.pop("take", ""), found.pop("give_back", "")
        first: tuple[str, str] | None = None
        if held is not None:
            is_mine = held.taken_by_id == request.user.pk
            first = ("give_back", "Give back") if is_mine else ("take", "Take over")
        elif self._waits(row):
            first = ("take", take)
        return [*([first] if first and (take or give_back) else []), *found.items()]

    def _waits(self, row: Model) -> bool:
        """Whether it is in a queue that this list shows. One query a queue."""
        page = f"{self.opts.app_label}_{self.opts.model_name}"
        return any(queue.rows().filter(pk=row.pk).exists() for queue in queues.of_page(page))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **more: Any) -> HttpResponse:
        row = more.get("obj")
        context["held"] = services.found_of(row) if row is not None else None
        return super().render_change_form(request, context, *args, **more)

    @admin.action(description="Take in hand")
    def take(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Take rows; those that others have for a reason, which is kept."""
        rows = list(queryset[: services.MOST])
        holders = services.holders_of(self.model, [row.pk for row in rows])
        others = set(holders.values()) - {request.user.pk}
        if others:
            who = ", ".join(sorted(names.names_of(others).values()))
            text = f"In hand of {who}. Let them know, and say why you take it over: that is kept."
            reason = ask_reason(self, request, queryset, action="take", title="Take over", text=text)
            if not isinstance(reason, str):
                return reason
        for row in rows:
            services.take(row=row, by=request.user, over=bool(others), now=timezone.now())  # type: ignore[arg-type]
            self.log_change(request, row, "taken in hand")
        self.message_user(request, f"In your hands: {len(rows)}.", messages.SUCCESS)
        return None

    @admin.action(description="Give back what I have in hand")
    def give_back(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Give back those that one has oneself."""
        given = [row for row in queryset[: services.MOST] if services.give_back(row=row, by=request.user)]  # type: ignore[arg-type]
        for row in given:
            self.log_change(request, row, "given back")
        said = f"Given back: {len(given)}." if given else "You have none of these in hand."
        self.message_user(request, said, messages.SUCCESS if given else messages.WARNING)
