"""Where the mail provider says what became of mails: for machines, with a secret of their own."""

import logging
from http import HTTPStatus
from typing import Any

from allauth.core.internal import ratelimit
from anymail import urls as provider_urls
from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from brokerapp.mailing import arrivals

logger = logging.getLogger(__name__)

WRONG_SECRETS = {"app": "mail_reports", "action": "wrong_secret", "config": {"wrong_secret": "20/5m/ip"}}
"""How often an address may come with a wrong secret; who has the right one comes once for each mail."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AnymailConfigurationError)


@method_decorator(csrf_exempt, name="dispatch")  # no browser of a person comes here, and no cookie is read
class Reports(View):
    """Takes what the provider in `MAIL_PROVIDER` posts; not there without one, or without a secret."""

    http_method_names = ["post", "head"]

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not (settings.MAIL_PROVIDER and settings.MAIL_WEBHOOK_SECRET):
            raise Http404

    def head(self, request: HttpRequest) -> HttpResponse:
        """Some providers look in this way whether there is somebody."""
        return HttpResponse()

    def post(self, request: HttpRequest) -> HttpResponse:
        if not ratelimit.consume(request, dry_run=True, **WRONG_SECRETS):
            return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS)
        try:
            view = provider_view()
            view.run_validators(request)
            events = view.parse_events(request)
            reports = [arrivals.report_of(event, now=timezone.now()) for event in events]
        except AnymailWebhookValidationFailure:
            ratelimit.consume(request, **WRONG_SECRETS)
            logger.warning("somebody without the secret said what became of mails")
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        except UNREADABLE as error:
            # Its text can hold what was posted.
            logger.error("a report of the mail provider could not be read: %s", type(error).__name__)
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)
        arrivals.take(report for report in reports if report is not None)
        return HttpResponse()


def provider_view() -> Any:
    """django-anymail's own view of the provider: it knows how reports are signed, and how they are written.

    Raises `AnymailConfigurationError` where it lacks what the provider signs with.
    """
    name = f"{settings.MAIL_PROVIDER}_tracking_webhook"
    (found,) = (route for route in provider_urls.urlpatterns if route.name == name)
    return found.callback.view_class()
