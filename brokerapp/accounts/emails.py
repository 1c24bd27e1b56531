"""E-mail addresses that the broker takes: refused at the first input they concern, not after nine pages."""

from django.core.exceptions import ValidationError

from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import EmailField
from brokerapp.ui.words import EMAIL_INVALID
from brokerapp.units import typed


def check_email(address: str) -> None:
    """Raises `ValidationError` for an e-mail address that the broker does not take."""
    if wrong := typed.foreign(address):
        raise ValidationError(
            "The broker takes e-mail addresses in plain letters only, so not %(named)s.",
            code="plain",
            params={"named": ", ".join(f"“{character}”" for character in wrong)},
        )
    if limits.is_email_too_long(address):
        raise ValidationError(
            "The broker takes e-mail addresses of up to %(most)d characters. Use a shorter one.",
            code="too_long",
            params={"most": limits.EMAIL_WITHOUT_ALIAS},
        )
    if not limits.takes_email(address):
        raise ValidationError(EMAIL_INVALID, code="invalid")


class BrokerEmailField(EmailField):
    """An e-mail address, folded, that the broker takes."""

    def run_validators(self, value: str) -> None:
        # First, so that an address in other letters is told so and not only that it is invalid.
        if value:
            check_email(value)
        super().run_validators(value)
