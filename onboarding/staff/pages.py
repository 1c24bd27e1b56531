"""The pages of staff about applications, for the admin of `KycApplication` and of `Document`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from brokerapp.accounts.access import person
from brokerapp.accounts.roles import REVEAL
from brokerapp.in_hand import services as in_hand
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui.admin_pages import as_uuid
from brokerapp.ui.csv_download import csv_response
from brokerapp.ui.forms import ReasonForm
from brokerapp.workflow.state import IllegalMove, LostRace
from onboarding.cases import Word, WordKind
from onboarding.models import Document, KycApplication
from onboarding.review import answers_to_check
from onboarding.services import duplicates, kyc, queue, reviews, staff_mails
from onboarding.staff import case, papers
from onboarding.staff.forms import AppealAnswerForm, AskForm, NoteForm, RejectForm
from onboarding.statuses import ApplicationStatus

ON_A_PAGE = 50


class CaseMixin(admin.ModelAdmin):
    """The queue of applications that wait for staff, and the page of one with all that can be done."""

    change_list_template = "admin/onboarding/applications.html"

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("queue/", view(self.queue_view), name=f"{name}_queue"),
            path("queue/csv/", view(self.queue_csv_view), name=f"{name}_queue_csv"),
            path("<path:object_id>/review/", view(self.review_view), name=f"{name}_review"),
            *super().get_urls(),
        ]

    @admin.display(description="review")
    def review_link(self, application: KycApplication) -> str:
        """The way to the page with all about it."""
        url = reverse("admin:onboarding_kycapplication_review", args=[application.pk])
        return format_html('<a href="{}">Review</a>', url)

    def queue_view(self, request: HttpRequest) -> HttpResponseBase:
        """Applications that wait for somebody, the longest first. Raises `PermissionDenied`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        every, wanted, kind = _asked_for(request)
        page = Paginator(wanted, ON_A_PAGE).get_page(request.GET.get("page"))
        found = KycApplication.objects.select_related("user", "account").in_bulk(
            [one.application_id for one in page]
        )
        counts, names = queue.counts(every), case.names_of(one.taken_by for one in page)
        context = {
            **self.admin_site.each_context(request),
            "title": "Applications that wait for you",
            "opts": self.opts,
            "page": page,
            "rows": [
                (found[one.application_id], one, names.get(one.taken_by or 0, ""))
                for one in page
                if one.application_id in found
            ],
            "kinds": [(value, label, counts[value]) for value, label in queue.WaitsFor.choices],
            "kind": kind,
            "now": timezone.now(),
        }
        return TemplateResponse(request, "admin/onboarding/queue.html", context)

    def queue_csv_view(self, request: HttpRequest) -> HttpResponseBase:
        """The queue as a file. Raises `PermissionDenied`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        _, wanted, _ = _asked_for(request)
        header = ("application", "person", "waits for", "since", "in hand", "status", "account")
        return csv_response("applications-that-wait.csv", header, _lines(wanted))

    def review_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """One application with all about it; what is sent to it is done. Raises `PermissionDenied`."""
        application = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if not self.has_view_permission(request):
            raise PermissionDenied
        if application is None:
            raise Http404
        wants_open = "open" in request.GET or request.POST.get("do") == "open"
        if wants_open:
            if not request.user.has_perm(REVEAL):
                raise PermissionDenied
            opened: Callable[..., HttpResponseBase] = reauthentication_required(self._open)
            return opened(request, application)
        if request.method != "POST":
            return self.page(request, application)
        if not self.has_operate_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return self._do(request, application)

    def _open(self, request: HttpRequest, application: KycApplication) -> HttpResponseBase:
        """Show answers and papers beside each other, in answer to a reason, which is kept."""
        form = ReasonForm(request.POST or None)
        if not (request.method == "POST" and form.is_valid()):
            return self.page(request, application, reason=form)
        event = record(
            Kind.PII_REVEALED,
            person=application.user_id,
            staff=request.user.pk,
            request=request,
            obj=application,
            detail={"shown": ["answers", "papers"]},
            reason=form.cleaned_data["reason"],
        )
        shown = [
            (document, papers.ticket_for(document.pk, person(request).pk, event.pk))
            for document in application.documents.defer("content").order_by("created_at")
        ]
        return self.page(
            request, application, opened=True, answers=answers_to_check(application), papers=shown
        )

    def page(self, request: HttpRequest, application: KycApplication, **more: Any) -> TemplateResponse:
        """The page; `more` has what was opened on it, or a form that was refused."""
        may_act = self.has_operate_permission(request)  # type: ignore[attr-defined]
        attempts = list(application.attempts.all())
        taken = in_hand.found_of(application)
        context = {
            **self.admin_site.each_context(request),
            "title": "Review of an application",
            "opts": self.opts,
            "row": application,
            "account": application.account,
            "may_act": may_act,
            "may_open": request.user.has_perm(REVEAL),
            "waits": queue.waits_for(application, timezone.now()),
            "taken": taken,
            "taken_by": case.names_of([taken.taken_by_id]).get(taken.taken_by_id, "") if taken else "",
            "is_mine": taken is not None and taken.taken_by_id == request.user.pk,
            "results": case.grouped_results(application.account.kyc_results if application.account else None),
            "cards": kyc.cards(application),
            "changes": case.changes_since_last(attempts),
            "tries": len(attempts),
            "others": duplicates.others_with_tax_id(application).select_related("user", "account"),
            "words": application.words.order_by("at") if may_act else (),
            "is_to_approve": application.status == ApplicationStatus.IN_REVIEW,
            "appealed": application.words.filter(kind=WordKind.APPEAL, settled_at=None).exists(),
            "timeline": case.timeline(application),
            "forms": _forms() | more.pop("forms", {}),
            **more,
        }
        status = 422 if any(form.errors for form in context["forms"].values()) else 200
        if (asked := more.get("reason")) is not None and asked.errors:
            status = 422
        page = TemplateResponse(request, "admin/onboarding/review.html", context, status=status)
        page["Cache-Control"] = "no-store, private"
        return page

    def _do(self, request: HttpRequest, application: KycApplication) -> HttpResponseBase:
        """What one of the page's forms asks for."""
        do, by, now = request.POST.get("do", ""), person(request), timezone.now()
        at_once: dict[str, Callable[[], object]] = {
            "take": lambda: reviews.take(application=application, by=by, now=now),
            "take_over": lambda: reviews.take(application=application, by=by, over=True, now=now),
            "give_back": lambda: reviews.give_back(application=application, by=by),
            "resync": lambda: reviews.resync(application=application, by=by),
            "send_again": lambda: reviews.send_again(application=application, by=by, now=now),
            "settle": lambda: self._settle(request, application),
        }
        if do in at_once:
            return self._done(request, application, at_once[do])
        if do not in FORMS:
            raise Http404
        form = FORMS[do](request.POST)
        if not form.is_valid():
            return self.page(request, application, forms={do: form})
        mail = _mail_of(do, application, form.cleaned_data)
        if mail is not None and "confirm" not in request.POST:
            return self._preview(request, application, do, form, mail)
        return self._done(request, application, lambda: _decide(do, application, form.cleaned_data, request))

    def _settle(self, request: HttpRequest, application: KycApplication) -> None:
        chosen = as_uuid(request.POST.get("word", ""))
        word = Word.objects.filter(application=application, pk=chosen).first() if chosen else None
        if word is not None:
            reviews.settle_word(word=word, by=person(request), now=timezone.now())

    def _done(
        self, request: HttpRequest, application: KycApplication, do: Callable[[], object]
    ) -> HttpResponse:
        try:
            do()
        except (IllegalMove, LostRace) as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, "Done, and kept with your name.", messages.SUCCESS)
        return redirect("admin:onboarding_kycapplication_review", application.pk)

    def _preview(
        self,
        request: HttpRequest,
        application: KycApplication,
        do: str,
        form: forms.Form,
        mail: EmailMessage,
    ) -> TemplateResponse:
        """The mail as it would go, to be sent or not."""
        sent = [(name, value) for name in form.fields for value in request.POST.getlist(name)]
        context = {
            **self.admin_site.each_context(request),
            "title": "This mail will be sent",
            "opts": self.opts,
            "row": application,
            "mail": mail,
            "hidden": [("do", do), ("confirm", "1"), *sent],
        }
        return TemplateResponse(request, "admin/onboarding/mail.html", context)


