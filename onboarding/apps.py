from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """People, their KYC applications and their brokerage accounts."""

    name = "onboarding"
