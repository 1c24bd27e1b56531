"""What staff write to applicants: made once, to be shown before it goes, and sent as it was shown."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from onboarding.addresses import url
from onboarding.models import KycApplication
from onboarding.staff_reasons import words_of

ASKED, REJECTED, APPEAL_ANSWERED = "asked", "rejected", "appeal"
SUBJECTS = {
    ASKED: "Your application needs something from you",
    REJECTED: "Your application was not approved",
    APPEAL_ANSWERED: "We looked at your application again",
}


def mail(what: str, *, application: KycApplication, lines: Sequence[str]) -> EmailMessage:
    """The mail that goes with a decision: `lines` are what staff say. It has no name and no number."""
    page = "apply" if what == ASKED and application.account_id is None else "application_status"
    context = {
        "lines": lines,
        "reference": application.pk,
        "link": f"{settings.SITE_URL.rstrip('/')}{url(application, page)}",
    }
    return EmailMessage(
        subject=SUBJECTS[what],
        body=render_to_string(f"onboarding/mails/{what}.txt", context),
        to=[application.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def asking(application: KycApplication, reasons: Sequence[str], text: str) -> EmailMessage:
    """The mail that asks for something."""
    return mail(ASKED, application=application, lines=words_of(reasons, text))
