"""allauth's forms of the second step, in our words."""

from typing import Any

from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import forms as recovery
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django.core.exceptions import ValidationError

from brokerapp.accounts.adapters import SecondFactorAdapter, tell_of_failed_confirmations
from brokerapp.accounts.forms import EntranceForm
from brokerapp.accounts.signin.second_factor import use_code_once

CODE = "Code"
NO_PASSKEY = "Your device gave no passkey. Try again, or use another way."


class TypedCode:
    """What is typed from an authenticator app, or from the list of recovery codes."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = CODE
        field.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        field.error_messages["required"] = "Enter the code."


class OneUseCode(TypedCode):
    """A code that signs in or confirms: it is used up by that, wherever it was used."""

    def clean_code(self) -> str:
        code: str = super().clean_code().replace(" ", "")  # type: ignore[misc]
        used = self.authenticator  # type: ignore[attr-defined]
        if used.type == Authenticator.Type.TOTP and not use_code_once(used, code):
            raise ValidationError(SecondFactorAdapter.error_messages["incorrect_code"], code="incorrect_code")
        return code


class AuthenticateForm(OneUseCode, EntranceForm, base.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateCodeForm(OneUseCode, EntranceForm, base.ReauthenticateForm):
    """A code, before something that matters."""

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        from allauth.core import context

        super()._emit_authentication_failed(authenticator)
        tell_of_failed_confirmations(context.request)


class ActivateTotpForm(TypedCode, EntranceForm, totp.ActivateTOTPForm):
    """The first code of a new authenticator app."""


class DeactivateTotpForm(EntranceForm, totp.DeactivateTOTPForm):
    """Nothing to fill in."""


class GenerateRecoveryCodesForm(EntranceForm, recovery.GenerateRecoveryCodesForm):
    """Nothing to fill in."""


class AnswerOfADevice:
    """What the browser answers; a person fills in at most a name."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "credential" in self.fields:
            self.fields["credential"].error_messages |= {"required": NO_PASSKEY, "invalid": NO_PASSKEY}
        if "name" in self.fields:
            self.fields["name"].label = "Your name for it"
            self.fields["name"].help_text = "So that you can tell it from others, for example Work laptop."
            self.fields["name"].error_messages["required"] = "Enter a name."
            self.fields["name"].max_length = 60


class AddPasskeyForm(AnswerOfADevice, EntranceForm, passkeys.AddWebAuthnForm):
    """A new passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alone = self.fields["passwordless"]
        alone.label = "Sign in with this passkey alone, without my password"
        alone.help_text = "It then asks for your finger, your face or its PIN."
        alone.initial = True


class EditPasskeyForm(AnswerOfADevice, EntranceForm, passkeys.EditWebAuthnForm):
    """Another name for a passkey."""


class AuthenticatePasskeyForm(AnswerOfADevice, EntranceForm, passkeys.AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class LoginPasskeyForm(AnswerOfADevice, EntranceForm, passkeys.LoginWebAuthnForm):
    """A passkey instead of a password."""


class ReauthenticatePasskeyForm(AnswerOfADevice, EntranceForm, passkeys.ReauthenticateWebAuthnForm):
    """A passkey, before something that matters."""
