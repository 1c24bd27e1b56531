"""The landing page and the application's pages. One service call each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views import View

from brokerapp.accounts.access import SignInRequiredMixin, person
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui.links import account_url
from brokerapp.ui.text_pdf import text_pdf
from brokerapp.web.addresses import client_ip
from onboarding import addresses, agreements, rules, steps
from onboarding.forms import FORMS
from onboarding.forms.disclosures import AgreementsForm
from onboarding.forms.foreign import W8BenForm
from onboarding.forms.personal import DocumentsForm
from onboarding.forms.step import StepForm
from onboarding.models import Document, KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.questions.descriptions import Page
from onboarding.refusals import read_refusal
from onboarding.review import answers_to_check
from onboarding.services import applications, documents, kinds, obstacles, tax_forms


class Landing(View):
    """What this is, who holds the money, and the way in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return (
            redirect("home") if request.user.is_authenticated else render(request, "onboarding/landing.html")
        )


class Home(SignInRequiredMixin):
    """Sends each where they left off: to an application, its status or a portfolio; staff to their pages."""

    def get(self, request: HttpRequest) -> HttpResponse:
        account = BrokerageAccount.objects.of_person(person(request).pk).first()
        if account and account.is_open:
            return redirect(account_url(account, "trading:portfolio"))
        newest = KycApplication.objects.of_person(person(request).pk)
        application = newest.filter(submitted_at__isnull=False).first() or newest.first()
        if application is None:
            if request.user.is_staff and not account:
                return redirect("admin:index")
            return redirect("application_status" if account else "apply")
        name = "application_status" if account or application.submitted_at else "apply"
        return redirect(addresses.url(application, name))


class AgreementPage(View):
    """The text of one agreement, readable in the page."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return render(request, "onboarding/agreements/page.html", {"agreement": _agreement(key)})


class AgreementPdf(View):
    """The same text as a file, with its revision in the file's name."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        agreement = _agreement(key)
        text = render_to_string(agreement.text)
        pdf = text_pdf(agreement.title, agreement.revision_words, text)
        name = f"{'-'.join(filter(None, (key, agreement.revision)))}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _agreement(key: str) -> agreements.AgreementText:
    try:
        return agreements.text_of(key)
    except KeyError as unknown:
        raise Http404 from unknown


def application_of(user: User, application_id: UUID | None) -> KycApplication:
    """The person's application of this id; without one theirs for an individual account, begun if need be.

    Raises `Http404`, and `kinds.KindRefused` where none can be begun.
    """
    if application_id is None:
        return applications.get_or_start_application(user=user)
    return get_object_or_404(KycApplication.objects.of_person(user.pk), pk=application_id)


class ApplicationView(SignInRequiredMixin):
    """A page of the person's own application, as `self.application`; once sent, its status page instead."""

    application: KycApplication

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        try:
            self.application = application_of(person(request), kwargs.pop("application_id", None))
        except kinds.KindRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("account_kinds")
        if not self.application.is_editable:
            return redirect(self.url("application_status"))
        return super().dispatch(request, *args, **kwargs)

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this application."""
        return addresses.url(self.application, name, *args)

    @property
    def shared(self) -> dict[str, object]:
        """What every page of it shows: which one it is, and the end of its addresses."""
        return {"application": self.application, "of": addresses.of(self.application)}


class Apply(ApplicationView):
    """The task list: what is answered, what is not, and where to go on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        missing = steps.incomplete_steps(self.application)
        asked = steps.steps_for(self.application)
        return render(
            request,
            "onboarding/apply.html",
            self.shared
            | {
                "steps": asked,
                "missing": missing,
                "next_step": missing[0] if missing else None,
                "done": len(asked) - len(missing),
                "refusal": read_refusal(self.application),
                "obstacle": obstacles.find(self.application),
                "reference": self.application.last_request_id or str(self.application.pk),
            },
        )


SUBMIT = {"agreements": "Agree and continue", "w8ben": "Sign and continue"}
"""What the button of a page says, by its key, where that is not Continue."""


