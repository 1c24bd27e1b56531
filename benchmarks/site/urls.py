"""One page: the signed-in user's name and twenty rows of figures."""

from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

ROWS = [
    {"symbol": f"SYM{n}", "quantity": Decimal(n) / 7, "value": Decimal(n) * 100, "gain": Decimal(n - 10)}
    for n in range(1, 21)
]


@login_required(login_url="/sign-in/")
def portfolio(request: HttpRequest) -> HttpResponse:
    """The page that is measured: two queries (session, user), twenty rows."""
    return render(request, "portfolio.html", {"rows": ROWS})


urlpatterns = [path("", portfolio)]
