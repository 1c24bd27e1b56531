"""The rows that the pages of `benchmarks.pages` show: 11,000 assets, a small account and a large one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from benchmarks.browser import Browser, getter

ASSETS, LARGE = 11_000, 500
SEARCHED = (
    "a",
    "ap",
    "appl",
    "micro",
    "inc",
    "fund",
    "bank of",
    "etf trust",
    "zz",
    "tsla",
    "first",
    "holdings c",
    "microsft",
)


@dataclass
class Rows:
    """Whose pages are asked for."""

    cookie: str
    small: Any
    large: Any
    symbol: str
    """Of a position of the large account."""
    order_id: Any
    """A filled order of the large account."""
    transfer_id: Any
    """A transfer of the small one."""


def make() -> Rows:
    """The demo's trader with an account that has a few rows, and one of another person with many."""
    from brokerapp.accounts.models import BrokerageAccount, User
    from brokerapp.demo import people
    from funding.models import Transfer
    from trading.models import Order, Position
    from trading.services import gains

    people.seed_people("bench-password-1")
    trader = User.objects.get(email=people.TRADER.email)
    small = BrokerageAccount.objects.get(user=trader)
    make_assets()
    large = BrokerageAccount.objects.create(
        user=trader,
        broker_account_id=uuid4(),
        status="ACTIVE",
        broker_status="ACTIVE",
        cash=Decimal(5000),
        buying_power=Decimal(5000),
        equity=Decimal(100_000),
        balances_at=small.balances_at,
    )
    fill(large)
    tell_the_past(large)
    for account in (small, large):
        gains.work_out(account=account)
    held = Position.objects.filter(account=large).order_by("symbol")[0]
    filled = Order.objects.filter(account=large, status="FILLED").order_by("created_at")[0]
    moved = Transfer.objects.filter(account=small).order_by("created_at")[0]
    return Rows(sign_in(trader), small, large, held.symbol, filled.pk, moved.pk)


def make_assets() -> None:
    """As many as the real list has: those of the sandbox, and others with names as companies have them."""
    from django.utils import timezone

    from trading.models import Asset, QuotePause

    words = (
        "First",
        "Global",
        "United",
        "Bank of",
        "Energy",
        "Health",
        "Capital",
        "Micro",
        "Pacific",
        "Trust",
    )
    kinds = ("Inc.", "Corp. Common Stock", "Holdings Co.", "ETF Trust", "Fund", "PLC ADR")
    known = Asset.objects.count()
    Asset.objects.bulk_create(
        [
            Asset(
                id=uuid4(),
                symbol=f"Z{number:04X}Q",
                name=f"{words[number % 10]} {words[number // 10 % 10]} {number} {kinds[number % 6]}",
                exchange="NYSE",
                asset_class="us_equity",
                status=Asset.ACTIVE,
                tradable=number % 50 != 0,
                fractionable=number % 3 != 0,
                marginable=True,
                shortable=True,
                synced_at=timezone.now(),
            )
            for number in range(ASSETS - known)
        ],
        batch_size=2000,
    )
    # The sandbox has no prices of them: pages have found that out already.
    later = timezone.now() + timedelta(days=1)
    made = Asset.objects.filter(symbol__startswith="Z", quote_pause__isnull=True)
    QuotePause.objects.bulk_create(QuotePause(asset=asset, due_at=later) for asset in made)


def fill(account: Any) -> None:
    """Positions, their prices, open orders and closed ones."""
    from django.utils import timezone

    from trading.models import Asset, Order, Position, PositionsSync, Quote

    now = timezone.now()
    assets = list(
        Asset.objects.filter(status=Asset.ACTIVE, symbol__startswith="Z").order_by("symbol")[:LARGE]
    )
    Quote.objects.bulk_create(
        Quote(
            asset=asset, bid=Decimal("99.9"), ask=Decimal("100.1"), last=Decimal(100), as_of=now,
            synced_at=now, previous_close=Decimal(99 + number % 3), looked_at=now + timedelta(days=1),
        )
        for number, asset in enumerate(assets)
    )  # fmt: skip
    Position.objects.bulk_create(
        Position(
            account=account, asset=asset, symbol=asset.symbol, qty=Decimal(number + 1) / 8,
            avg_entry_price=Decimal(90), cost_basis=Decimal(90 * (number + 1)) / 8, synced_at=now,
        )
        for number, asset in enumerate(assets)
    )  # fmt: skip
    PositionsSync.objects.update_or_create(
        account=account, defaults={"due_at": now + timedelta(days=1), "synced_at": now, "changed_at": now}
    )
    filled = {"status": "FILLED", "filled_qty": 2, "recorded_qty": 2, "filled_avg_price": Decimal(90)}
    rows = []
    for number, asset in enumerate(assets):
        key = uuid4()
        rows.append(
            Order(
                id=key, client_order_id=str(key), user=account.user, account=account, asset=asset,
                symbol=asset.symbol, side="BUY", qty=Decimal(2), broker_order_id=uuid4(),
                created_at=now - timedelta(hours=number),
                **(filled if number % 10 else {"status": "NEW"}),
            )
        )  # fmt: skip
    Order.objects.bulk_create(rows)


