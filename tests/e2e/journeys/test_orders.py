"""Orders after they are placed: changed and canceled by keyboard on a phone, all at once, out by an exit."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import axe_everywhere
from tests.e2e.journey import Journey
from tests.e2e.people import signed_in_person
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

TRADER = "trader@example.com"
PLACE = """
from decimal import Decimal
from uuid import uuid4
from django.utils import timezone
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from trading.models import Asset
from trading.order_spec import OrderSpec
from trading.services import orders

account = sync_balances(account=BrokerageAccount.objects.get(user__email={email!r}))
for values in {wanted!r}:
    ticket = OrderSpec(asset=Asset.objects.get(symbol=values.pop("symbol")), **{{
        name: Decimal(value) if name == "qty" or name.endswith("price") else value
        for name, value in values.items()
    }})
    order = orders.place_order(
        account=account, ticket=ticket, order_id=uuid4(), seen_price=None, by=account.user, now=timezone.now()
    )
    print("order", order.pk, account.broker_account_id)
"""
LIMIT = {"symbol": "F", "side": "BUY", "type": "LIMIT", "limit_price": "2.00", "time_in_force": "GTC"}


def place(stack: Stack, *wanted: dict[str, str]) -> list[str]:
    """Orders of the trader; their ids, and at last the account's at the broker."""
    said = stack.run(PLACE.format(email=TRADER, wanted=list(wanted)))
    lines = [line.split() for line in said.splitlines() if line.startswith("order ")]
    return [*(line[1] for line in lines), lines[-1][2]]


@pytest.fixture
def journey(page: Page, stack: Stack) -> Journey:
    return signed_in_person(page, stack, TRADER)


def test_change_and_cancel_by_keyboard_on_a_phone(page: Page, stack: Stack, journey: Journey) -> None:
    order_id, _ = place(stack, LIMIT | {"qty": "10"})
    page.set_viewport_size({"width": 390, "height": 844})
    journey.open(f"/orders/{order_id}/")
    journey.wait_for(page.get_by_role("link", name="Change order"))
    assert axe_everywhere(page) == []
    page.set_viewport_size({"width": 390, "height": 844})

    page.get_by_role("link", name="Change order").press("Enter")
    journey.expect_heading("Change an order")
    assert axe_everywhere(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    price = page.get_by_label("Limit price")
    price.press("Control+a")
    price.press_sequentially("2.10")
    price.press("Enter")
    journey.expect_heading("Review the change")
    assert axe_everywhere(page) == []
    expect(page.get_by_role("row", name="Limit")).to_contain_text("$2.10")
    page.get_by_role("button", name="Change the order").press("Enter")

    journey.wait_for(page.get_by_text("Buy 10 shares of F, limit $2.10, until canceled"))
    expect(page.get_by_text("Limit $2.00 to $2.10")).to_be_visible()
    cancel = page.get_by_role("button", name="Cancel order")
    journey.wait_for(cancel)
    cancel.press("Enter")
    journey.wait_for(page.locator(".receipt .tag", has_text="Canceled"))
    assert axe_everywhere(page) == []
    journey.open("/orders/?tab=closed")
    expect(page.get_by_role("row").filter(has_text="changed 1 time").first).to_contain_text("Canceled")
    assert axe_everywhere(page) == []


def test_cancel_all_without_scripts(browser: Browser, stack: Stack) -> None:
    place(stack, LIMIT | {"qty": "1"}, LIMIT | {"qty": "2"})
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        journey = signed_in_person(page, stack, TRADER, javascript=False)
        journey.open("/orders/")
        page.get_by_text(re.compile("^Filter")).click()
        page.get_by_label("Symbol").fill("f")
        journey.press("Show these")
        expect(page.get_by_role("row").filter(has_text="Buy F")).to_have_count(2)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        assert len(download.value.path().read_text().splitlines()) == 3

        page.get_by_role("link", name="Cancel all").click()
        asked = page.get_by_role("heading", name=re.compile("^Cancel [0-9]+ orders")).inner_text().rstrip("?")
        number = int(asked.split()[1])  # of other tests too
        journey.press(asked)

        journey.expect_heading("What became of your orders")
        done = page.get_by_role("row").filter(has_text="Done")
        journey.wait_for(done.nth(number - 1))
        expect(done).to_have_count(number)
    finally:
        context.close()


def test_bracket_to_its_exit(page: Page, stack: Stack, journey: Journey) -> None:
    exits = {"take_profit_price": "9999", "stop_loss_price": "1"}
    bracket = {"symbol": "F", "side": "BUY", "order_class": "BRACKET", "qty": "2", **exits}
    order_id, account_id = place(stack, bracket)
    journey.open(f"/orders/{order_id}/")
    journey.wait_for(page.locator(".receipt > .row .tag", has_text="Filled"))
    leg = page.get_by_role("link", name="Exit: sell F").first
    journey.wait_for(page.get_by_role("row").filter(has_text="Limit $9,999.00").get_by_text("Working"))
    assert axe_everywhere(page) == []

    leg.click()
    journey.wait_for(page.get_by_text("The other exit"))
    orders = stack.sandbox.get(f"/v1/trading/accounts/{account_id}/orders", params={"symbols": "F"})
    taker = next(each for each in orders if each["type"] == "limit" and each["side"] == "sell")
    body = {"account_id": account_id, "order_id": taker["id"]}
    stack.sandbox.request("POST", "/_sandbox/scenarios/fill", json=body).raise_for_status()

    journey.wait_for(page.get_by_role("heading", name="Sold Ford"))
    journey.wait_for(page.get_by_role("row").filter(has_text="Stop $1.00").get_by_text("Canceled"))
    assert axe_everywhere(page) == []
