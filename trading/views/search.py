"""Finding what to trade."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.accounts.capabilities import Capability
from trading.forms.search import SearchForm
from trading.listings import Listing, listings, price_note
from trading.models import Asset, Position
from trading.services import quotes, screens, watchlists

RESULTS = 30
SUGGESTED = 8


class Search(SectionMixin):
    """Find what to trade, by symbol or name; before that, what one watches, holds, and what moves today."""

    asks_broker = ("GET", "HEAD")
    section = "trade"

    def get(self, request: HttpRequest) -> HttpResponse:
        text = typed_text(request)
        context = self.found(text) if text else self.start()
        context |= {"q": request.GET.get("q", ""), "blocked": self.blocked_from(Capability.TRADE)}
        return render(request, "trading/search.html", context)

    def found(self, text: str) -> dict[str, object]:
        page = Paginator(Asset.objects.matching(text), RESULTS).get_page(self.request.GET.get("page"))
        assets = list(page)
        rows = self.listed(assets)
        return {
            "page": page,
            "listings": rows,
            "price_note": price_note(rows, timezone.now()),
            "is_loading": not assets and not Asset.objects.exists(),
        }

    def start(self) -> dict[str, object]:
        watchlist = watchlists.get_first(self.account)
        groups = [("Your watchlist", watchlists.get_assets(watchlist))] if watchlist else []
        held = Position.objects.filter(account=self.account).select_related("asset").order_by("symbol")
        groups.append(("What you hold", [position.asset for position in held if position.asset]))
        groups += [(name, [row.asset for row in rows]) for name, rows in screens.get_screens().items()]
        shown = {asset.pk: asset for _, assets in groups for asset in assets}
        rows = {row.asset.pk: row for row in self.listed(list(shown.values()))}
        return {
            "groups": [(name, [rows[asset.pk] for asset in assets]) for name, assets in groups if assets],
            "watchlist": watchlist,
            "price_note": price_note(rows.values(), timezone.now()),
        }

    def listed(self, assets: list[Asset]) -> list[Listing]:
        shown = quotes.get_shown_quotes(assets, now=timezone.now())
        return listings(assets, shown, self.watched())

    def watched(self) -> set[UUID]:
        return watchlists.get_watched_ids(self.account)


class Suggestions(AccountRequiredMixin):
    """What a text being typed may mean: options of the search field, with the prices that we have."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = typed_text(request)
        assets = list(Asset.objects.matching(text)[: SUGGESTED + 1]) if text else []
        shown = assets[:SUGGESTED]
        known = quotes.get_quotes(asset.pk for asset in shown)
        context = {"listings": listings(shown, known, ()), "q": text, "has_more": len(assets) > SUGGESTED}
        return render(request, "trading/_suggestions.html", context)


def typed_text(request: HttpRequest) -> str:
    """The text that is searched for; empty if none can be."""
    form = SearchForm(request.GET)
    found: str = form.cleaned_data["q"] if form.is_valid() else ""
    return found
