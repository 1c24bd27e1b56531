"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

FAVICON = lazy(static, str)("img/favicon.svg")

handler500 = "brokerapp.ui.views.server_error"

admin.site.site_header = admin.site.site_title = "Operations"

urlpatterns = [
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=FAVICON)),
    path("accounts/", include("allauth.account.urls")),
    path("", include("onboarding.urls")),
    path("", include("funding.urls")),
    path("", include("trading.urls")),
    path("", include("brokerapp.ui.urls")),
]
if settings.DEMO_MODE:
    urlpatterns.append(path("mailbox/", include("brokerapp.demo.urls")))
