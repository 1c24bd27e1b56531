"""Changes of an account's data by its owner: written down, sent once, settled by asking the broker."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from brokerapp.accounts.capabilities import Capability, check
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import apply_account_status, want_balances
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.alpaca.models import Account, UpdateAccountRequest
from brokerapp.broker.broker_clock import CLOCK_MARGIN, to_broker_time
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.state import Process
from brokerapp.workflow.writes import HasRequestId
from onboarding import agreements, payloads
from onboarding.models import Agreement, KycApplication, ProfileChange
from onboarding.profile import AGREEMENT_OF, ON_THE_W8BEN, PARTS, Part, with_changes
from onboarding.services import tax_forms
from onboarding.statuses import OPEN_CHANGE, ProfileChangeStatus

SEND = "onboarding.tasks.send_profile_change"


class ChangeUnderWay(Exception):
    """An earlier change of the same part has no outcome yet."""


@dataclass(frozen=True)
class Consent:
    """That the text of an agreement that was shown is agreed to: which, when, and from which address."""

    agreement: str
    revision: str
    signed_at: datetime
    ip_address: str

    def as_sent(self) -> dict[str, str]:
        """By the broker's names."""
        return {
            "agreement": self.agreement,
            "revision": self.revision,
            "signed_at": self.signed_at.isoformat(),
            "ip_address": self.ip_address,
        }


def current(account: BrokerageAccount) -> KycApplication:
    """What the broker has been told of the owner, with all changes that it took; not to be saved."""
    application = KycApplication.objects.select_related("user").get(account=account)
    return with_changes(application, applied_changes(account))


def applied_changes(account: BrokerageAccount) -> "Iterator[ProfileChange]":
    """The changes that the broker took, oldest first."""
    changes = ProfileChange.objects.filter(account=account, status=ProfileChangeStatus.APPLIED)
    return changes.order_by("status_at").iterator()


def newest_changes(account: BrokerageAccount) -> dict[str, ProfileChange]:
    """The newest change of each part, by the part's key."""
    newest = ProfileChange.objects.filter(account=account).order_by("part", "-created_at").distinct("part")
    return {change.part: change for change in newest}


def signed_agreements(account: BrokerageAccount) -> frozenset[str]:
    """The agreements that the broker has a signature under, at any revision."""
    signed = Agreement.objects.filter(application__account=account)
    return frozenset(signed.values_list("agreement", flat=True))


def request_change(
    *,
    account: BrokerageAccount,
    part: Part,
    answers: Mapping[str, Any],
    consent: Consent | None = None,
    by: User,
    now: datetime,
) -> ProfileChange:
    """Write down what is to change, and have it sent; a signature first, where one is needed.

    Raises `AccountRefused`, `ChangeUnderWay`, and `agreements.AgreementRevised` if what was shown is no
    longer what is signed.
    """
    if consent and agreements.text_of(consent.agreement).revision != consent.revision:
        raise agreements.AgreementRevised
    with transaction.atomic(durable=True):
        locked = BrokerageAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
        check(locked, Capability.CHANGE_PROFILE)
        parts = (part.key, AGREEMENT_OF.format(part=part.key))
        if locked.profile_changes.filter(part__in=parts, status__in=OPEN_CHANGE).exists():
            raise ChangeUnderWay
        signed = _write_consent(locked, part, consent, by=by, now=now) if consent else None
        row = ProfileChange(
            user_id=locked.user_id,
            account=locked,
            part=part.key,
            answers=_as_json(answers),
            follows=signed,
            created_at=now,
            send_after=now,
        )
        change = state.start(row, by=by, reason=part.title)
        jobs.enqueue(SEND, change_id=(signed or change).pk)
    return change


