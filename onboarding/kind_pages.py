"""Which kind of account somebody wants to open: their first, or one more."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from brokerapp.accounts.access import SignInRequiredMixin, person
from brokerapp.ui.links import account_url
from onboarding import addresses
from onboarding.forms.choice import KindForm
from onboarding.kinds import TEXTS, AccountKind, KindText
from onboarding.models import KycApplication
from onboarding.services import kinds
from onboarding.statuses import ApplicationStatus


@dataclass(frozen=True)
class Offer:
    """A kind as the page shows it: `begun` is the application to go on with, `refused` why there is none."""

    text: KindText
    begun: KycApplication | None
    refused: str

    @property
    def label(self) -> str:
        """What the button says."""
        return f"{'Go on' if self.begun else 'Begin'}: {self.text.kind.label}"


@dataclass(frozen=True)
class Mine:
    """An account or an application that the person has, and the page where it stands."""

    title: str
    status: str
    url: str


class AccountKinds(SignInRequiredMixin):
    """The kinds of account, what each is for, and what the person has; its POST begins an application."""

    def get(self, request: HttpRequest) -> HttpResponse:
        known = kinds.Known.of(person(request))
        offers = [_offer(known, text) for text in TEXTS]
        context = {
            "offers": offers,
            "mine": [_mine(row) for row in known.applications],
            "is_known": known.first is not None,
        }
        return render(request, "onboarding/kinds.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KindForm(request.POST)
        if not form.is_valid():
            messages.error(request, "Choose which kind of account you want to open.")
            return redirect("account_kinds")
        try:
            application = kinds.start_application(user=person(request), kind=form.kind())
        except kinds.KindRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("account_kinds")
        return redirect(addresses.url(application, "apply"))


def _offer(known: kinds.Known, text: KindText) -> Offer:
    kind = AccountKind(text.kind)
    begun = kinds.draft_of(known, kind)
    refused = None if begun else kinds.refusal(known, kind)
    return Offer(text, begun, str(refused) if refused else "")


def _mine(row: KycApplication) -> Mine:
    if row.account:
        return Mine(
            row.account.title, row.account.get_status_display(), account_url(row.account, "account_status")
        )
    name = "apply" if row.status == ApplicationStatus.DRAFT else "application_status"
    return Mine(row.title, row.get_status_display(), addresses.url(row, name))
