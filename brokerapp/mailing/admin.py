"""Mails that pages asked for, in admin: what each is about and how it ended; neither words nor addresses."""

from django.contrib import admin

from brokerapp.in_hand.admin import HandMixin
from brokerapp.mailing.models import QueuedMail
from brokerapp.ui.admin_pages import ReadOnlyAdmin


@admin.register(QueuedMail)
class QueuedMailAdmin(HandMixin, ReadOnlyAdmin):
    """Every mail of the last 90 days."""

    list_display = ("created_at", "subject", "status", "arrival", "attempts", "next_try_at", "error")
    list_filter = ("status", "arrival", "created_at")
    fields = (
        "subject",
        ("status", "error"),
        ("arrival", "arrival_reason", "arrival_at"),
        ("attempts", "next_try_at"),
        ("created_at", "claimed_at", "sent_at"),
    )
