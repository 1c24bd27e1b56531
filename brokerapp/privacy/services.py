"""Handing out and erasing what is held of a person, each with a line in the security log."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.http import HttpRequest

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.in_hand import services as in_hand
from brokerapp.privacy.holdings import Encoder, everything_about
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.support.models import Case, CaseMessage
from brokerapp.workflow.state import IllegalMove
from onboarding.cases import Word
from onboarding.models import Agreement, Document, KycApplication, TaxForm
from onboarding.review import answers_to_check

IS_STAFF = (
    "This is a member of staff. Take their rights away first: what they did is part of the records of others."
)
LAW = (
    "An application was sent to the broker. A broker keeps the records of an account, and of who was checked "
    "for one, for six years after it is closed (17 CFR 240.17a-4; 31 CFR 1023.220), so these stay."
)
NOTHING = "Nothing is left that could be erased."
ERASED_DOMAIN = "erased.invalid"
"""A name under which no mail is ever delivered (RFC 2606)."""


ERASE = "ERASE"
"""The decision of two members of staff that what may be erased of a person is."""


class CannotErase(IllegalMove):
    """Nothing of the person may be erased; the message says why."""


@dataclass(frozen=True)
class Erasure:
    """What may be erased of a person: applications never sent, who they are; and why the rest stays."""

    drafts: int
    contact: bool
    why_not_all: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to erase."""
        return not (self.drafts or self.contact)


def export(*, person: User, by: User, reason: str, request: HttpRequest | None = None, now: datetime) -> str:
    """All that is held of a person, as JSON, for them; that it was handed out is kept."""
    held = everything_about(person)
    with transaction.atomic():
        record(
            Kind.DATA_EXPORTED,
            person=person,
            staff=by,
            request=request,
            obj=person,
            detail={"rows": {label: len(rows) for label, rows in held.items()}},
            reason=reason,
        )
    answer = {"exported_at": now, "person": person.pk, "held": held, "applications": _in_words(person)}
    return json.dumps(answer, cls=Encoder, indent=2)


def _in_words(person: User) -> dict[str, dict[str, dict[str, str]]]:
    """Of each application the questions and answers, by page, as the person read them."""
    applications = KycApplication.objects.filter(user=person).select_related("user")
    return {
        str(application.pk): {
            group.step.title: dict(group.answers) for group in answers_to_check(application)
        }
        for application in applications
    }


def what_may_be_erased(person: User) -> Erasure:
    """What law and our own records let go of, and why the rest stays."""
    drafts = _never_sent(person).count()
    if person.is_staff:
        return Erasure(0, contact=False, why_not_all=IS_STAFF)
    was_sent = KycApplication.objects.filter(user=person, submitted_at__isnull=False).exists()
    if was_sent or BrokerageAccount.objects.filter(user=person).exists():
        return Erasure(drafts, contact=False, why_not_all=LAW)
    gone = person.email.endswith(f"@{ERASED_DOMAIN}")
    return Erasure(drafts, contact=not gone, why_not_all=NOTHING if gone else "")


def check_erasable(person: User) -> None:
    """Raises `CannotErase` where nothing may be erased."""
    erasure = what_may_be_erased(person)
    if erasure.is_empty:
        raise CannotErase(erasure.why_not_all)


def decide_erasure(person: User, by: User, reason: str) -> None:
    """What a decision `ERASE` does, once a second person has confirmed it."""
    erase(person=person, by=by, reason=reason)


def erase(*, person: User, by: User, reason: str, request: HttpRequest | None = None) -> Erasure:
    """Erase what may be erased of a person, and keep that it was; returns what it was.

    The row of the person stays, as a number that logs refer to. Raises `CannotErase`.
    """
    with transaction.atomic():
        person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        erasure = what_may_be_erased(person)
        if erasure.is_empty:
            raise CannotErase(erasure.why_not_all)
        _erase_drafts(person)
        if erasure.contact:
            erase_contact(person)
        record(
            Kind.DATA_ERASED,
            person=person,
            staff=by,
            request=request,
            obj=person,
            detail={"drafts": erasure.drafts, "contact": erasure.contact},
            reason=reason,
        )
    return erasure


def _never_sent(person: User) -> "models.QuerySet[KycApplication]":
    return KycApplication.objects.filter(user=person, submitted_at__isnull=True, account__isnull=True)


def _erase_drafts(person: User) -> None:
    drafts = list(_never_sent(person).select_for_update(of=("self",), no_key=True))
    Document.objects.filter(application__in=drafts).delete()
    Agreement.objects.filter(application__in=drafts).delete()
    Word.objects.filter(application__in=drafts).delete()
    in_hand.put_down(*drafts)
    TaxForm.objects.filter(application__in=drafts).delete()
    KycApplication.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()


def erase_contact(person: User) -> None:
    """Nobody can sign in as this person, or find or write to them by what they gave or what was noted."""
    CaseMessage.objects.filter(case__in=Case.objects.filter(user=person)).delete()
    apps.get_model("ops", "StaffNote").objects.filter(person_id=person.pk).delete()
    for relation in User._meta.related_objects:
        child = relation.related_model
        if isinstance(child, type) and child.__module__.startswith("allauth."):
            child._base_manager.filter(**{relation.field.name: person}).delete()
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()
    person.email = f"{person.pk}@{ERASED_DOMAIN}"
    person.is_active = False
    person.set_unusable_password()
    person.save()
