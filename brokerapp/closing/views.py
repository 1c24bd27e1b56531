"""Closing an account: the checklist with its state, and the page that closes it. One service call each."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, person
from brokerapp.accounts.capabilities import AccountRefused, Capability
from brokerapp.accounts.signin import gate
from brokerapp.closing import checklist, services
from brokerapp.closing.models import AccountClosing
from brokerapp.ui.links import account_url


class ClosingView(AccountRequiredMixin):
    """A page about closing the person's own account."""

    def context(self) -> dict[str, Any]:
        """What is to be done, and the wish if there is one."""
        found = checklist.items(self.account, services.get_facts(account=self.account))
        blocked = self.blocked_from(Capability.CLOSE)
        return {
            "account": self.account,
            "closing": AccountClosing.objects.filter(account=self.account).first(),
            "items": [(item, account_url(self.account, item.page)) for item in found],
            "blocked": blocked,
            "ready": blocked is None and not any(item.done is False for item in found),
        }


class Close(ClosingView):
    """What has to be done before an account is closed, what closing does, and how far it has come."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "closing/close.html", self.context())


class Confirm(ClosingView, gate.ConfirmedMixin):
    """Asks once more whether to close the account for good, and does."""

    typed_is_kept = False

    def get(self, request: HttpRequest) -> HttpResponse:
        context = self.context()
        closing = context["closing"]
        if not context["ready"] or (closing and closing.status != "REFUSED"):
            return self.redirect("closing:close")
        return render(request, "closing/confirm.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            services.request_closing(account=self.account, by=person(request), now=timezone.now())
        except (AccountRefused, checklist.CannotClose) as refusal:
            messages.warning(request, str(refusal))
        return self.redirect("closing:close")
