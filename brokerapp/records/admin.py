"""The documents in admin: which there are, and never what is in them."""

from django.contrib import admin

from brokerapp.records.models import IssuedDocument
from brokerapp.ui.admin_pages import ReadOnlyAdmin


@admin.register(IssuedDocument)
class IssuedDocumentAdmin(ReadOnlyAdmin):
    """Every document that the broker issued."""

    list_display = ("date", "account", "title", "first_seen_at", "opened_at")
    list_filter = ("kind", "date")
    list_select_related = ("account",)
    search_fields = ("=document_id", "=request_id")
    search_help_text = "Document ID at Alpaca, or Request ID"
