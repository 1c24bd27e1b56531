"""What staff write down for themselves."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from brokerapp.accounts.models import User
from brokerapp.ops.models import SavedView, StaffNote
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record

MOST_VIEWS = 30
"""Views of one list that one member of staff keeps; the oldest goes."""


def write_note(*, person: User, by: AbstractBaseUser, text: str, now: datetime) -> StaffNote:
    """Keep a note about a person, and in the security log that it was written, without what it says."""
    with transaction.atomic():
        note = StaffNote.objects.create(person_id=person.pk, written_by_id=by.pk, text=text, at=now)
        record(Kind.NOTE_WRITTEN, person=person, staff=by, obj=note)
    return note


def save_view(*, by: AbstractBaseUser, page: str, name: str, query: str) -> SavedView:
    """Keep a list's filters under a name; the same name again takes the first one's place."""
    view, _ = SavedView.objects.update_or_create(
        person_id=by.pk, page=page, name=name, defaults={"query": query}
    )
    kept = SavedView.objects.filter(person_id=by.pk, page=page).order_by("-pk")
    SavedView.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MOST_VIEWS:])).delete()
    return view


def forget_view(*, by: AbstractBaseUser, view_id: int) -> None:
    """Forget one of one's own views; nothing happens to another's."""
    SavedView.objects.filter(pk=view_id, person_id=by.pk).delete()
