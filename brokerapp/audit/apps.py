from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "brokerapp.audit"
    label = "audit"
    verbose_name = "Broker calls and status history"
