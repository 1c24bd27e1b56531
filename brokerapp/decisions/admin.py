"""The queue of decisions that wait for a second person, and what became of the others."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from brokerapp.decisions import services
from brokerapp.decisions.models import DecisionStatus, StaffDecision
from brokerapp.in_hand.admin import HandMixin
from brokerapp.ui.admin_columns import row_link
from brokerapp.ui.admin_pages import ask_reason, person_link
from brokerapp.workflow.status_admin import StatusRowAdmin

CONFIRMED, TURNED_DOWN = "Confirmed and done", "Turned down"


@admin.register(StaffDecision)
class StaffDecisionAdmin(HandMixin, StatusRowAdmin):
    """Who proposed what about which row, why, and who decided."""

    list_display = (
        "created_at",
        "said",
        "subject",
        "status",
        "reason",
        "proposed_by",
        "decided_by",
        "person",
    )
    list_filter = ("status", "what", "created_at")
    search_fields = ("=row_id",)
    search_help_text = "The id of the row that it is about"
    date_hierarchy = "created_at"
    actions = ("confirm", "turn_down")
    money_actions = ("confirm", "turn_down")

    def get_fields(self, request: HttpRequest, obj: StaffDecision | None = None) -> tuple[str, ...]:
        return (
            "said",
            "subject",
            "person",
            "value",
            "status",
            "reason",
            "proposed_by",
            "created_at",
            "decided_by",
            "status_reason",
            "status_at",
            "history",
        )

    @admin.display(description="decision")
    def said(self, decision: StaffDecision) -> str:
        label = services.label_of(decision.what)
        return f"{label}: {decision.value}" if decision.value else label

    @admin.display(description="about")
    def subject(self, decision: StaffDecision) -> str:
        return row_link(decision.row_type, decision.row_id)

    @admin.display(description="person")
    def person(self, decision: StaffDecision) -> str:
        return person_link(decision.person_id)

    @admin.display(description="proposed by")
    def proposed_by(self, decision: StaffDecision) -> str:
        return person_link(decision.proposed_by_id)

    @admin.display(description="decided by")
    def decided_by(self, decision: StaffDecision) -> str:
        return person_link(decision.decided_by_id)

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may decide about what others proposed."""
        return request.user.has_perm(services.CONFIRM)

    def has_turn_down_permission(self, request: HttpRequest) -> bool:
        """Whether they may say no, or take back what they proposed."""
        return request.user.has_perm(services.CONFIRM) or request.user.has_perm(services.PROPOSE)

    @admin.action(permissions=["confirm"], description="Confirm: it is done at once")
    def confirm(self, request: HttpRequest, queryset: QuerySet[StaffDecision]) -> HttpResponse | None:
        text = "You agree with what somebody else proposed. It is done at once and cannot be taken back."
        reason = ask_reason(self, request, queryset, action="confirm", title="Confirm", text=text)
        if not isinstance(reason, str):
            return reason
        self.run_action(
            request,
            queryset,
            CONFIRMED,
            lambda row: services.confirm(decision=row, by=request.user, reason=reason),  # type: ignore[arg-type]
        )
        return None

    @admin.action(permissions=["turn_down"], description="Turn down, or take back one's own")
    def turn_down(self, request: HttpRequest, queryset: QuerySet[StaffDecision]) -> HttpResponse | None:
        text = "Nothing is done about the row. It can be proposed again."
        reason = ask_reason(self, request, queryset, action="turn_down", title="Turn down", text=text)
        if not isinstance(reason, str):
            return reason
        may_all = request.user.has_perm(services.CONFIRM)
        mine = queryset if may_all else queryset.filter(proposed_by_id=request.user.pk or 0)
        self.run_action(
            request,
            mine.filter(status=DecisionStatus.PROPOSED),
            TURNED_DOWN,
            lambda row: services.turn_down(decision=row, by=request.user, reason=reason),  # type: ignore[arg-type]
        )
        return None
