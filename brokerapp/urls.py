"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from brokerapp.accounts.views import CheckYourMail, ShortAddress
from onboarding.urls import account_urlpatterns

FAVICON = lazy(static, str)("img/favicon.svg")

handler400 = "brokerapp.health.views.bad_request"
handler403 = "brokerapp.health.views.permission_denied"
handler404 = "brokerapp.health.views.page_not_found"
handler500 = "brokerapp.health.views.server_error"

admin.site.site_header = admin.site.site_title = "Operations"

urlpatterns = [
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=FAVICON)),
    path("accounts/confirm-email/", CheckYourMail.as_view(), name="account_email_verification_sent"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("onboarding.urls")),
    path("", include("brokerapp.ui.urls")),
    # Pages of one account: it is in the address, and every one of these views is an AccountRequiredMixin.
    path("a/<uuid:account_id>/", include(account_urlpatterns)),
    path("a/<uuid:account_id>/", include("funding.urls")),
    path("a/<uuid:account_id>/", include("trading.urls")),
    # As people remember and write them: without the account.
    re_path(
        r"^(?P<path>(?:portfolio|trade|orders|transfer)/.*)$", ShortAddress.as_view(), name="short_address"
    ),
]
if settings.DEMO_MODE and settings.HAS_DEMO:
    urlpatterns.append(path("mailbox/", include("brokerapp.demo.urls")))
