from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """People, their KYC applications and their brokerage accounts."""

    name = "onboarding"

    def ready(self) -> None:
        from brokerapp.security.known_values import register
        from brokerapp.ui import names
        from onboarding.models import names_of
        from onboarding.questions.known import known_values_of

        register(known_values_of)
        names.register(names_of)