def _as_json(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they will be read from the database again."""
    kept = KycApplication()
    kept.keep_answers(answers)
    return {name: kept.answer(name) for name in answers}


def _write_consent(
    account: BrokerageAccount, part: Part, consent: Consent, *, by: User, now: datetime
) -> ProfileChange:
    row = ProfileChange(
        user_id=account.user_id,
        account=account,
        part=AGREEMENT_OF.format(part=part.key),
        answers={},
        signed=consent.as_sent(),
        created_at=now,
        send_after=now,
    )
    return state.start(row, by=by, reason=agreements.text_of(consent.agreement).title)


def body_of(change: ProfileChange) -> dict[str, Any]:
    """What a change tells the broker (`payloads.profile_body`)."""
    part = PARTS.get(change.part)
    person = current(change.account)
    person.keep_answers(change.answers)
    return payloads.profile_body(change, person, part.page.questions if part else ())


def send_change(
    *, change: ProfileChange, again_by: User | Process | None = None, now: datetime
) -> ProfileChange:
    """Send a waiting change, once (`writes.send`); one that follows another only when that was applied."""
    if change.follows and change.follows.status != ProfileChangeStatus.APPLIED:
        if change.follows.status == ProfileChangeStatus.REFUSED:
            reason, request_id = change.follows.status_reason, change.follows.last_request_id
            return writes.conclude(change, ProfileChangeStatus.REFUSED, reason=reason, request_id=request_id)
        return change
    if not body_of(change):  # a paper alone, which goes as a document
        return writes.conclude(change, ProfileChangeStatus.APPLIED, reason="", request_id="")
    return writes.send(
        change,
        call=_call_for(change, get_client(about=change)),
        apply=partial(_changed, change, asked_at=now),
        refuse=partial(_refused, change),
        again_by=again_by,
        now=now,
    )


def _call_for(change: ProfileChange, client: BrokerClient) -> Callable[[], HasRequestId]:
    body, account_id = body_of(change), change.account.broker_account_id
    if configuration := body.get("configuration"):
        return lambda: client.trading_accounts.configure(account_id, configuration)
    if options := body.get("options"):
        return lambda: client.accounts.request_options(account_id, options["level"])
    return lambda: client.accounts.update(account_id, UpdateAccountRequest.model_validate(body))


def _changed(change: ProfileChange, reply: HasRequestId, asked_at: datetime) -> ProfileChange:
    # In one step: nothing looks again at a change that is applied.
    with transaction.atomic():
        change = writes.conclude(change, ProfileChangeStatus.APPLIED, reason="", request_id=reply.request_id)
        _after(change, by=Process.REPLY)
    if isinstance(reply, Account):
        apply_account_status(account=change.account, reply=reply, asked_at=asked_at, by=Process.REPLY)
    return change


def _refused(change: ProfileChange, error: BrokerRejected) -> ProfileChange:
    change = writes.conclude(
        change, ProfileChangeStatus.REFUSED, reason=error.message, request_id=error.request_id
    )
    _wake_followers(change)
    return change


def _after(change: ProfileChange, *, by: User | Process) -> None:
    """What an applied change sets off: those that follow it, a new W-8BEN, balances with another limit.

    For use in a transaction.
    """
    if change.status != ProfileChangeStatus.APPLIED:
        return
    if change.signed:
        _keep_signature(change)
    _wake_followers(change)
    if ON_THE_W8BEN & set(change.answers):
        tax_forms.ask_again_after_change(change.account, by=by)
    if change.part == "margin":
        want_balances(account_id=change.account_id)


def _keep_signature(change: ProfileChange) -> None:
    """Keep the agreement that the broker has now with those that were signed with the application."""
    signed: dict[str, str] = dict(change.signed or {})
    Agreement.objects.update_or_create(
        application=KycApplication.objects.get(account_id=change.account_id),
        agreement=signed.pop("agreement"),
        defaults=signed,
    )


def _wake_followers(change: ProfileChange) -> None:
    for change_id in change.followers.values_list("pk", flat=True):
        jobs.enqueue(SEND, change_id=change_id)


def settle_change(*, change: ProfileChange, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Ask the broker what it has: all of the change, APPLIED; else it is sent again.

    A change sets members to values, so that the same change a second time does nothing more.
    """
    if writes.release_unsent(change, now=now):
        jobs.enqueue(SEND, change_id=change.pk)
        return
    is_there, request_id = _look(change, get_client(about=change))
    with transaction.atomic():
        locked = ProfileChange.objects.select_for_update(of=("self",), no_key=True).get(pk=change.pk)
        is_claimed = locked.status == ProfileChangeStatus.SUBMITTING and locked.claimed_at is not None
        if not is_claimed and locked.status != ProfileChangeStatus.UNKNOWN:
            return
        if is_there:
            applied = state.move(locked, ProfileChangeStatus.APPLIED, by=by, request_id=request_id)
            _after(applied, by=by)
            return
    send_change(change=change, again_by=by, now=now)


def _look(change: ProfileChange, client: BrokerClient) -> tuple[bool, str]:
    """Whether the broker has all of a change, and the Request ID of its answer."""
    body, account_id = body_of(change), change.account.broker_account_id
    if configuration := body.get("configuration"):
        kept = client.trading_accounts.get_configuration(account_id)
        return all(kept.says(name, value) for name, value in configuration.items()), kept.request_id
    if options := body.get("options"):
        asked = client.accounts.list_options_requests(account_id)
        # Any of the calls that sent it may have arrived, the first one too.
        earliest = to_broker_time(change.created_at) - CLOCK_MARGIN
        told = asked.options_approvals.whole()
        since = [row for row in told if row.created_at and row.created_at >= earliest]
        return any(row.requested_level == options["level"] for row in since), asked.request_id
    details = client.accounts.get_details(account_id)
    signed = {(row.get("agreement"), row.get("revision")) for row in details.said.get("agreements") or []}
    wanted = {(row["agreement"], row["revision"]) for row in body.pop("agreements", [])}
    has_all = all(details.says(path, value) for path, value in paths(body))
    return has_all and wanted <= signed, details.request_id


def paths(body: Mapping[str, Any], below: str = "") -> Iterator[tuple[str, Any]]:
    """Each member of a body with its path."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from paths(value, f"{below}{name}.")
        else:
            yield f"{below}{name}", value


def settle_changes(*, now: datetime) -> None:
    """Send what waits and settle what is unknown."""
    sweeps.sweep_calls(
        "profile changes",
        writes.waiting_to_be_sent(ProfileChange, now).select_related("account", "follows"),
        writes.without_outcome(ProfileChange, now).select_related("account", "follows"),
        send=lambda change: send_change(change=change, now=now),
        settle=lambda change: settle_change(change=change, now=now),
        failed=partial(writes.put_off, now=now),
    )
