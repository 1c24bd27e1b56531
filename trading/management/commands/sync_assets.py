"""Loads what can be traded and on which days: run it once on a new installation."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from trading.services import market


class Command(BaseCommand):
    help = "Load every active US equity from the broker. Beat repeats it; a new installation needs it first."

    def handle(self, *args: object, **options: object) -> None:
        try:
            count = market.sync_assets(now=timezone.now())
            market.sync_calendar(now=timezone.now())
        except BrokerError as error:
            raise CommandError(f"The broker did not list its assets: {error}") from error
        self.stdout.write(f"{count} active assets.")
