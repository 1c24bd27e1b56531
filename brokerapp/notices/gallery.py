"""The page of all mails as a person gets them; in development and in the demo only, as the style guide is."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.generic import View

from brokerapp.notices import samples

AS_A_MAIL: dict[str, Any] = {
    **{f"{what}-src": [NONE] for what in ("default", "script", "img", "font", "connect")},
    "form-action": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": [""],
}
"""What a mail program lets a mail do: its own styles, and nothing else."""


class _NotInProduction(View):
    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not (settings.DEVELOPMENT or settings.DEMO_MODE):
            raise Http404


@method_decorator(csp_update({"frame-src": [SELF]}), name="dispatch")
class Mails(_NotInProduction):
    """All of them, each as text and as HTML."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = [
            {"key": key, "subject": mail.subject, "body": mail.body} for key, mail in samples.mails().items()
        ]
        return render(request, "styleguide/mails.html", {"mails": found})


@method_decorator(xframe_options_sameorigin, name="dispatch")
@method_decorator(csp_replace(AS_A_MAIL), name="dispatch")
class MailAlone(_NotInProduction):
    """The HTML of one mail, as a mail program shows it."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        mail = samples.mails().get(key)
        if not isinstance(mail, EmailMultiAlternatives):
            raise Http404
        return HttpResponse(str(mail.alternatives[0][0]))
