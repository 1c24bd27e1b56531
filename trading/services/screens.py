"""What moves today: the lists that the data API ranks, kept as rows for everybody."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from brokerapp.broker.clients import get_market_data
from trading.models import Asset, ScreenedAsset
from trading.services.batches import alone

TOP = 10
Screen = ScreenedAsset.Screen


def sync_screens(*, now: datetime) -> None:
    """Read the lists again, unless another process is at it; what there was stays where that fails.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    client = get_market_data()
    with alone("trading.screens") as held:
        if held is None:
            return
        # More than are shown: some are warrants and the like that are not offered here.
        actives = client.get_most_actives(top=TOP * 3)
        movers = client.get_movers(top=TOP * 3)
        _store(Screen.MOST_ACTIVE, [each.symbol for each in actives.most_actives], actives.last_updated)
        _store(Screen.GAINERS, [each.symbol for each in movers.gainers], movers.last_updated)
        _store(Screen.LOSERS, [each.symbol for each in movers.losers], movers.last_updated)


def _store(screen: str, symbols: Sequence[str], as_of: datetime) -> None:
    listed = Asset.objects.offered().filter(status=Asset.ACTIVE, symbol__in=symbols)
    assets = {asset.symbol: asset for asset in listed}
    ranked = [assets[symbol] for symbol in dict.fromkeys(symbols) if symbol in assets][:TOP]
    with transaction.atomic():
        ScreenedAsset.objects.filter(screen=screen).delete()
        ScreenedAsset.objects.bulk_create(
            ScreenedAsset(screen=screen, rank=rank, asset=asset, as_of=as_of)
            for rank, asset in enumerate(ranked)
        )


def get_screens() -> dict[str, list[ScreenedAsset]]:
    """The lists as last read, by their names as shown; those without members left out. One query."""
    rows = ScreenedAsset.objects.select_related("asset__quote")
    found: dict[str, list[ScreenedAsset]] = {str(screen.label): [] for screen in Screen}
    for row in rows:
        found[str(Screen(row.screen).label)].append(row)
    return {name: members for name, members in found.items() if members}
