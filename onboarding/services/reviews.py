"""What staff do about applications: take, note, ask, decide, send again; each with who did it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from brokerapp.accounts import services as accounts
from brokerapp.accounts.models import User
from brokerapp.accounts.statuses import FINAL_ACCOUNT
from brokerapp.in_hand import services as in_hand
from brokerapp.mailing.services import queue_mail
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow import jobs, state
from brokerapp.workflow.state import IllegalMove
from onboarding import steps
from onboarding.cases import CipRecord, KycAnswer, StaffRequest, Word, WordKind
from onboarding.models import KycApplication
from onboarding.services import cip, documents, kyc, obstacles, staff_mails
from onboarding.staff_reasons import REJECT_REASONS, STAFF_ASKED
from onboarding.statuses import AnswerStatus, ApplicationStatus, DocumentStatus


def take(*, application: KycApplication, by: User, over: bool = False, now: datetime) -> None:
    """Take an application in hand; with `over` from who has it. Raises `in_hand.TakenByAnother`."""
    with transaction.atomic():
        had = in_hand.take(row=application, by=by, over=over, now=now)
        if had != by.pk:
            _log(application, by, "taken over" if had else "taken")


def give_back(*, application: KycApplication, by: User) -> None:
    """Let others take an application; only who has it does."""
    with transaction.atomic():
        if in_hand.give_back(row=application, by=by):
            _log(application, by, "given back")


def write_note(*, application: KycApplication, text: str, by: User, now: datetime) -> Word:
    """Keep a note for staff; the person never sees it."""
    return Word.objects.create(application=application, kind=WordKind.NOTE, text=text, by_id=by.pk, at=now)


def ask(
    *, application: KycApplication, reasons: Sequence[str], text: str, by: User, now: datetime
) -> StaffRequest:
    """Ask the person for something, with a mail; an application that we approve goes back to them.

    Raises `IllegalMove` where nothing can be asked: it is not sent yet, or the account is ended.
    """
    with transaction.atomic():
        locked = _locked(application)
        if locked.account is None:
            # What was approved meanwhile may be with the broker: sent again it could be a second account.
            if locked.status != ApplicationStatus.IN_REVIEW:
                raise IllegalMove("It does not wait for us: nothing can be asked now.")
            state.move(locked, ApplicationStatus.NEEDS_CHANGES, by=by, reason=STAFF_ASKED)
        elif locked.account.status in FINAL_ACCOUNT:
            raise IllegalMove("The account is closed: nothing can be asked any more.")
        request = StaffRequest.objects.create(
            application=locked, reasons=list(reasons), text=text, asked_by_id=by.pk, asked_at=now
        )
        queue_mail(staff_mails.asking(locked, reasons, text))
        _log(locked, by, "asked", ", ".join(reasons))
        in_hand.put_down(locked)
    return request


def approve(*, application: KycApplication, reason: str, by: User, now: datetime) -> KycApplication:
    """Send an application to the broker, and after it how we made sure who the person is.

    Raises `IllegalMove` or `LostRace` if it does not wait for that, or cannot be sent any more.
    """
    with transaction.atomic():
        locked = _locked(application)
        if locked.status != ApplicationStatus.IN_REVIEW:
            raise IllegalMove("It does not wait for an approval.")
        _check_may_be_sent(locked)
        approved = {"approved_by_id": by.pk, "approved_at": now, "reason": reason[:500]}
        if not CipRecord.objects.filter(application=locked).update(**approved):
            record_of = CipRecord(application=locked, user_id=locked.user_id, **approved)
            state.start(record_of, by=by, reason=reason)
        state.move(
            locked,
            ApplicationStatus.SUBMITTING,
            by=by,
            reason=reason,
            claimed_at=None,
            send_after=now,
            failed_sends=0,
        )
        jobs.enqueue("onboarding.tasks.open_account", application_id=locked.pk)
        _log(locked, by, "approved", reason)
        in_hand.put_down(locked)
    return locked


def _check_may_be_sent(application: KycApplication) -> None:
    """Raises `IllegalMove` if what was answered would not be taken any more, since it was sent to us."""
    why = [f"{label}: {words}" for label, words in steps.wrong_today(application)]
    if not why:
        # What the broker has come to ask since is not answered in what waited for us.
        why = [f"“{page.title}” is not complete." for page in steps.incomplete_steps(application)]
    if obstacle := obstacles.find(application):
        why.append(str(obstacle))
    if why:
        raise IllegalMove(f"It cannot be sent to the broker any more. {' '.join(why)} Ask the person for it.")


def reject(*, application: KycApplication, why: str, text: str, by: User, now: datetime) -> KycApplication:
    """Turn an application down, for a typed reason, with a mail. Raises `IllegalMove` or `LostRace`."""
    with transaction.atomic():
        locked = _locked(application)
        said = lines_of_rejection(why, text)
        state.move(locked, ApplicationStatus.REJECTED, by=by, reason=" ".join(said))
        queue_mail(staff_mails.mail(staff_mails.REJECTED, application=locked, lines=said))
        _log(locked, by, "rejected", why)
        in_hand.put_down(locked)
    return locked


def lines_of_rejection(why: str, text: str) -> list[str]:
    """What a person is told who is turned down."""
    return [line for line in (REJECT_REASONS[why][1], text.strip()) if line]


def settle_word(*, word: Word, by: User, now: datetime) -> None:
    """What a person wrote is read, and nothing is left to do about it; so is what it answered."""
    with transaction.atomic():
        Word.objects.filter(pk=word.pk, settled_at=None).update(settled_at=now, settled_by_id=by.pk)
        request_id = word.code.partition(":")[2]
        if request_id:
            StaffRequest.objects.filter(pk=request_id, answered_at=None).update(answered_at=now)
        _log(word.application, by, f"{word.get_kind_display().lower()} settled")


def answer_appeal(
    *, application: KycApplication, text: str, look_again: bool, by: User, now: datetime
) -> None:
    """Answer an appeal, with a mail; with `look_again` an application that we turned down is open again.

    Raises `IllegalMove` where there is no appeal, or the broker turned it down, which only it can change.
    """
    with transaction.atomic():
        locked = _locked(application)
        word = Word.objects.filter(application=locked, kind=WordKind.APPEAL, settled_at=None).first()
        if word is None:
            raise IllegalMove("There is no appeal to answer.")
        if look_again:
            state.move(locked, ApplicationStatus.IN_REVIEW, by=by, reason="After an appeal.")
        Word.objects.filter(pk=word.pk).update(settled_at=now, settled_by_id=by.pk)
        queue_mail(staff_mails.mail(staff_mails.APPEAL_ANSWERED, application=locked, lines=[text]))
        _log(locked, by, "appeal taken up" if look_again else "appeal turned down")


def send_again(*, application: KycApplication, by: User, now: datetime) -> int:
    """Have sent what the broker refused, and found out what has no outcome; returns how much that is."""
    staff = {"staff_id": by.pk}
    sent = 0
    if application.status in (ApplicationStatus.UNKNOWN, ApplicationStatus.SUBMITTING):
        task = "settle_application" if application.claimed_at else "open_account"
        jobs.enqueue(f"onboarding.tasks.{task}", application_id=application.pk, **staff)
        sent += 1
    for document in application.documents.filter(status=DocumentStatus.REFUSED, dropped_at=None).defer(
        "content"
    ):
        documents.send_again(document=document, by=by, now=now)
        sent += 1
    refused = AnswerStatus.REFUSED
    for answer in application.kyc_answers.filter(status=refused):
        _again(answer, by, now)
        jobs.enqueue(kyc.SEND, answer_id=answer.pk)
        sent += 1
    for cip_record in CipRecord.objects.filter(application=application, status=refused):
        _again(cip_record, by, now)
        jobs.enqueue(cip.SEND, record_id=cip_record.pk)
        sent += 1
    if sent:
        _log(application, by, "sent again")
    return sent


def _again(row: KycAnswer | CipRecord, by: User, now: datetime) -> None:
    why = "Sent again by staff."
    state.move(row, AnswerStatus.SUBMITTING, by=by, reason=why, claimed_at=None, send_after=now)


def resync(*, application: KycApplication, by: User) -> None:
    """Have the application's outcome, or its account, read from the broker again."""
    if application.account is not None:
        accounts.read_again(account=application.account)
    elif application.status == ApplicationStatus.UNKNOWN:
        jobs.enqueue("onboarding.tasks.settle_application", application_id=application.pk, staff_id=by.pk)
    _log(application, by, "read again")


def _locked(application: KycApplication) -> KycApplication:
    return (
        KycApplication.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account", "user")
        .get(pk=application.pk)
    )


def _log(application: KycApplication, by: User, what: str, reason: str = "") -> None:
    record(
        Kind.APPLICATION_DECIDED,
        person=application.user_id,
        staff=by,
        obj=application,
        detail={"what": what},
        reason=reason,
    )
