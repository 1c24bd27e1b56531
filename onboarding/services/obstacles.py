"""What stands in the way of sending an application by now, though nothing did when it was begun."""

from brokerapp.accounts.models import User
from onboarding.kinds import ONLY_TAXED_HERE, AccountKind, suits_the_kind
from onboarding.models import KycApplication
from onboarding.services import kinds
from onboarding.services.kinds import HasItAlready, KindRefused, NotTaxedHere

HAS_IRA = "You have this kind of IRA here already. Choose the other, or go on with the one you have."
ADDRESS_TAKEN = "The broker has this address with another account of yours. Use another one."
BEGUN_BEFORE = (
    "You began this before your other account was opened or closed, and it does not tell the broker so. "
    "Go on with it from the page of all your accounts: it then takes over what the broker knows of you."
)


class BegunBefore(KindRefused):
    """Another account of the person was opened or closed since, so that it tells of its owner wrongly."""


def find(application: KycApplication) -> KindRefused | None:
    """Why an application cannot be sent as it is, whatever its pages say; None if it can.

    What was asked before it was begun (`kinds.refusal`) is asked again, of what holds now: the owner may have
    moved, opened another account or closed the one that this one names.
    """
    user: User = application.user
    known = kinds.Known.of(user, besides=application)
    kind = AccountKind(application.account_kind)
    if has_it := kinds.has_it_already(known, kind):
        return has_it
    if kind == AccountKind.INDIVIDUAL and (known.source is None or known.source.account_kind == kind):
        return _taken(application)  # the kind that everybody may have
    if refused := kinds.refusal(known, kind):
        return refused
    if not suits_the_kind(application.answer):
        page = "" if application.holder_id else "eligibility"
        return NotTaxedHere(f"{ONLY_TAXED_HERE} You can open an individual account instead.", page)
    if not known.names_owner(application):
        return BegunBefore(BEGUN_BEFORE)
    return _taken(application)


def _taken(application: KycApplication) -> KindRefused | None:
    """What another application of the person has that this one needs for itself."""
    sub_type = application.answer("account_sub_type")
    if sub_type and sub_type in kinds.taken_sub_types(application):
        return HasItAlready(HAS_IRA, "retirement")
    address = str(application.answer("account_email") or "").casefold()
    if address and address in kinds.taken_addresses(application):
        return HasItAlready(ADDRESS_TAKEN, "account-email")
    return None


def check(application: KycApplication) -> None:
    """Raises `KindRefused` if something stands in the way."""
    if refused := find(application):
        raise refused
