"""What a password has to be, in our words."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from pwned_passwords_django.validators import PwnedPasswordsValidator

FEWEST_LETTERS = 4
"""Of a password, besides the words of the site; and of a word that counts as one of them."""


class NotLikeYourEmail(password_validation.UserAttributeSimilarityValidator):
    """Not much like the e-mail address."""

    def get_error_message(self) -> str:
        return "This password is too much like your e-mail address. Choose another one."

    def get_help_text(self) -> str:
        return "Not like your e-mail address."


class LongEnough(password_validation.MinimumLengthValidator):
    """At least so many characters."""

    def get_error_message(self) -> str:
        return f"This password is too short. Use {self.min_length} characters or more."

    def get_help_text(self) -> str:
        return f"{self.min_length} characters or more."


class NotCommon(password_validation.CommonPasswordValidator):
    """Not one of those that are tried first."""

    def get_error_message(self) -> str:
        return "Many people use this password, so it is tried first. Choose another one."

    def get_help_text(self) -> str:
        return "Not one that many people use."


class NotOfThisSite:
    """Not made of the words that are on every page here, which somebody who guesses tries first."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError` for the site's words with little else; digits and signs do not count."""
        rest = password.lower()
        for word in sorted(site_words(), key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != password.lower() and len(re.sub(r"[\W\d_]", "", rest)) < FEWEST_LETTERS:
            raise ValidationError(
                "This password is made of words of this site, so it is tried first. Choose another one.",
                code="password_of_this_site",
            )

    def get_help_text(self) -> str:
        return "Not made of the name of this site."


def site_words() -> set[str]:
    """What the site is called, and the parts of its address; four letters or more."""
    name = str(settings.BRAND_NAME)
    host = urlsplit(settings.SITE_URL).hostname or ""
    words = {name.replace(" ", ""), *re.split(r"\W+", name), *re.split(r"[.-]", host), "broker", "brokerage"}
    return {word.lower() for word in words if len(word) >= FEWEST_LETTERS}


class NotBreached(PwnedPasswordsValidator):
    """Not one of those that were stolen elsewhere, by the first five signs of its hash (k-anonymity).

    Where the service does not answer within a second the password is taken: signing up must not depend on it.
    """

    def __init__(self) -> None:
        super().__init__(
            error_message="This password was stolen from another site and published, so it is tried first. "
            "Choose another one, and change it wherever else you use it."
        )

    def get_help_text(self) -> str:
        return "Not one that was stolen from another site."
