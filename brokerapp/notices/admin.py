"""The mails in admin: what was sent to whom about what, and what was given up."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.in_hand.admin import HandMixin
from brokerapp.mailing.models import NOT_ARRIVED
from brokerapp.notices.kinds import MUST_BE_MAILED
from brokerapp.notices.models import Digest, Notice
from brokerapp.ui.admin_columns import row_link
from brokerapp.ui.admin_pages import ReadOnlyAdmin, change_link, person_link


class DeadLetters(admin.SimpleListFilter):
    """Mails that must arrive, as the law or the safety of an account asks for them, and did not."""

    title = "dead letters"
    parameter_name = "dead"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("letters", "Must arrive, came back")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        if self.value() != "letters":
            return queryset
        return queryset.filter(arrival__in=NOT_ARRIVED, kind__in=MUST_BE_MAILED)


@admin.register(Notice)
class NoticeAdmin(HandMixin, ReadOnlyAdmin):
    """Every notice, found by person or by what it is about; the words are in no column."""

    list_display = (
        "created_at",
        "kind",
        "status",
        "arrival",
        "subject",
        "person",
        "attempts",
        "next_try_at",
        "error",
    )
    list_filter = ("status", "arrival", DeadLetters, "kind", "created_at")
    search_fields = ("=row_id", "=user__email")
    search_help_text = "A row's id, or a person's e-mail address"
    fields = (
        ("kind", "subject", "person"),
        ("status", "error"),
        ("arrival", "arrival_reason", "arrival_at"),
        ("attempts", "next_try_at"),
        ("created_at", "claimed_at", "sent_at"),
        "change",
    )
    readonly_fields = ("person", "subject", "change")

    @admin.display(description="person", ordering="user_id")
    def person(self, notice: Notice) -> str:
        return person_link(notice.user_id)

    @admin.display(description="about")
    def subject(self, notice: Notice) -> str:
        return row_link(notice.row_type, notice.row_id)

    @admin.display(description="status change")
    def change(self, notice: Notice) -> str:
        return change_link("workflow.StatusChange", notice.change_id, str(notice.change_id))


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    """Mails about several orders that were filled, and how each ended."""

    list_display = (
        "created_at",
        "status",
        "arrival",
        "person",
        "closed_at",
        "attempts",
        "next_try_at",
        "error",
    )
    list_filter = ("status", "arrival", "created_at")
    search_fields = ("=user__email",)
    search_help_text = "A person's e-mail address"
    fields = (
        "person",
        ("status", "error"),
        ("arrival", "arrival_reason", "arrival_at"),
        ("attempts", "next_try_at"),
        ("created_at", "closed_at", "claimed_at", "sent_at"),
    )
    readonly_fields = ("person",)

    @admin.display(description="person", ordering="user_id")
    def person(self, digest: Digest) -> str:
        return person_link(digest.user_id)
