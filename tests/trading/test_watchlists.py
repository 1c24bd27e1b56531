import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError
from tests.account_pages import AccountClient
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, QuoteFactory
from trading.models import Watchlist, WatchlistItem
from trading.services import watchlists

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create()


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


@pytest.fixture(autouse=True)
def _tasks(sent: list[str]) -> None:
    """No task runs by itself."""


class Broker:
    """The broker's watchlists of an account, as the API keeps them; `bodies` are what was sent."""

    def __init__(self, stub: BrokerStub, account: BrokerageAccount) -> None:
        self.lists: dict[str, dict[str, Any]] = {}
        self.bodies: list[tuple[str, Any]] = []
        path = f"/v1/trading/accounts/{account.broker_account_id}/watchlists"
        stub.call_back("GET", path, self.show)
        stub.call_back("POST", path, self.create)
        for method in ("GET", "PUT", "DELETE"):
            stub.mock.add_callback(method, re.compile(rf".*{path}/[0-9a-f-]+$"), callback=self.change)
        self.meanwhile: Callable[[], object] = lambda: None

    def show(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps(list(self.lists.values()))

    def create(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        body = {**json.loads(request.body or b""), "id": str(uuid4())}
        self.bodies.append(("POST", dict(body)))
        self.meanwhile()
        self.lists[body["id"]] = body
        return 200, {}, json.dumps(body)

    def change(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        key = str(request.url).rsplit("/", 1)[1]
        if request.method != "GET":
            self.bodies.append((str(request.method), json.loads(request.body or b"null")))
        if key not in self.lists:
            return 404, {}, '{"message": "watchlist not found"}'
        if request.method == "GET":
            found = self.lists[key]
            return 200, {}, json.dumps({**found, "assets": [{"symbol": each} for each in found["symbols"]]})
        if request.method == "DELETE":
            del self.lists[key]
            return 204, {}, ""
        self.lists[key] |= json.loads(request.body or b"")
        return 200, {}, json.dumps(self.lists[key])

    def symbols(self) -> list[list[str]]:
        return [each["symbols"] for each in self.lists.values()]


@pytest.fixture
def kept(broker: BrokerStub, account: BrokerageAccount) -> Broker:
    return Broker(broker, account)


def add(watchlist: Watchlist, symbol: str) -> None:
    watchlists.add_asset(watchlist=watchlist, asset=AssetFactory.create(symbol=symbol), now=timezone.now())


def send(watchlist: Watchlist) -> None:
    watchlists.send_watchlist(watchlist_id=watchlist.pk, now=timezone.now())


def test_send_watchlist_makes_it_once_and_then_replaces_it(account: BrokerageAccount, kept: Broker) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Big Tech")
    add(watchlist, "AAPL")
    send(watchlist)
    add(watchlist, "MSFT")
    send(watchlist)
    send(watchlist)

    assert [(method, body["symbols"]) for method, body in kept.bodies] == [
        ("POST", ["AAPL"]),
        ("PUT", ["AAPL", "MSFT"]),
    ]
    assert kept.bodies[0][1]["name"] == "BigTech"


def test_send_watchlist_whose_making_was_not_heard_of_finds_it(
    account: BrokerageAccount, kept: Broker, broker: BrokerStub
) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    key = str(uuid4())
    kept.lists[key] = {"id": key, "name": "Mine", "symbols": []}
    add(watchlist, "AAPL")

    send(watchlist)

    assert kept.symbols() == [["AAPL"]]
    watchlist.refresh_from_db()
    assert str(watchlist.broker_watchlist_id) == key


def test_send_watchlist_that_somebody_removed_at_the_broker_makes_it_again(
    account: BrokerageAccount, kept: Broker
) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    send(watchlist)
    kept.lists.clear()
    add(watchlist, "AAPL")

    send(watchlist)

    assert kept.symbols() == [["AAPL"]]


def test_removed_watchlist_goes_at_the_broker_and_then_here(account: BrokerageAccount, kept: Broker) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    send(watchlist)
    watchlists.remove_watchlist(watchlist=watchlist, now=timezone.now())
    assert not Watchlist.objects.of(account).exists()

    send(watchlist)

    assert (kept.lists, Watchlist.objects.count()) == ({}, 0)


def test_send_watchlists_sends_what_failed_again_after_a_pause(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    path = f"/v1/trading/accounts/{account.broker_account_id}/watchlists"
    broker.on("GET", path, status=503, json={})

    with pytest.raises(BrokerError):
        send(watchlist)
    watchlists.send_watchlists(now=timezone.now())
    calls = len(broker.calls)
    watchlists.send_watchlists(now=timezone.now())

    assert len(broker.calls) == calls
    watchlist.refresh_from_db()
    assert watchlist.due_at is not None
    assert watchlist.due_at > timezone.now()
    assert watchlist.failures == 1


def test_send_watchlists_looks_at_no_list_that_the_broker_has(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    Broker(broker, account)
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    watchlists.send_watchlists(now=timezone.now())
    assert not Watchlist.objects.filter(due_at__isnull=False).exists()

    watchlist.refresh_from_db()
    watchlists.rename_watchlist(watchlist=watchlist, name="Other", now=timezone.now())
    assert Watchlist.objects.filter(due_at__isnull=False).exists()
    watchlists.send_watchlists(now=timezone.now())

    assert not Watchlist.objects.unsent().exists()
    assert not Watchlist.objects.filter(due_at__isnull=False).exists()


def test_change_while_it_is_sent_is_sent_again(account: BrokerageAccount, kept: Broker) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    add(watchlist, "AAPL")
    later = timezone.now() + timedelta(seconds=1)
    kept.meanwhile = lambda: Watchlist.objects.filter(pk=watchlist.pk).update(changed_at=later)
    send(watchlist)

    assert Watchlist.objects.unsent().filter(pk=watchlist.pk).exists()


@pytest.mark.parametrize("name", ["big-tech", "BigTech", " Big  Tech "])
def test_create_watchlist_with_a_name_in_use_is_refused(account: BrokerageAccount, name: str) -> None:
    watchlists.create_watchlist(account=account, name="bigtech" if name == "big-tech" else "Big Tech")

    with pytest.raises(watchlists.NameTaken):
        watchlists.create_watchlist(account=account, name=name)


def test_create_watchlist_without_a_letter_is_refused(account: BrokerageAccount) -> None:
    with pytest.raises(watchlists.NameUnusable):
        watchlists.create_watchlist(account=account, name="…")


def test_add_asset_to_a_full_list_is_refused(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchlists, "MOST_ASSETS", 1)
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    add(watchlist, "AAPL")
    add(watchlist, "AAPL")

    with pytest.raises(watchlists.TooMany):
        add(watchlist, "MSFT")


def test_star_makes_the_first_list_and_comes_back(owner: AccountClient, account: BrokerageAccount) -> None:
    AssetFactory.create()
    page = f"/a/{account.pk}/trade/AAPL/"

    reply = owner.post("/watchlists/watch/", {"watch": "AAPL", "next": page})

    assert reply["Location"] == page
    assert WatchlistItem.objects.get().watchlist.name == "Watchlist"
    owner.post("/watchlists/watch/", {"unwatch": "AAPL", "next": "https://elsewhere.example/"})
    assert not WatchlistItem.objects.exists()


def test_unstar_on_the_list_offers_to_put_it_back(owner: AccountClient, account: BrokerageAccount) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    add(watchlist, "AAPL")
    form = {"unwatch": "AAPL", "list": str(watchlist.pk), "from": "watchlist"}

    page = owner.post("/watchlists/watch/", form, follow=True).content.decode()

    assert "AAPL is off this list." in page
    assert "Put it back" in page


def test_lists_of_others_are_not_found(owner: AccountClient) -> None:
    other = watchlists.create_watchlist(account=BrokerageAccountFactory.create(), name="Theirs")
    AssetFactory.create()

    assert owner.get(f"/watchlists/{other.pk}/").status_code == 404
    assert owner.post(f"/watchlists/{other.pk}/remove/").status_code == 404
    for named in (str(other.pk), "nonsense"):
        assert owner.post("/watchlists/watch/", {"watch": "AAPL", "list": named}).status_code == 404


def test_watchlist_page_sorts_by_price(owner: AccountClient, account: BrokerageAccount) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    for symbol, price in (("AAPL", 100), ("MSFT", 300), ("TSLA", 200)):
        add(watchlist, symbol)
        asset = AssetFactory.create(symbol=symbol)
        QuoteFactory.create(asset=asset, last=price, looked_at=timezone.now())

    page = owner.get(f"/watchlists/{watchlist.pk}/?sort=price").content.decode()

    assert page.index("MSFT") < page.index("TSLA") < page.index("AAPL")


@pytest.mark.parametrize("sort", ["symbol", "change", "nonsense"])
def test_watchlist_page_takes_any_sort(owner: AccountClient, account: BrokerageAccount, sort: str) -> None:
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    add(watchlist, "AAPL")
    QuoteFactory.create(looked_at=timezone.now())

    assert owner.get(f"/watchlists/{watchlist.pk}/?sort={sort}").status_code == 200


def test_new_list_with_a_name_in_use_keeps_what_was_typed(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    watchlists.create_watchlist(account=account, name="Mine")

    reply = owner.post("/watchlists/new/", {"new-name": "Mine!"})

    assert reply.status_code == 422
    assert 'value="Mine!"' in reply.content.decode()


def test_first_list_made_by_two_stars_at_once_is_one(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = watchlists.create_watchlist(account=account, name=watchlists.FIRST_NAME)
    monkeypatch.setattr(watchlists, "get_first", lambda account: None)

    assert watchlists.get_default(account) == made
