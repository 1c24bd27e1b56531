"""allauth's forms in our words; e-mail addresses are folded and held to the broker's limits."""

from typing import Any

from allauth.account import forms as theirs
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from brokerapp.accounts import mail_links
from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.accounts.signin import mails
from brokerapp.accounts.signin.people import AddressTaken
from brokerapp.ui.fields import EmailField
from brokerapp.ui.words import SpokenForm

SAME_TWICE = "These two passwords are not the same. Type the new one again."
REWORDED = {
    "You must type the same password each time.": SAME_TWICE,
    "You must type the same email each time.": "These two addresses are not the same. Type yours again.",
}
"""What allauth adds to its forms without a code to find it by."""
LABELS = {"email": "E-mail address", "login": "E-mail address", "oldpassword": "Current password"}
REQUIRED = {
    "password": "Enter your password.",
    "password1": "Enter a password.",
    "password2": "Enter the new password again.",
    "oldpassword": "Enter your current password.",
    "email": "Enter your e-mail address.",
    "login": "Enter your e-mail address.",
}


class KnownEmailField(EmailField):
    """An address to look up, in lower case as they are stored."""

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class NewEmailField(BrokerEmailField, KnownEmailField):
    """An address that will be a person's, so that the broker must take it."""


class EntranceForm(SpokenForm):
    """What all of them share."""

    email_field: type[EmailField] = KnownEmailField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, given in list(self.fields.items()):
            field = self._ours(given)
            field.widget.attrs.pop("placeholder", None)
            field.label = LABELS.get(name, field.label)
            if name in REQUIRED:
                field.error_messages["required"] = REQUIRED[name]
            self.fields[name] = field

    def _ours(self, field: forms.Field) -> forms.Field:
        """Our own field for an e-mail address; others as they are."""
        if not isinstance(field, forms.EmailField):
            return field
        field.widget.attrs.pop("maxlength", None)
        return self.email_field(required=field.required, widget=field.widget)

    def add_error(self, field: str | None, error: Any) -> None:
        text = str(error) if not isinstance(error, ValidationError) else ""
        super().add_error(field, REWORDED.get(text, error))


class LoginForm(EntranceForm, theirs.LoginForm):
    """Sign in."""

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        response: HttpResponse = super().login(request, redirect_url=redirect_url)
        if getattr(response, "url", "") == reverse("account_email_verification_sent"):
            mail_links.remember_address(request, self.cleaned_data["login"])
        return response


class SignupForm(EntranceForm, theirs.SignupForm):
    """Open an account."""

    email_field = NewEmailField
    account_already_exists: bool

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        if self.account_already_exists:
            # As long as it takes for a new person: the time must not tell who has an account.
            make_password(self.cleaned_data["password1"])
        try:
            user, response = super().try_save(request)
        except AddressTaken:
            self.account_already_exists = True
            user, response = super().try_save(request)
        mail_links.remember_sign_up(request, self.cleaned_data["email"], user)
        return user, response


class AddEmailForm(EntranceForm, theirs.AddEmailForm):
    """Another address."""

    email_field = NewEmailField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "New e-mail address"

    def save(self, request: HttpRequest) -> Any:
        """Mail the link to the new address, and to the old one that a change was asked for."""
        kept = super().save(request)
        mails.tell(self.user, "account/email/email_change_asked", request=request, to_email=kept.email)
        return kept


class ChangeEmailForm(EntranceForm, theirs.ChangeEmailForm):
    """Another address before the first is confirmed."""

    email_field = NewEmailField


class ChangePasswordForm(EntranceForm, theirs.SetPasswordForm):
    """A new password; the page has asked for the old one, or for the second step, before."""


class SetPasswordForm(EntranceForm, theirs.SetPasswordForm):
    """A first password."""


class ResetPasswordForm(EntranceForm, theirs.ResetPasswordForm):
    """Where to mail the link for a new password."""


class ResetPasswordKeyForm(EntranceForm, theirs.ResetPasswordKeyForm):
    """A new password, with the link."""


class ReauthenticateForm(EntranceForm, theirs.ReauthenticateForm):
    """The password once more, before something that matters."""


class UserTokenForm(EntranceForm, theirs.UserTokenForm):
    """The link for a new password."""