def tell_the_past(account: Any) -> None:
    """What made the positions, as the broker's list tells it, and a value for each of the last 400 days."""
    from django.db import connection
    from django.utils import timezone

    from brokerapp.activities.models import Activity
    from trading.models import DailyEquity, Position

    now = timezone.now()
    start = now - timedelta(days=400)
    Activity.objects.create(
        account=account, activity_id="deposit", reference="deposit", activity_type="CSD", at=start,
        date=start.date(), net_amount=Decimal(2_000_000), status="executed",
    )  # fmt: skip
    Activity.objects.bulk_create(
        Activity(
            account=account, activity_id=f"fill{number}", reference=f"fill{number}", activity_type="FILL",
            at=now - timedelta(hours=12 * number), date=(now - timedelta(hours=12 * number)).date(),
            net_amount=-position.qty * 90, qty=position.qty, price=Decimal(90), side="buy",
            symbol=position.symbol, status="executed",
        )
        for number, position in enumerate(Position.objects.filter(account=account), start=1)
    )  # fmt: skip
    DailyEquity.objects.bulk_create(
        DailyEquity(
            account=account, day=(now - timedelta(days=ago)).date(), at=now - timedelta(days=ago),
            equity=Decimal(1_900_000 + 100 * ago),
        )
        for ago in range(400, 0, -1)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def sign_in(person: Any) -> str:
    """A `Cookie` header that is this person's session."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from brokerapp.web import session_limits

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session_limits.begin(session, timezone.now())
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def pages(rows: Rows, browser: Browser) -> dict[str, Callable[[], object]]:
    """What is measured, by its name in the table."""
    small, large = (f"/a/{account.pk}" for account in (rows.small, rows.large))
    listed = {
        "display (an empty page)": ["/display/"],
        "portfolio, small": [f"{small}/portfolio/"],
        f"portfolio, {LARGE} positions": [f"{large}/portfolio/"],
        "position": [f"{large}/portfolio/{rows.symbol}/"],
        "performance": [f"{large}/portfolio/all/performance/"],
        "asset and ticket": [f"{small}/trade/AAPL/"],
        "orders, open, small": [f"{small}/orders/"],
        "orders, open, large": [f"{large}/orders/"],
        "orders, closed, large": [f"{large}/orders/?tab=closed"],
        "activity, small": [f"{small}/activity/"],
        "activity, large": [f"{large}/activity/"],
        "search page": [f"{small}/trade/?q={word.replace(' ', '+')}" for word in SEARCHED],
        "order": [f"{large}/orders/{rows.order_id}/"],
        "transfers": [f"{small}/transfer/"],
        "transfer": [f"{small}/transfer/{rows.transfer_id}/"],
    }
    there = {name: paths for name, paths in listed.items() if browser.ask(paths[0])[0].status == 200}
    for name in listed.keys() - there.keys():
        print(f"  {name}: there is no such page")
    found: dict[str, Callable[[], object]] = {name: getter(browser, paths) for name, paths in there.items()}
    typed = [f"{small}/trade/suggestions/?q={word.replace(' ', '+')}" for word in SEARCHED]
    found["suggestions (search as one types)"] = getter(browser, typed, expect="")
    found["ticket"] = getter(browser, [f"{small}/trade/AAPL/order/?side=BUY"])
    found["review of an order"] = getter(browser, [f"{small}/orders/review/{review_token(rows.small)}/"])
    found["watchlist"] = getter(browser, [f"{small}/watchlists/"])
    return found


def review_token(account: Any) -> str:
    """Of the review of a small order."""
    from brokerapp.workflow import intents
    from trading.models import Asset
    from trading.views.reviews import PURPOSE

    data = {"asset": str(Asset.objects.get(symbol="AAPL").pk), "side": "BUY", "qty": "0.1"}
    return intents.mint(PURPOSE, account.user_id, account.pk, data)
