"""The error pages. Each shows a reference, by which the log and the admin find what happened.

They are made without the request, as whatever it knows of the person would be asked of the database.
"""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone

from brokerapp.health.errors import record_error
from brokerapp.ui.branding import brand
from brokerapp.ui.links import page_url

RETRY_AFTER_SECONDS = 30


def _page(request: HttpRequest, status: int, error: BaseException | None, template: str = "") -> HttpResponse:
    reference = record_error(request=request, status=status, error=error, now=timezone.now())
    context = {"reference": reference, "brand": brand(), "help_url": page_url("help")}
    html = render_to_string(template or f"{status}.html", context)
    return HttpResponse(html, status=status, headers={"Cache-Control": "no-store"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that cannot be understood, or is too large (413)."""
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page that is not for this person."""
    return _page(request, 403, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open for too long, or comes from another site. The log has the reason."""
    return _page(request, 403, None, "403_csrf.html")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such address, or nothing that this person can see there."""
    return _page(request, 404, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """An unexpected failure; 503 if the database is away. Called while the exception is handled."""
    error = sys.exc_info()[1]
    response = _page(request, 500, error)
    if isinstance(error, (OperationalError, InterfaceError)):
        response.status_code = 503
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
