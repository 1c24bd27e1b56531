"""The landing page, the application's pages, and its status. One service call each."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views import View

from brokerapp.accounts.access import AccountRequiredMixin, SignInRequiredMixin, person
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui.links import account_url
from brokerapp.ui.text_pdf import text_pdf
from brokerapp.web.addresses import client_ip
from onboarding import agreements, rules, steps
from onboarding.forms import FORMS
from onboarding.forms.disclosures import AgreementsForm
from onboarding.forms.foreign import W8BenForm
from onboarding.forms.personal import DocumentsForm
from onboarding.forms.step import StepForm
from onboarding.models import Document, KycApplication
from onboarding.progress import application_progress
from onboarding.questions.catalogue import PAGES
from onboarding.questions.descriptions import Page
from onboarding.refusals import read_refusal
from onboarding.review import answers_to_check
from onboarding.services import applications, documents, tax_forms
from onboarding.statuses import ApplicationStatus


class Landing(View):
    """What this is, who holds the money, and the way in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return (
            redirect("home") if request.user.is_authenticated else render(request, "onboarding/landing.html")
        )


class Home(SignInRequiredMixin):
    """Sends each person where they left off: application, its status, or their portfolio."""

    def get(self, request: HttpRequest) -> HttpResponse:
        account = BrokerageAccount.objects.of_person(person(request).pk).first()
        if account and account.is_open:
            return redirect(account_url(account, "trading:portfolio"))
        sent = KycApplication.objects.filter(user=person(request), submitted_at__isnull=False)
        return redirect("application_status" if account or sent.exists() else "apply")


class AgreementPage(View):
    """The text of one agreement, readable in the page."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return render(request, "onboarding/agreements/page.html", {"agreement": _agreement(key)})


class AgreementPdf(View):
    """The same text as a file, with its revision in the file's name."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        agreement = _agreement(key)
        text = render_to_string(agreement.text)
        pdf = text_pdf(agreement.title, f"Revision {agreement.revision}", text)
        name = f"{key}-{agreement.revision}.pdf"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _agreement(key: str) -> agreements.AgreementText:
    try:
        return agreements.text_of(key)
    except KeyError as unknown:
        raise Http404 from unknown


class ApplicationView(SignInRequiredMixin):
    """A page of the person's own application, as `self.application`; once sent, its status page instead."""

    application: KycApplication

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.application = applications.get_or_start_application(user=person(request))
        if not self.application.is_editable:
            return redirect("application_status")
        return super().dispatch(request, *args, **kwargs)


class Apply(ApplicationView):
    """The task list: what is answered, what is not, and where to go on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        missing = steps.incomplete_steps(self.application)
        asked = steps.steps_for(self.application)
        return render(
            request,
            "onboarding/apply.html",
            {
                "application": self.application,
                "steps": asked,
                "missing": missing,
                "next_step": missing[0] if missing else None,
                "done": len(asked) - len(missing),
                "refusal": read_refusal(self.application),
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
        if not self.step.applies_to(self.application):
            return redirect("apply")
        if earlier := steps.needed_before(self.application, self.step):
            messages.info(self.request, f"“{self.step.title}” can be opened once this page is complete.")
            return redirect("apply_step", earlier.key)
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
            return redirect("application_status")
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
            return reverse("apply_step", args=[following.key])
        if "check" in self.request.GET or following is None:
            return (
                reverse("apply_check") if not steps.incomplete_steps(self.application) else reverse("apply")
            )
        return reverse("apply_step", args=[following.key])

    def page(self, form: StepForm) -> HttpResponse:
        """The page; a refused form keeps all that was typed and has status 422."""
        previous = steps.previous_step(self.application, self.step)
        back = reverse("apply_check") if "check" in self.request.GET else None
        ordered = steps.steps_for(self.application)
        context = {
            "form": form,
            "step": self.step,
            "number": ordered.index(self.step) + 1 if self.step in ordered else 0,
            "total": len(ordered),
            "back": back or (reverse("apply_step", args=[previous.key]) if previous else reverse("apply")),
            "documents": self.application.documents.defer("content") if self.step.key == "documents" else (),
            "agreements": agreements.AGREEMENTS if self.step.key == "agreements" else (),
            "submit": SUBMIT.get(self.step.key, "Continue"),
        }
        return render(self.request, "onboarding/step.html", context, status=422 if form.is_bound else 200)


class RemoveDocument(ApplicationView):
    """Takes back a document that has not been sent."""

    def post(self, request: HttpRequest, document_id: str) -> HttpResponse:
        document = (
            Document.objects.filter(pk=document_id, application=self.application).defer("content").first()
        )
        if document is None:
            raise Http404
        if documents.remove_document(document=document) and document.sub_type:
            applications.save_answers(application=self.application, answers={"identity_paper": None})
        return redirect("apply_step", "documents")


class Check(ApplicationView):
    """Every answer with a way to change it; sends the application, once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(
            request,
            "onboarding/check.html",
            {
                "application": self.application,
                "groups": answers_to_check(self.application),
                "missing": steps.incomplete_steps(self.application),
            },
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            applications.submit_application(
                application=self.application, by=person(request), now=timezone.now()
            )
        except steps.ApplicationIncomplete as refusal:
            messages.error(request, f"Not sent yet. Still to answer: {refusal}.")
            return redirect("apply_check")
        return redirect("application_status")


class Status(SignInRequiredMixin):
    """Where the person's newest application stands; updates itself until the account is decided."""

    def get(self, request: HttpRequest) -> HttpResponse:
        sent = KycApplication.objects.filter(user=person(request)).select_related("account")
        application = sent.order_by("-created_at").first()
        if application is None or application.status == ApplicationStatus.DRAFT:
            return redirect("apply")
        return _status_page(request, application)


class AccountStatus(AccountRequiredMixin):
    """Where an account stands: its application, what blocks it, and what the broker asks for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        sent = KycApplication.objects.filter(account=self.account).select_related("account")
        return _status_page(request, get_object_or_404(sent))


def _status_page(request: HttpRequest, application: KycApplication) -> HttpResponse:
    account = application.account
    context = {
        "application": application,
        "account": account,
        "progress": application_progress(application, account),
        "refusal": read_refusal(application),
        "documents": application.documents.defer("content"),
        "reference": (account or application).last_request_id or str(application.pk),
    }
    return render(request, "onboarding/status.html", context)
