from django.apps import AppConfig


class FundingConfig(AppConfig):
    """Bank links and transfers."""

    name = "funding"

    def ready(self) -> None:
        from brokerapp.decisions.services import Registered, register
        from brokerapp.security import known_values
        from funding.models import known_values_of
        from funding.services import settling

        known_values.register(known_values_of)
        register(
            settling.NEVER_MADE,
            Registered("Transfer was never made", settling.check_undecided, settling.decide_not_done),
        )
        register(
            settling.IS_THIS,
            Registered(
                "Which of several it is at the broker",
                settling.check_undecided,
                settling.decide_is_this,
                takes_value=True,
            ),
        )