def _asked_for(request: HttpRequest) -> tuple[list[queue.Waiting], list[queue.Waiting], str]:
    """All that waits, those of it that the address asks for, and of which kind these are."""
    every, kind = queue.waiting(timezone.now()), request.GET.get("kind", "")
    if kind not in queue.WaitsFor.values:
        return every, every, ""
    return every, [one for one in every if one.kind == kind], kind


def _lines(waiting: list[queue.Waiting]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(waiting), ON_A_PAGE):
        some = waiting[start : start + ON_A_PAGE]
        names = case.names_of(one.taken_by for one in some)
        rows = KycApplication.objects.select_related("user", "account")
        found = rows.in_bulk([one.application_id for one in some])
        for one in some:
            if (row := found.get(one.application_id)) is not None:
                account = str(row.account.get_status_display()) if row.account else ""
                holder = names.get(one.taken_by or 0, "")
                said = (str(one.kind.label), one.since, holder, str(row.get_status_display()), account)
                yield (str(row.pk), row.user.email, *said)


FORMS: dict[str, type[forms.Form]] = {
    "ask": AskForm,
    "approve": ReasonForm,
    "reject": RejectForm,
    "appeal": AppealAnswerForm,
    "note": NoteForm,
}


def _forms() -> dict[str, forms.Form]:
    return {name: form(auto_id=f"id_{name}_%s") for name, form in FORMS.items()}


