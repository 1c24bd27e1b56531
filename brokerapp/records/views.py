"""Pages of this app: only the person's own account."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models.functions import ExtractYear
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.activities.models import Activity
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.records import entry_rows, feed, receipts, services
from brokerapp.records.forms import FilterForm
from brokerapp.records.models import DocumentKind, IssuedDocument
from brokerapp.ui.csv_download import csv_response
from brokerapp.ui.flat import Flat
from brokerapp.units.market_time import day_in_new_york

ENTRIES_PER_PAGE = 25
DOCUMENTS_PER_PAGE = 50
EMPTY_FILTER = Flat("records/_filter.html", "url", form=SimpleLazyObject(FilterForm))
"""The form of a feed that nothing is left out of: the same for everybody."""


class ActivityFeed(SectionMixin):
    """Everything that moved cash or shares, newest first, narrowed by what the address says."""

    section = "activity"

    def get(self, request: HttpRequest) -> HttpResponse:
        form, wanted = _filter_of(request)
        found: Any = feed.pages_of(self.account, wanted)
        shown = Paginator(found, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
        entries = feed.entries_of(self.account, list(shown))
        context = {
            "form": form,
            "filter_form": self._filter_form(form),
            "wanted": wanted,
            "page": shown,
            "entries": entries,
            "days": entry_rows.days_of(self.account, entries),
            "read_at": feed.read_at(self.account),
        }
        return render(request, "records/activity.html", context)

    def _filter_form(self, form: FilterForm | None) -> SafeString:
        url = self.url("records:activity")
        if form is None:
            return EMPTY_FILTER(url=url)
        return render_to_string("records/_filter.html", {"form": form, "url": url, "is_used": True})


def _filter_of(request: HttpRequest) -> tuple[FilterForm | None, feed.Filter]:
    """The filter in an address, if it has one, and what it lets through."""
    if not any(request.GET.get(name) for name in FilterForm.base_fields):
        return None, feed.Filter()
    form = FilterForm(request.GET)
    return form, form.wanted()


class ActivityCsv(AccountRequiredMixin):
    """The filtered feed as a table to download."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        found = feed.activities_of(self.account, _filter_of(request)[1])
        day = day_in_new_york(timezone.now())
        return csv_response(f"activity-{self.account.last4}-{day}.csv", feed.CSV_HEADER, feed.csv_rows(found))


class Receipt(AccountRequiredMixin):
    """One entry with its proof: what it did, when we heard of it, and its references."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = get_object_or_404(Activity, pk=pk, account=self.account)
        (entry,) = feed.entries_of(self.account, [activity])
        proof = receipts.proof_of(entry)
        siblings = entry_rows.rows_of(self.account, proof["siblings"])
        context = {"entry": entry, "activity": activity, **proof, "siblings": siblings}
        return render(request, "records/receipt.html", context)


class Documents(SectionMixin):
    """The documents that the broker issued, of a kind and a year, newest first."""

    section = "documents"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        sync = services.refresh_if_old(account=self.account, now=now)
        kind = next((each for each in DocumentKind if each == request.GET.get("kind")), None)
        mine = IssuedDocument.objects.filter(account=self.account)
        shown = mine.filter(kind=kind) if kind else mine
        years = list(shown.order_by().values_list(ExtractYear("date"), flat=True).distinct())
        year = next((each for each in years if str(each) == request.GET.get("year")), None)
        page = Paginator(shown.filter(date__year=year) if year else shown, DOCUMENTS_PER_PAGE)
        context = {
            "account": self.account,
            "kinds": DocumentKind,
            "kind": kind,
            "years": sorted(years, reverse=True),
            "year": year,
            "page": page.get_page(request.GET.get("page")),
            "synced_at": sync.synced_at if sync else None,
            "next_statement": services.next_statement(day_in_new_york(now)),
        }
        return render(request, "records/documents.html", context)


class DocumentPage(AccountRequiredMixin):
    """One document: what it is, and the way to open it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = get_object_or_404(IssuedDocument, pk=pk, account=self.account)
        return render(request, "records/document.html", {"document": document})


class DownloadDocument(AccountRequiredMixin):
    """Hands a document through from the broker; its own link is never shown."""

    asks_broker = ("GET", "HEAD")

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        document = get_object_or_404(
            IssuedDocument.objects.select_related("account"), pk=pk, account=self.account
        )
        try:
            file = services.fetch_document(document=document, by=self.account.user)
        except BrokerError as error:
            text = f"The broker did not hand out this document just now. Reference {error.reference}"
            messages.error(request, f"{text}. Nothing is lost: please try again in a minute.")
            return self.redirect("records:document", pk)
        return FileResponse(
            file, as_attachment=True, filename=document.filename, content_type="application/pdf"
        )