class StepPage(ApplicationView):
    """One question page: its form, saved on POST, then the next page (or back to the check)."""

    step: Page

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if kwargs["key"] not in PAGES:
            raise Http404
        self.step = PAGES[kwargs["key"]]
        return super().dispatch(request, *args, **kwargs)

    def redirect_elsewhere(self) -> HttpResponse | None:
        """Where somebody goes whom this page is not asked, or not yet."""
        if not self.step.applies_to(self.application) or kinds.is_one_too_many(self.application):
            return redirect(self.url("apply"))  # which says why
        if earlier := steps.needed_before(self.application, self.step):
            messages.info(self.request, f"“{self.step.title}” can be opened once this page is complete.")
            return redirect(self.url("apply_step", earlier.key))
        return None

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        if elsewhere := self.redirect_elsewhere():
            return elsewhere
        return self.page(FORMS[key](application=self.application))

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        if elsewhere := self.redirect_elsewhere():
            return elsewhere
        form = FORMS[key](request.POST, request.FILES, application=self.application)
        if not form.is_valid():
            if isinstance(form, DocumentsForm) and form.refused_as:
                detail = {"why": form.refused_as}
                record(Kind.UPLOAD_REFUSED, request=request, obj=self.application, detail=detail)
            return self.page(form)
        try:
            self.save(form)
        except rules.ApplicationFrozen as refusal:
            messages.warning(request, str(refusal))
            return redirect(self.url("application_status"))
        except rules.AnswerRefused as refusal:
            form.add_error("file", str(refusal))
            return self.page(form)
        return redirect(self.next_url())

    def save(self, form: StepForm) -> None:
        """Hand the answers to the service that keeps them."""
        if isinstance(form, AgreementsForm):
            applications.sign_agreements(
                application=self.application,
                signed=form.signed(),
                ip_address=client_ip(self.request),
                now=timezone.now(),
            )
            return
        if isinstance(form, W8BenForm):
            tax_forms.sign(
                application=self.application,
                answers=form.answers(),
                signature=tax_forms.Signature(
                    form.cleaned_data["signature"], client_ip(self.request), timezone.now()
                ),
            )
            return
        if isinstance(form, DocumentsForm) and (file := form.cleaned_data["file"]):
            documents.store_document(
                application=self.application,
                document_type=form.cleaned_data["document_type"],
                mime_type=file.mime_type,
                content=file.content,
                sub_type=form.sub_type,
            )
        applications.save_answers(application=self.application, answers=form.answers())

    def next_url(self) -> str:
        """The check page if the person came from there and nothing new is asked; else the next page."""
        self.application.refresh_from_db()
        following = steps.next_step(self.application, self.step)
        if following and not following.is_complete(self.application):
            return self.url("apply_step", following.key)
        missing = steps.incomplete_steps(self.application)
        if "check" in self.request.GET or following is None:
            return self.url("apply" if missing else "apply_check")
        if self.application.has_answers_of_another:
            # What is known already is not gone through again: on to what is not.
            return self.url("apply_step", missing[0].key) if missing else self.url("apply_check")
        return self.url("apply_step", following.key)

    def page(self, form: StepForm) -> HttpResponse:
        """The page; a refused form keeps all that was typed and has status 422."""
        previous = steps.previous_step(self.application, self.step)
        back = self.url("apply_check") if "check" in self.request.GET else None
        ordered = steps.steps_for(self.application)
        before = self.url("apply_step", previous.key) if previous else self.url("apply")
        context = self.shared | {
            "form": form,
            "step": self.step,
            "facts": self.step.facts() if self.step.facts else (),
            "wrong": () if form.is_bound else self.step.wrong_today(self.application.answer),
            "number": ordered.index(self.step) + 1 if self.step in ordered else 0,
            "total": len(ordered),
            "back": back or before,
            "documents": self.application.documents.defer("content") if self.step.key == "documents" else (),
            "agreements": form.texts if isinstance(form, AgreementsForm) else (),
            "submit": SUBMIT.get(self.step.key, "Continue"),
        }
        return render(self.request, "onboarding/step.html", context, status=422 if form.is_bound else 200)


class RemoveDocument(SignInRequiredMixin):
    """Takes back a document of one of the person's applications that has not been sent."""

    def post(self, request: HttpRequest, document_id: UUID) -> HttpResponse:
        own = Document.objects.filter(user=person(request)).defer("content").select_related("application")
        document = get_object_or_404(own, pk=document_id)
        if not document.application.is_editable:
            return redirect(addresses.url(document.application, "application_status"))
        if documents.remove_document(document=document) and document.sub_type:
            applications.save_answers(application=document.application, answers={"identity_paper": None})
        return redirect(addresses.url(document.application, "apply_step", "documents"))


class Check(ApplicationView):
    """Every answer with a way to change it; sends the application, once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        missing = steps.incomplete_steps(self.application)
        return render(
            request,
            "onboarding/check.html",
            self.shared
            | {
                "groups": answers_to_check(self.application),
                "missing": [(step, step.wrong_today(self.application.answer)) for step in missing],
                "obstacle": obstacles.find(self.application),
            },
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            applications.submit_application(
                application=self.application, by=person(request), now=timezone.now()
            )
        except steps.ApplicationIncomplete as refusal:
            messages.error(request, f"Not sent yet. Still to answer: {refusal}.")
            return redirect(self.url("apply_check"))
        except kinds.KindRefused as refusal:
            messages.error(request, f"Not sent. {refusal}")
            return redirect(self.url("apply_check"))
        return redirect(self.url("application_status"))
