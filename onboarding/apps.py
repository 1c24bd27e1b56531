from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """People, their KYC applications and their brokerage accounts."""

    name = "onboarding"

    def ready(self) -> None:
        from brokerapp.security.known_values import register
        from onboarding.questions.known import known_values_of

        register(known_values_of)
