"""“Secure my account”: signed out everywhere at once, and no money leaves until staff have cleared it."""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from brokerapp import live
from brokerapp.accounts import holds
from brokerapp.accounts.models import User, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record

SALT = "secure-account"
LINK_LASTS = timedelta(days=30)


class LinkTooOld(Exception):
    """The link is over 30 days old, broken, or of somebody who may not sign in any more."""


def secure_account(*, user: User) -> WithdrawalHold:
    """Sign the person out everywhere, and let no money leave until staff lift it. Repeating does no harm."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(sign_out_count=F("sign_out_count") + 1)
        hold = holds.place_hold(user, HoldReason.SECURED)
        assert hold is not None
        record(Kind.SECURED, person=user, obj=hold)
        transaction.on_commit(partial(live.check_sessions, user.pk))
    return hold


def link_for(user: User) -> str:
    """An address for mails by which the person can secure the account without signing in, for 30 days.

    Whoever has it can lock the account up and nothing else.
    """
    path = reverse("account_secure_by_link", args=[signing.dumps(user.pk, salt=SALT)])
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def owner_of(token: str) -> User:
    """Whose account a link secures. Raises `LinkTooOld`."""
    try:
        user_id = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except signing.BadSignature as error:
        raise LinkTooOld from error
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise LinkTooOld
    return user
