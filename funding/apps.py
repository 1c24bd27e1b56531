from django.apps import AppConfig


class FundingConfig(AppConfig):
    """Bank links and transfers."""

    name = "funding"

    def ready(self) -> None:
        from brokerapp.decisions.services import Registered, register
        from funding.services import settling

        register(
            settling.NEVER_MADE,
            Registered("Transfer was never made", settling.check_undecided, settling.decide_not_done),
        )
