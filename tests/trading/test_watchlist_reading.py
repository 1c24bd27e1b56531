"""Lists that another system changed at the broker."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory
from tests.trading.test_watchlists import Broker, add, send
from trading.models import Asset, Watchlist
from trading.services import watchlist_reading, watchlists

pytestmark = pytest.mark.django_db


class Elsewhere(Broker):
    """The broker's lists, as another system changes them: each change has its instant."""

    def create(self, request: Any) -> Any:
        answer = super().create(request)
        return self.stamp(answer)

    def change(self, request: Any) -> Any:
        answer = super().change(request)
        return self.stamp(answer) if request.method == "PUT" and answer[0] == 200 else answer

    def stamp(self, answer: Any) -> Any:
        import json

        body = json.loads(answer[2])
        self.set(body["id"])
        return 200, {}, json.dumps(self.lists[body["id"]])

    def set(self, key: str, at: datetime | None = None, **fields: Any) -> None:
        """Another system's change."""
        self.lists[key] = {**self.lists.get(key, {"id": key}), **fields}
        self.lists[key]["updated_at"] = (at or timezone.now()).isoformat()


@pytest.fixture
def account() -> BrokerageAccount:
    found: BrokerageAccount = BrokerageAccountFactory.create()
    return found


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


@pytest.fixture
def there(broker: BrokerStub, account: BrokerageAccount) -> Elsewhere:
    return Elsewhere(broker, account)


def read(account: BrokerageAccount) -> None:
    watchlist_reading.read_watchlists(account=account, now=timezone.now())


def shown(account: BrokerageAccount) -> dict[str, list[str]]:
    return {
        row.name: [asset.symbol for asset in watchlists.get_assets(row)]
        for row in Watchlist.objects.of(account)
    }


def sent_list(account: BrokerageAccount, *symbols: str) -> Watchlist:
    made = watchlists.create_watchlist(account=account, name="Mine")
    for symbol in symbols:
        add(made, symbol)
    send(made)
    made.refresh_from_db()
    return made


def key_of(made: Watchlist) -> str:
    return str(made.broker_watchlist_id)


def test_read_watchlists_takes_over_one_that_was_made_there(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    AssetFactory.create(symbol="KO")
    there.set(str(uuid4()), name="Drinks", symbols=["KO", "NOSUCH"])

    read(account)
    read(account)

    assert shown(account) == {"Drinks": ["KO"]}
    assert not Watchlist.objects.unsent().exists()


def test_read_watchlists_takes_over_what_changed_there(account: BrokerageAccount, there: Elsewhere) -> None:
    mine = sent_list(account, "AAPL", "MSFT")
    AssetFactory.create(symbol="KO")
    there.set(key_of(mine), timezone.now() + timedelta(seconds=1), symbols=["MSFT", "KO"], name="Theirs")

    read(account)

    assert shown(account) == {"Theirs": ["MSFT", "KO"]}


def test_read_watchlists_keeps_what_is_on_it_there_though_it_is_traded_no_more(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    mine = sent_list(account, "AAPL", "MSFT")
    Asset.objects.filter(symbol="MSFT").update(status=Asset.INACTIVE)
    there.set(key_of(mine), timezone.now() + timedelta(seconds=1), symbols=["MSFT"])

    read(account)

    assert [item.asset.symbol for item in mine.items.all()] == ["MSFT"]


def test_send_watchlist_makes_no_second_one_where_the_list_could_not_be_read_whole(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    made = watchlists.create_watchlist(account=account, name="Mine")
    there.lists["odd"] = {"id": "odd", "name": "Mine"}

    with pytest.raises(BrokerOutcomeUnknown):
        send(made)

    assert not there.bodies


def test_read_watchlists_changed_on_both_sides_loses_nothing(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    mine = sent_list(account, "AAPL")
    AssetFactory.create(symbol="KO")
    there.set(key_of(mine), timezone.now() + timedelta(seconds=1), symbols=["AAPL", "KO"])
    add(mine, "MSFT")

    read(account)
    send(mine)

    assert sorted(there.lists[key_of(mine)]["symbols"]) == ["AAPL", "KO", "MSFT"]
    assert sorted(shown(account)["Mine"]) == ["AAPL", "KO", "MSFT"]


def test_send_watchlist_keeps_what_was_put_on_it_there_meanwhile(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    mine = sent_list(account, "AAPL")
    AssetFactory.create(symbol="KO")
    there.set(key_of(mine), timezone.now() + timedelta(seconds=1), symbols=["AAPL", "KO"])
    add(mine, "MSFT")

    send(mine)

    assert sorted(there.lists[key_of(mine)]["symbols"]) == ["AAPL", "KO", "MSFT"]


def test_read_watchlists_forgets_one_that_was_removed_there_unless_it_changed_here(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    mine = sent_list(account, "AAPL")
    there.lists.clear()
    add(mine, "MSFT")

    read(account)
    assert shown(account) == {"Mine": ["AAPL", "MSFT"]}
    send(mine)
    there.lists.clear()
    read(account)

    assert shown(account) == {}


def test_read_watchlists_leaves_one_alone_that_is_being_made(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    watchlists.create_watchlist(account=account, name="Mine")
    there.set(str(uuid4()), name="Mine", symbols=[])

    read(account)

    assert list(shown(account)) == ["Mine"]


def test_read_soon_asks_once_a_minute(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            watchlist_reading.read_soon(account)

    assert sent == ["trading.tasks.sync_watchlists"]


def test_list_with_a_member_that_cannot_be_read_leaves_the_others_read(
    account: BrokerageAccount, there: Elsewhere
) -> None:
    AssetFactory.create(symbol="KO")
    there.set(str(uuid4()), name="Odd", symbols=[{"nothing": 1}])
    there.set(str(uuid4()), name="Drinks", symbols=["KO"])
    with pytest.raises(BrokerOutcomeUnknown):
        read(account)
    assert shown(account) == {"Drinks": ["KO"]}
