"""Lists of assets that a person watches."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from brokerapp.accounts.access import AccountRequiredMixin
from trading.forms.watchlists import WatchlistForm
from trading.listings import listings, price_note, sort_listings
from trading.models import Asset, Watchlist
from trading.services import quotes, watchlist_reading, watchlists
from trading.views.assets import get_asset_or_404
from trading.views.listing_rows import table_rows


class WatchlistPage(AccountRequiredMixin):
    """One list with last prices, the account's first if the address names none, and the names of all."""

    def get(self, request: HttpRequest, watchlist_id: UUID | None = None) -> HttpResponse:
        watchlist_reading.read_soon(self.account)
        return self.page(watchlist_id)

    def page(self, watchlist_id: UUID | None, **forms: WatchlistForm) -> HttpResponse:
        request, now, lists = self.request, timezone.now(), watchlists.find_watchlists(self.account.pk)
        shown = next((each for each in lists if watchlist_id in (None, each.pk)), None)
        if watchlist_id is not None and shown is None:
            raise Http404
        assets = watchlists.get_assets(shown) if shown else []
        known = quotes.get_shown_quotes(assets, now=now, by=self.account.user_id, known=quotes.of(assets))
        rows = listings(assets, known, {asset.pk for asset in assets})
        removed = request.GET.get("removed", "")
        context: dict[str, Any] = {
            "lists": lists,
            "watchlist": shown,
            "sort": request.GET.get("sort", ""),
            "price_note": price_note(rows, now),
            "listings": table_rows(self.account, sort_listings(rows, request.GET.get("sort", ""))),
            "removed": Asset.objects.offered().filter(symbol=removed.upper()).first() if removed else None,
            "create_form": forms.get("create") or WatchlistForm(prefix="new"),
            "rename_form": forms.get("rename")
            or WatchlistForm(initial={"name": shown.name if shown else ""}),
        }
        return render(request, "trading/watchlist.html", context, status=422 if forms else 200)


class CreateWatchlist(WatchlistPage):
    """Makes a list."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WatchlistForm(request.POST, prefix="new")
        if form.is_valid():
            try:
                made = watchlists.create_watchlist(account=self.account, name=form.cleaned_data["name"])
            except watchlists.WatchlistRefused as refusal:
                form.add_error("name", str(refusal))
            else:
                return self.redirect("trading:watchlist", made.pk)
        return self.page(None, create=form)


class OwnWatchlistMixin(WatchlistPage):
    """A change of one of the account's lists, as `self.watchlist`."""

    http_method_names = ["post"]
    watchlist: Watchlist

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.watchlist = get_object_or_404(Watchlist.objects.of(self.account), pk=kwargs.pop("watchlist_id"))
        return super().dispatch_own(request, *args, **kwargs)


class RenameWatchlist(OwnWatchlistMixin):
    """Gives a list another name."""

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WatchlistForm(request.POST)
        if form.is_valid():
            try:
                watchlists.rename_watchlist(
                    watchlist=self.watchlist, name=form.cleaned_data["name"], now=timezone.now()
                )
            except watchlists.WatchlistRefused as refusal:
                form.add_error("name", str(refusal))
            else:
                return self.redirect("trading:watchlist", self.watchlist.pk)
        return self.page(self.watchlist.pk, rename=form)


class RemoveWatchlist(OwnWatchlistMixin):
    """Takes a list away."""

    def post(self, request: HttpRequest) -> HttpResponse:
        watchlists.remove_watchlist(watchlist=self.watchlist, now=timezone.now())
        messages.info(request, f"The list {self.watchlist.name} is removed.")
        return self.redirect("trading:watchlists")


class Watch(AccountRequiredMixin):
    """Puts an asset on a list (`watch`) or takes it off (`unwatch`); on the first list, if none is named."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if "unwatch" in request.POST:
            return self.unwatch(request.POST["unwatch"])
        asset = get_asset_or_404(request.POST.get("watch", ""))
        watchlist = self.named_list() or watchlists.get_default(self.account)
        try:
            watchlists.add_asset(watchlist=watchlist, asset=asset, now=timezone.now())
        except watchlists.TooMany as refusal:
            messages.warning(request, str(refusal))
        return self.back()

    def unwatch(self, symbol: str) -> HttpResponse:
        watchlist = self.named_list() or watchlists.get_default(self.account)
        # What is on a list may be of a class that has no page here.
        asset = watchlists.get_member(watchlist, symbol) or get_asset_or_404(symbol)
        watchlists.remove_asset(watchlist=watchlist, asset=asset, now=timezone.now())
        if self.request.POST.get("from") == "watchlist":
            undo = urlencode({"removed": asset.symbol})
            return redirect(f"{self.url('trading:watchlist', watchlist.pk)}?{undo}")
        return self.back()

    def named_list(self) -> Watchlist | None:
        named = self.request.POST.get("list") or self.request.GET.get("list")
        if not named:
            return None
        try:
            return get_object_or_404(Watchlist.objects.of(self.account), pk=UUID(named))
        except ValueError:
            raise Http404 from None

    def back(self) -> HttpResponse:
        asked = self.request.POST.get("next", "")
        ours = url_has_allowed_host_and_scheme(asked, {self.request.get_host()}, self.request.is_secure())
        return redirect(asked if ours else self.url("trading:watchlists"))
