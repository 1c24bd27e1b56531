"""Addresses that do not say which account they are about, and the page that asks to read one's mail."""

from typing import Any

from allauth.account.views import EmailVerificationSentView
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.generic import TemplateView, View

from brokerapp.accounts import mail_links, securing
from brokerapp.accounts.access import SignInRequiredMixin, person, say_what_opens_later
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.signin import sessions


class ShortAddress(SignInRequiredMixin):
    """Goes to the person's one account, rest of the path and query kept; with several, asks which."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        accounts = list(BrokerageAccount.objects.of_person(person(request).pk))
        if not accounts:
            say_what_opens_later(request, kwargs["path"].split("/")[0])
            return redirect("home")
        choices = [(account, f"/a/{account.pk}{request.get_full_path()}") for account in accounts]
        if len(choices) == 1:
            return redirect(choices[0][1])
        return render(request, "accounts/choose.html", {"choices": choices})


class CheckYourMail(EmailVerificationSentView):
    """Says where the link to confirm an address went; a POST has it sent there once more."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = mail_links.address_to_confirm(self.request)
        return super().get_context_data(**kwargs) | {"address": address}

    def post(self, request: HttpRequest) -> HttpResponse:
        if mail_links.send_again(request):
            messages.success(request, "We have sent the link once more.")
        else:
            messages.info(request, "We sent a link a moment ago. Give it three minutes before the next one.")
        return redirect("account_email_verification_sent")


class SecureAccount(SignInRequiredMixin):
    """Says what securing an account does, and does it: signed out everywhere, and no money leaves."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/secure.html")

    def post(self, request: HttpRequest) -> HttpResponse:
        securing.secure_account(user=person(request))
        sessions.end_all(person(request))
        logout(request)
        return redirect("account_secured")


class SecureAccountByLink(View):
    """The same, by the link of a mail and without signing in: it may be that the password was changed.

    It shows nothing of the person, and opening it does nothing: mail programs open links by themselves.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            securing.owner_of(token)
        except securing.LinkTooOld:
            return render(request, "accounts/secure.html", {"too_old": True}, status=410)
        return render(request, "accounts/secure.html")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            owner = securing.owner_of(token)
        except securing.LinkTooOld:
            return render(request, "accounts/secure.html", {"too_old": True}, status=410)
        securing.secure_account(user=owner)
        sessions.end_all(owner)
        if request.user.is_authenticated:
            logout(request)
        return redirect("account_secured")


class SecuredPage(TemplateView):
    """What comes next for somebody who has secured their account."""

    template_name = "accounts/secured.html"
