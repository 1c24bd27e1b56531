"""What a password has to be, in our words."""

from django.contrib.auth import password_validation


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
