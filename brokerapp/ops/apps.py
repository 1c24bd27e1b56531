from django.apps import AppConfig


class OpsConfig(AppConfig):
    """The pages of staff that are of no single model."""

    name = "brokerapp.ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from typing import cast

        from django.contrib import admin

        from brokerapp.ops import finding, home, navigation, queues, views
        from brokerapp.security_log.admin_site import OperationsSite
        from brokerapp.ui import admin_pages

        queues.connect()
        finding.connect()
        admin_pages.list_context.append(navigation.views_of_list)
        cast(OperationsSite, admin.site).add_pages(views.pages, home=home.home, around=navigation.around)
