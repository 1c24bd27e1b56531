"""Addresses that do not say which account they are about, and the page that asks to read one's mail."""

from typing import Any

from allauth.account.views import EmailVerificationSentView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from brokerapp.accounts import mail_links
from brokerapp.accounts.access import SignInRequiredMixin, person, say_what_opens_later
from brokerapp.accounts.models import BrokerageAccount


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
