"""The profile of an account's owner: what the broker has, changing a part of it, and form W-8BEN again."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.accounts.capabilities import AccountRefused, Capability, can
from brokerapp.accounts.signin import gate
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.web.addresses import client_ip
from onboarding import w8ben
from onboarding.agreements import AgreementRevised
from onboarding.forms.foreign import W8BenForm
from onboarding.forms.personal import PASSPORT
from onboarding.forms.profile import FORMS, ProfileForm
from onboarding.models import Document, KycApplication, ProfileChange
from onboarding.profile import AGREEMENT_OF, PARTS, Part, due_papers, parts_for
from onboarding.questions.eligibility import TAXED_ABROAD
from onboarding.review import answers_of
from onboarding.rules import AnswerRefused
from onboarding.services import documents, profile, tax_forms
from onboarding.statuses import OPEN_CHANGE, ProfileChangeStatus


class ProfileView(AccountRequiredMixin):
    """A page about the person's own data at the broker, as `self.application`."""

    application: KycApplication

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.application = profile.current(self.account)
        except KycApplication.DoesNotExist as opened_elsewhere:
            raise Http404 from opened_elsewhere
        return super().dispatch_own(request, *args, **kwargs)


@dataclass(frozen=True)
class Row:
    """A part of the profile: its answers in words, and a change that there is something to say of."""

    part: Part
    answers: list[tuple[str, str]]
    change: ProfileChange | None


class Profile(ProfileView):
    """Everything the broker has of the person, each part with a way to change it, and how changes stand."""

    def get(self, request: HttpRequest) -> HttpResponse:
        changes = profile.newest_changes(self.account)
        rows = [
            Row(part, answers_of(part.page, self.application), _change_of(part, changes))
            for part in parts_for(self.account.account_type, self.application)
        ]
        context = {
            "account": self.account,
            "blocked": self.blocked_from(Capability.CHANGE_PROFILE),
            "may_sign": can(self.account, Capability.SIGN_TAX_FORM),
            "rows": rows,
            "due_papers": due_papers(self.application, timezone.localdate()),
            "is_waiting": any(row.change and row.change.status in OPEN_CHANGE for row in rows),
            "tax_form": tax_forms.current(self.account) if TAXED_ABROAD(self.application.answer) else None,
            "signs_tax_form": bool(TAXED_ABROAD(self.application.answer)),
        }
        return render(request, "onboarding/profile.html", context)


def _change_of(part: Part, changes: dict[str, ProfileChange]) -> ProfileChange | None:
    """What to tell of the newest change of a part: that it is under way, or was not taken."""
    found = changes.get(part.key)
    if found is None or found.status == ProfileChangeStatus.APPLIED:
        return None
    first = changes.get(AGREEMENT_OF.format(part=part.key))
    return first if first and first.status == ProfileChangeStatus.REFUSED and found.follows_id else found


class ChangeProfile(ProfileView):
    """One part of the profile: its form, what a change of it does, and the change."""

    part: Part

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if kwargs["key"] not in PARTS:
            raise Http404
        self.part = PARTS[kwargs["key"]]
        if blocked := self.blocked_from(Capability.CHANGE_PROFILE):
            messages.info(request, blocked.text)
            return self.redirect("profile")
        if self.part.confirm:
            gate.confirm(request)
        return super().dispatch_own(request, *args, **kwargs)

    def check_applies(self) -> None:
        """Raises `Http404` for a part that this account, or its owner, does not have."""
        if self.part not in parts_for(self.account.account_type, self.application):
            raise Http404

    def form(self, *sent: Any) -> ProfileForm:
        self.check_applies()
        signed = profile.signed_agreements(self.account) if self.part.agreement else ()
        return FORMS[self.part.key](*sent, application=self.application, signed=signed)

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        return self.page(self.form())

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        form = self.form(request.POST, request.FILES)
        if not form.is_valid():
            if form.refused_as:
                detail = {"why": form.refused_as}
                record(Kind.UPLOAD_REFUSED, request=request, obj=self.account, detail=detail)
            return self.page(form)
        answers = form.changes()
        if not answers:
            messages.info(request, "Nothing was changed: all answers are as they were.")
            return self.redirect("profile")
        try:
            self.change(form, answers)
        except profile.ChangeUnderWay:
            messages.warning(request, "An earlier change of this is still on its way. Wait until it is done.")
        except AccountRefused as refusal:
            messages.warning(request, str(refusal))
        except AnswerRefused as refusal:
            form.add_error("file", str(refusal))
            return self.page(form)
        except AgreementRevised:
            return self.redirect("change_profile", key)
        return self.redirect("profile")

    def change(self, form: ProfileForm, answers: dict[str, Any]) -> None:
        """Hand the change to the service, with the paper and the signature that belong to it."""
        now = timezone.now()
        agreed = form.agreed_to()
        ip_address = client_ip(self.request)
        consent = profile.Consent(agreed.key, agreed.revision, now, ip_address) if agreed else None
        if file := form.cleaned_data.get("file"):
            documents.store_document(
                application=KycApplication.objects.get(account=self.account),
                document_type=Document.Type.IDENTITY_VERIFICATION,
                mime_type=file.mime_type,
                content=file.content,
                sub_type=PASSPORT if self.part.key == "paper" else "",
            )
        user = self.account.user
        profile.request_change(
            account=self.account, part=self.part, answers=answers, consent=consent, by=user, now=now
        )
        record(Kind.PROFILE_CHANGED, request=self.request, obj=self.account, detail={"part": self.part.key})

    def page(self, form: ProfileForm) -> HttpResponse:
        context = {
            "form": form,
            "part": self.part,
            "agreement": form.wanted,
            "back": self.url("profile"),
            "account": self.account,
        }
        status = 422 if form.is_bound else 200
        return render(self.request, "onboarding/profile_change.html", context, status=status)


class SignTaxForm(ProfileView, gate.ConfirmedMixin):
    """Form W-8BEN signed again: before it ends, or because what it says has changed."""

    needs_second_factor = False

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if blocked := self.blocked_from(Capability.SIGN_TAX_FORM):
            messages.info(request, blocked.text)
            return self.redirect("profile")
        return super().dispatch_own(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        if not TAXED_ABROAD(self.application.answer):
            messages.info(
                request, "You sign no form W-8BEN: it is for people who pay tax in another country."
            )
            return self.redirect("profile")
        return self.page(W8BenForm(application=self.application))

    def post(self, request: HttpRequest) -> HttpResponse:
        if not TAXED_ABROAD(self.application.answer):
            return self.redirect("profile")
        form = W8BenForm(request.POST, application=self.application)
        if not form.is_valid():
            return self.page(form)
        self.application.keep_answers(form.answers())
        signature = tax_forms.Signature(form.cleaned_data["signature"], client_ip(request), timezone.now())
        try:
            tax_forms.sign_again(
                account=self.account, content=w8ben.content(self.application.answer), signature=signature
            )
        except AccountRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "Signed. The form is on its way to the broker.")
        return self.redirect("profile")

    def page(self, form: W8BenForm) -> HttpResponse:
        context = {"form": form, "back": self.url("profile"), "account": self.account}
        status = 422 if form.is_bound else 200
        return render(self.request, "onboarding/tax_form.html", context, status=status)
