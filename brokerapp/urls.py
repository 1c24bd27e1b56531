"""Every address of the site."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import LogoutView
from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from brokerapp.accounts.views import SecureAccount, SecureAccountByLink, SecuredPage, ShortAddress
from brokerapp.notices.gallery import MailAlone, Mails
from brokerapp.ui.branding import brand
from onboarding.urls import account_urlpatterns

FAVICON = lazy(lambda: brand().icon_url or static("img/favicon.svg"), str)()

handler400 = "brokerapp.health.views.bad_request"
handler403 = "brokerapp.health.views.permission_denied"
handler404 = "brokerapp.health.views.page_not_found"
handler500 = "brokerapp.health.views.server_error"

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    # Staff sign in and out on the same pages as all others.
    path("admin/logout/", LogoutView.as_view()),
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon, such as the admin's.
    path("favicon.ico", RedirectView.as_view(url=FAVICON)),
    path("accounts/secure/", SecureAccount.as_view(), name="account_secure"),
    path("accounts/secure/<str:token>/", SecureAccountByLink.as_view(), name="account_secure_by_link"),
    path("accounts/secured/", SecuredPage.as_view(), name="account_secured"),
    path("accounts/", include("brokerapp.accounts.signin_pages.urls")),
    path("help/", include("brokerapp.support.urls")),
    path("inbox/", include("brokerapp.notices.urls")),
    path("mail/", include("brokerapp.mailing.urls")),
    path("legal/", include("brokerapp.legal.urls")),
    path("styleguide/mails/", Mails.as_view(), name="mail_samples"),
    path("styleguide/mails/<slug:key>/", MailAlone.as_view(), name="mail_sample"),
    path("", include("onboarding.urls")),
    path("", include("brokerapp.ui.urls")),
    # Pages of one account: it is in the address, and every one of these views is an AccountRequiredMixin.
    path("a/<uuid:account_id>/", include(account_urlpatterns)),
    path("a/<uuid:account_id>/", include("funding.urls")),
    path("a/<uuid:account_id>/", include("trading.urls")),
    path("a/<uuid:account_id>/", include("brokerapp.records.urls")),
    path("a/<uuid:account_id>/", include("brokerapp.closing.urls")),
    # As people remember and write them: without the account.
    re_path(
        r"^(?P<path>(?:portfolio|trade|watchlists|orders|transfer|activity|documents|profile)/.*)$",
        ShortAddress.as_view(),
        name="short_address",
    ),
]
if settings.DEMO_MODE and settings.HAS_DEMO:
    urlpatterns.append(path("mailbox/", include("brokerapp.demo.urls")))
