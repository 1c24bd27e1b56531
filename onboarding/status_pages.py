"""Where an application or an account stands, and the answers to what is asked of the person there."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SignInRequiredMixin, person
from brokerapp.accounts.capabilities import Capability, can
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.ui.links import account_url
from onboarding import addresses, rules
from onboarding.cards import Card
from onboarding.forms.kyc import AppealForm, CardForm
from onboarding.forms.papers import PaperForm
from onboarding.kinds import AccountKind
from onboarding.kyc_results import OTHER_PAPER
from onboarding.models import KycApplication
from onboarding.progress import application_progress
from onboarding.refusals import read_refusal
from onboarding.services import kyc
from onboarding.statuses import ApplicationStatus

NO_LONGER_ASKED = "That is not asked for any more. This is how it stands now."


@dataclass(frozen=True)
class ShownCard:
    """A card as the page shows it, with its form where it waits for the person."""

    card: Card
    form: CardForm | None

    @property
    def element(self) -> str:
        """The id of its element in the page."""
        return f"card-{self.card.code.lower().replace('_', '-').replace(':', '-')}"


class Status(SignInRequiredMixin):
    """Where an application stands; updates itself until the account is decided.

    Without an id it is the person's newest for an individual account, or of any kind if they have none.
    """

    def get(self, request: HttpRequest, application_id: UUID | None = None) -> HttpResponse:
        own = KycApplication.objects.of_person(person(request).pk).select_related("account")
        if application_id is None:
            application = own.filter(account_kind=AccountKind.INDIVIDUAL).first() or own.first()
        else:
            application = get_object_or_404(own, pk=application_id)
        if application is None:
            return redirect("apply")
        if application.status == ApplicationStatus.DRAFT:
            return redirect(addresses.url(application, "apply"))
        return status_page(request, application)


class AccountStatusPage(AccountRequiredMixin):
    """Where an account stands: its application, what blocks it, and what the broker asks for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        sent = KycApplication.objects.filter(account=self.account).select_related("account")
        return status_page(request, get_object_or_404(sent))


class OfSentApplication(SignInRequiredMixin):
    """What is sent to one of the person's own applications."""

    def get(self, request: HttpRequest, application_id: UUID) -> HttpResponse:
        return self.back(self.application(application_id))

    def application(self, application_id: UUID) -> KycApplication:
        """The person's application, which has been sent. Raises `Http404`."""
        own = KycApplication.objects.filter(user=person(self.request), submitted_at__isnull=False)
        return get_object_or_404(own.select_related("account", "user"), pk=application_id)

    @staticmethod
    def back(application: KycApplication) -> HttpResponse:
        """To the page that says how it stands."""
        if application.account is not None:
            return redirect(account_url(application.account, "account_status"))
        return redirect(addresses.url(application, "application_status"))

    def note_refused_file(self, form: PaperForm, application: KycApplication) -> None:
        """Keep in the security log that a file was refused after a look into it."""
        if form.refused_as:
            detail = {"why": form.refused_as}
            record(Kind.UPLOAD_REFUSED, request=self.request, obj=application, detail=detail)


class AnswerCard(OfSentApplication):
    """Takes the answer to one card: fields, a paper, or both."""

    def post(self, request: HttpRequest, application_id: UUID) -> HttpResponse:
        application = self.application(application_id)
        code = request.POST.get("code", "")
        card = next((card for card in kyc.cards(application) if card.code == code), None)
        if card is None:
            messages.info(request, NO_LONGER_ASKED)
            return self.back(application)
        form = CardForm(request.POST, request.FILES, card=card, application=application)
        if form.is_valid() and self.keep(form, application):
            return self.back(application)
        self.note_refused_file(form, application)
        return status_page(request, application, posted=form)

    def keep(self, form: CardForm, application: KycApplication) -> bool:
        """Hand it to the service; False if the paper was not taken, which the form then says."""
        paper = form.paper()
        reply = kyc.Reply(
            answers=form.answers(),
            words=form.words(),
            paper=form.kind_of_paper() if paper else None,
            mime_type=paper.mime_type if paper else "",
            content=paper.content if paper else b"",
        )
        try:
            kyc.answer_card(
                application=application,
                code=form.card.code,
                reply=reply,
                by=person(self.request),
                now=timezone.now(),
            )
        except kyc.NotAsked:
            messages.info(self.request, NO_LONGER_ASKED)
        except rules.AnswerRefused as refusal:
            form.add_error("file", str(refusal))
            return False
        else:
            messages.success(self.request, "We have it, and send it on. Below you see how far it is.")
        return True


class Appeal(OfSentApplication):
    """Takes why a rejected application should be looked at again."""

    def post(self, request: HttpRequest, application_id: UUID) -> HttpResponse:
        application = self.application(application_id)
        form = AppealForm(request.POST, request.FILES)
        if form.is_valid() and self.keep(form, application):
            return self.back(application)
        self.note_refused_file(form, application)
        return status_page(request, application, appeal=form)

    def keep(self, form: AppealForm, application: KycApplication) -> bool:
        """Hand it to the service; False if the paper was not taken, which the form then says."""
        paper = form.paper()
        reply = kyc.Reply(
            answers={},
            words=form.cleaned_data["words"],
            paper=OTHER_PAPER if paper else None,
            mime_type=paper.mime_type if paper else "",
            content=paper.content if paper else b"",
        )
        try:
            kyc.appeal(application=application, reply=reply, by=person(self.request), now=timezone.now())
        except kyc.CannotAppeal:
            messages.info(self.request, NO_LONGER_ASKED)
        except rules.AnswerRefused as refusal:
            form.add_error("file", str(refusal))
            return False
        else:
            messages.success(self.request, "Our staff have your appeal, and write to you.")
        return True


def status_page(
    request: HttpRequest,
    application: KycApplication,
    *,
    posted: CardForm | None = None,
    appeal: AppealForm | None = None,
) -> HttpResponse:
    """The page; a form that was refused keeps what was typed, and the answer has status 422."""
    account = application.account
    given_back = application.status == ApplicationStatus.NEEDS_CHANGES
    cards = [] if given_back else _shown(request, application, posted)
    to_do = any(shown.card.state.is_to_do for shown in cards) if cards else None
    progress = application_progress(application, account, to_do=to_do)
    may_appeal = progress.may_appeal and kyc.may_appeal(application)
    refused = posted or appeal
    context: dict[str, Any] = {
        "application": application,
        "of": addresses.of(application),
        "account": account,
        "may_link_bank": account is not None and can(account, Capability.LINK_BANK),
        "progress": progress,
        "cards": cards,
        "has_forms": may_appeal or any(shown.form for shown in cards),
        "appeal": (appeal or AppealForm()) if may_appeal else None,
        "form": refused,
        "refusal": read_refusal(application),
        "documents": [row for row in application.documents.defer("content") if not row.answers_to],
        "reference": (account or application).last_request_id or str(application.pk),
    }
    return render(request, "onboarding/status.html", context, status=422 if refused else 200)


def _shown(request: HttpRequest, application: KycApplication, posted: CardForm | None) -> list[ShownCard]:
    """The cards, each with its form where it waits for the person, or they want to send more."""
    wanted = request.GET.get("more", "")
    shown = []
    for card in kyc.cards(application):
        form = posted if posted is not None and posted.card.code == card.code else None
        if form is None and (card.state.is_to_do or (card.takes_more and card.code == wanted)):
            form = CardForm(card=card, application=application)
        shown.append(ShownCard(card, form))
    return shown