def _mail_of(do: str, application: KycApplication, cleaned: dict[str, Any]) -> EmailMessage | None:
    """The mail that goes with a decision; None if none does."""
    if do == "ask":
        return staff_mails.asking(application, cleaned["reasons"], cleaned["text"])
    if do == "reject":
        lines = reviews.lines_of_rejection(cleaned["why"], cleaned["text"])
        return staff_mails.mail(staff_mails.REJECTED, application=application, lines=lines)
    if do == "appeal":
        return staff_mails.mail(staff_mails.APPEAL_ANSWERED, application=application, lines=[cleaned["text"]])
    return None


def _decide(do: str, application: KycApplication, given: dict[str, Any], request: HttpRequest) -> object:
    who = {"application": application, "by": person(request), "now": timezone.now()}
    decisions: dict[str, Callable[..., object]] = {
        "ask": reviews.ask,
        "approve": reviews.approve,
        "reject": reviews.reject,
        "appeal": reviews.answer_appeal,
        "note": reviews.write_note,
    }
    return decisions[do](**who, **given)


class PaperMixin(admin.ModelAdmin):
    """The viewer of papers, for who opened them with a reason on the page of the application."""

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/paper/", view(self.paper_view), name=f"{name}_paper"),
            path("<path:object_id>/picture/", view(self.picture_view), name=f"{name}_picture"),
            *super().get_urls(),
        ]

    def paper_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """A paper on a page of its own, turned and enlarged as the address says."""
        document, _ = self._opened(request, object_id)
        turn, zoom = _one_of(request, "turn", papers.TURNS), _one_of(request, "zoom", papers.ZOOMS)
        context = {
            **self.admin_site.each_context(request),
            "title": document.title,
            "opts": self.opts,
            "row": document,
            "ticket": request.GET["ticket"],
            "turn": turn,
            "turns": [("left", (turn - 90) % 360), ("right", (turn + 90) % 360)],
            "zoom": zoom,
            "zooms": papers.ZOOMS,
            "is_pdf": document.mime_type == papers.PDF,
        }
        return TemplateResponse(request, "admin/onboarding/paper.html", context)

    def picture_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The paper itself with its watermark; that it was shown, to whom and why is kept each time."""
        document, event = self._opened(request, object_id)
        record(
            Kind.PAPER_VIEWED,
            person=document.user_id,
            staff=request.user.pk,
            request=request,
            obj=document,
            detail={"opened_with": event.pk},
            reason=event.reason,
        )
        mark = papers.mark_of(person(request).pk, timezone.now())
        turn = _one_of(request, "turn", papers.TURNS)
        content, mime_type = papers.shown(bytes(document.content), document.mime_type, mark=mark, turn=turn)
        reply = HttpResponse(content, content_type=mime_type)
        reply["Content-Disposition"] = "inline"
        reply["Cache-Control"] = "no-store, private"
        return reply

    def _opened(self, request: HttpRequest, object_id: str) -> tuple[Document, Any]:
        """The paper and the row of the log with the reason. Raises `PermissionDenied`, `Http404`."""
        if not (self.has_view_permission(request) and request.user.has_perm(REVEAL)):
            raise PermissionDenied
        try:
            event = papers.reason_of(request.GET.get("ticket", ""), object_id, person(request).pk)
        except papers.TicketNotGood as error:
            raise PermissionDenied("Open the papers again on the page of the application.") from error
        document = Document.objects.filter(pk=object_id, dropped_at=None).first()
        if document is None:
            raise Http404
        return document, event


def _one_of(request: HttpRequest, name: str, choices: tuple[int, ...]) -> int:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and int(given) in choices else choices[0]
