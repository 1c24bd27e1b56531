"""New people, one for each e-mail address however many ask at once."""

from django.db import transaction

from brokerapp.accounts.models import User


class AddressTaken(Exception):
    """Another request has opened an account with this e-mail address a moment ago."""


def keep_new(user: User) -> User:
    """Store a new person, whose password is set. Raises `AddressTaken` if another request was first.

    `ON CONFLICT`, as the database would log the whole row, with the password's hash, of an insert that fails.
    """
    with transaction.atomic():
        User.objects.bulk_create([user], ignore_conflicts=True)
        kept = User.objects.filter(email__iexact=user.email).first()
    if kept is None or kept.password != user.password:  # salted: nobody else's is the same
        raise AddressTaken
    return kept
