"""Whether mails reach a person: the newest word of the mail provider on their address."""

from datetime import datetime

from brokerapp.accounts.models import User
from brokerapp.mailing import arrivals
from brokerapp.mailing.models import Arrival


def note(address: str, arrival: Arrival, at: datetime) -> None:
    """Keep with the person what became of a mail to this address, if it is theirs and the newest word."""
    theirs = User.objects.filter(email=address.lower())
    theirs.filter(arrivals.unknown_or_older(arrival, at, "mail_arrival")).update(
        mail_arrival=arrival, mail_arrival_at=at
    )


def forget(user: User) -> None:
    """What was known of the former address says nothing of another one."""
    User.objects.filter(pk=user.pk).update(mail_arrival="", mail_arrival_at=None)
    user.mail_arrival, user.mail_arrival_at = "", None
