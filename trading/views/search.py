"""Finding what to trade."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.accounts.capabilities import Capability
from trading.forms.search import SearchForm
from trading.listings import PriceNote, listings, price_note
from trading.models import Asset, Position
from trading.services import catalogue, quotes, screens, watchlists
from trading.views.listing_rows import options, table_rows

RESULTS = 30
SUGGESTED = 8


class Search(SectionMixin):
    """Find what to trade, by symbol or name; before that, what one watches, holds, and what moves today."""

    section = "trade"

    def get(self, request: HttpRequest) -> HttpResponse:
        text = typed_text(request)
        context = self.found(text) if text else self.start()
        context |= {"q": request.GET.get("q", ""), "blocked": self.blocked_from(Capability.TRADE)}
        return render(request, "trading/search.html", context)

    def found(self, text: str) -> dict[str, object]:
        found: Any = catalogue.Found(text, RESULTS)
        page: Any = Paginator(found, RESULTS).get_page(self.request.GET.get("page"))
        assets = list(page)
        meant = [] if assets else catalogue.nearest(text, SUGGESTED)
        (rows,), note = self.listed([assets or meant])
        return {
            "page": page,
            "listings": rows,
            "is_meant": bool(meant),
            "price_note": note,
            "is_loading": not (assets or meant) and not Asset.objects.exists(),
        }

    def start(self) -> dict[str, object]:
        watchlist = watchlists.get_first(self.account)
        groups = [("Your watchlist", watchlists.get_assets(watchlist))] if watchlist else []
        held = Position.objects.filter(account=self.account).select_related("asset__quote").order_by("symbol")
        mine = [position.asset for position in held if position.asset and position.asset.is_offered]
        groups.append(("What you hold", mine))
        groups += [(name, [row.asset for row in rows]) for name, rows in screens.get_screens().items()]
        groups = [(name, assets) for name, assets in groups if assets]
        rows, note = self.listed([assets for _, assets in groups])
        return {
            "groups": [(name, of_group) for (name, _), of_group in zip(groups, rows, strict=True)],
            "watchlist": watchlist,
            "price_note": note,
        }

    def listed(self, groups: list[list[Asset]]) -> tuple[list[SafeString], PriceNote | None]:
        """The rows of each group, and what is said once of all their prices."""
        now, every = timezone.now(), {asset.pk: asset for assets in groups for asset in assets}
        known = quotes.get_shown_quotes(
            list(every.values()), now=now, by=self.account.user_id, known=quotes.of(every.values())
        )
        watched: set[UUID] = watchlists.get_watched_ids(self.account) if every else set()
        listed = [listings(assets, known, watched) for assets in groups]
        note = price_note([row for rows in listed for row in rows], now)
        return [table_rows(self.account, rows) for rows in listed], note


class Suggestions(AccountRequiredMixin):
    """What a text being typed may mean: options of the search field, with the prices that we have.

    With `nearly`, which is asked once somebody stops at a text that finds nothing, what is spelled nearly so.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        text = typed_text(request)
        assets = catalogue.likeliest(text, SUGGESTED + 1) if text else []
        is_asked = text and not assets and "nearly" in request.GET
        meant = catalogue.nearest(text, SUGGESTED) if is_asked else []
        shown = assets[:SUGGESTED] or meant
        rows = listings(shown, quotes.of(shown), ())
        context = {
            "options": options(self.account, rows),
            "q": text,
            "is_meant": bool(meant),
            "has_more": len(assets) > SUGGESTED,
        }
        return render(request, "trading/_suggestions.html", context)


def typed_text(request: HttpRequest) -> str:
    """The text that is searched for; empty if none can be."""
    form = SearchForm(request.GET)
    found: str = form.cleaned_data["q"] if form.is_valid() else ""
    return found
