"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

handler500 = "brokerapp.ui.views.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("", include("onboarding.urls")),
    path("", include("funding.urls")),
    path("", include("trading.urls")),
    path("", include("brokerapp.ui.urls")),
]
if settings.DEMO_MODE:
    urlpatterns.append(path("mailbox/", include("brokerapp.demo.urls")))
