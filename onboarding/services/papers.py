"""Papers of open accounts that end: their owners are asked for a new one, once for each paper and day."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import OPEN_ACCOUNT
from brokerapp.workflow import state, sweeps
from brokerapp.workflow.state import Process
from onboarding.cases import DuePaper
from onboarding.models import KycApplication
from onboarding.profile import ENDS, ending_papers, with_changes
from onboarding.services import profile
from onboarding.statuses import PaperStatus

AT_ONCE = 200
"""Accounts whose answers are decrypted together; when papers end is among the encrypted ones."""


def ask_again(*, now: datetime) -> int:
    """Ask for the papers that have ended or soon will; returns for how many. Run twice, it asks once.

    Of who is a citizen of the United States no paper is known that ends.
    """
    asked = 0
    with sweeps.lock("papers") as held:
        if held is None:
            return 0
        owners = KycApplication.objects.filter(account__status__in=OPEN_ACCOUNT)
        owners = owners.exclude(country_of_citizenship="USA").select_related("account")
        for owner in owners.iterator(chunk_size=AT_ONCE):
            asked += _ask(owner, timezone.localdate(now))
    return asked


def _ask(owner: KycApplication, today: date) -> int:
    """Write down what is asked of one owner, and that what was asked before is not any more."""
    account = owner.account
    assert account is not None, "only applications with an account are looked at"
    person = with_changes(owner, profile.applied_changes(account))
    ending = {(part.key, ends) for part, ends in ending_papers(person, today)}
    with transaction.atomic():
        known = DuePaper.objects.filter(account=account, part__in=ENDS)
        before = {(row.part, row.ends_on): row for row in known}
        for key in ending - set(before):
            _start(account, *key)
        _end(row for key, row in before.items() if key not in ending)
    return len(ending - set(before))


def _start(account: BrokerageAccount, part: str, ends_on: date) -> None:
    row = DuePaper(user_id=account.user_id, account=account, part=part, ends_on=ends_on)
    state.start(row, by=Process.SWEEP, reason="It ends soon, or has ended.")


def _end(rows: Iterable[DuePaper]) -> None:
    for row in rows:
        if row.status == PaperStatus.ASKED:
            state.move(row, PaperStatus.OVER, by=Process.SWEEP, reason="There is a newer one.")
