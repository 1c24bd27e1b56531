from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The activity feed, receipts, and the documents that the broker issues."""

    name = "brokerapp.records"
    label = "records"
