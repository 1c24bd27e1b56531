"""Addresses that do not say which account they are about."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from brokerapp.accounts.access import person
from brokerapp.accounts.models import BrokerageAccount


class ShortAddress(LoginRequiredMixin, View):
    """Goes to the person's one account, rest of the path and query kept; with several, asks which."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        accounts = list(BrokerageAccount.objects.of_person(person(request).pk))
        if not accounts:
            return redirect("home")
        choices = [(account, f"/a/{account.pk}{request.get_full_path()}") for account in accounts]
        if len(choices) == 1:
            return redirect(choices[0][1])
        return render(request, "accounts/choose.html", {"choices": choices})
