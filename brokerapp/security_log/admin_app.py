from django.contrib.admin.apps import AdminConfig


class OperationsAdminConfig(AdminConfig):
    """Django's admin with our site, which writes down what staff do."""

    default_site = "brokerapp.security_log.admin_site.OperationsSite"
