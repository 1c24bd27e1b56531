"""Pages of this app: only the person's own account."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models.functions import ExtractYear
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.activities.models import Activity
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.records import feed, receipts, services
from brokerapp.records.forms import FilterForm
from brokerapp.records.models import DocumentKind, IssuedDocument
from brokerapp.ui.csv_download import csv_response
from brokerapp.units.market_time import day_in_new_york

ENTRIES_PER_PAGE = 50
DOCUMENTS_PER_PAGE = 50


class ActivityFeed(SectionMixin):
    """Everything that moved cash or shares, newest first, narrowed by what the address says."""

    section = "activity"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = FilterForm(request.GET)
        wanted = form.wanted()
        found = feed.activities_of(self.account, wanted)
        page = Paginator(found, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "account": self.account,
            "form": form,
            "wanted": wanted,
            "page": page,
            "entries": feed.entries_of(self.account, list(page)),
            "read_at": feed.read_at(self.account),
        }
        return render(request, "records/activity.html", context)


class ActivityCsv(AccountRequiredMixin):
    """The filtered feed as a table to download."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        found = feed.activities_of(self.account, FilterForm(request.GET).wanted())
        day = day_in_new_york(timezone.now())
        return csv_response(f"activity-{self.account.last4}-{day}.csv", feed.CSV_HEADER, feed.csv_rows(found))


class Receipt(AccountRequiredMixin):
    """One entry with its proof: what it did, when we heard of it, and its references."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        activity = get_object_or_404(Activity, pk=pk, account=self.account)
        (entry,) = feed.entries_of(self.account, [activity])
        context = {"entry": entry, "activity": activity, **receipts.proof_of(entry)}
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
