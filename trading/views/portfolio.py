"""The portfolio, and one holding of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.accounts.capabilities import Capability
from trading import timeline
from trading.models import Order, Position
from trading.services import portfolio, tickets

ORDERS_SHOWN = 25


class Portfolio(SectionMixin):
    """What the person has, what is on its way, and what to do next."""

    section = "portfolio"

    def get(self, request: HttpRequest) -> HttpResponse:
        portfolio.refresh_if_old(account=self.account, now=timezone.now())
        valuation = portfolio.get_valuation(self.account)
        open_orders = list(Order.objects.open().filter(account=self.account).newest_first())
        is_empty = not valuation.holdings and not open_orders
        return render(
            request,
            "trading/portfolio.html",
            {
                "account": self.account,
                "valuation": valuation,
                "spending": tickets.get_spending(self.account),
                "open_orders": open_orders,
                "first_steps": timeline.first_steps(self.account) if is_empty else [],
                "blocked": self.blocked_from(Capability.TRADE),
            },
        )


class PositionPage(AccountRequiredMixin):
    """One holding: its cost, value and gain, its orders, and the way to buy more or sell."""

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        position = Position.objects.get_held(self.account, symbol)
        if position is None:
            raise Http404
        if position.symbol != symbol:
            return self.redirect("trading:position", position.symbol)
        valuation = portfolio.get_valuation(self.account)
        holding = next((row for row in valuation.holdings if row.position.pk == position.pk), None)
        if holding is None:  # it was sold meanwhile
            return self.redirect("trading:portfolio")
        mine = Order.objects.filter(account=self.account, asset=position.asset_id).newest_first()
        return render(
            request,
            "trading/position.html",
            {
                "holding": holding,
                "position": position,
                "share": holding.value / valuation.total if holding.value and valuation.total else None,
                "unpriced": valuation.unpriced,
                "orders": list(mine[:ORDERS_SHOWN]),
            },
        )
