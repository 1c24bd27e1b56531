"""allauth's addresses of signing in, ours first where we do it otherwise; below `/accounts/`."""

from django.urls import include, path

from brokerapp.accounts.signin_pages import views
from brokerapp.accounts.views import CheckYourMail

urlpatterns = [
    path("confirm-email/", CheckYourMail.as_view(), name="account_email_verification_sent"),
    path("security/", views.Security.as_view(), name="account_security"),
    path("email/", views.Address.as_view(), name="account_email"),
    path("password/change/", views.Password.as_view(), name="account_change_password"),
    path("password/set/", views.FirstPassword.as_view(), name="account_set_password"),
    path("devices/", views.Devices.as_view(), name="usersessions_list"),
    path("session/", views.SessionState.as_view(), name="session_state"),
    path("typed/", views.Typed.as_view(), name="account_typed"),
    path("second-step/", views.SecondSteps.as_view(), name="mfa_index"),
    path("second-step/authenticate/", views.SecondStepOfSignIn.as_view(), name="mfa_authenticate"),
    path("second-step/start/", views.SecondStep.as_view(), name="second_step"),
    path("second-step/totp/activate/", views.AddApp.as_view(), name="mfa_activate_totp"),
    path("second-step/webauthn/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("second-step/recovery-codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("second-step/webauthn/login/", views.SignInWithPasskey.as_view(), name="mfa_login_webauthn"),
    path(
        "second-step/webauthn/reauthenticate/",
        views.ConfirmWithPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "second-step/webauthn/keys/<int:pk>/remove/",
        views.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("second-step/", include("allauth.mfa.urls")),
    path("", include("allauth.account.urls")),
]
