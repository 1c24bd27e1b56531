"""What a person answers once the broker, or our staff, ask for something: stored, sent, settled by asking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import apply_account_status
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state, sweeps, writes
from brokerapp.workflow.state import Process
from onboarding import payloads
from onboarding.cards import STAFF, Card, cards_of
from onboarding.cases import KycAnswer, Word, WordKind
from onboarding.kyc_results import Asks, Paper
from onboarding.models import KycApplication
from onboarding.progress import is_rejected
from onboarding.services import documents
from onboarding.statuses import AnswerStatus

SEND = "onboarding.tasks.send_kyc_answer"


class NotAsked(Exception):
    """What was answered is not asked for any more."""


@dataclass(frozen=True)
class Reply:
    """What one card's form has: answers for the broker, words for our staff, a paper and of which kind."""

    answers: Mapping[str, Any]
    words: str = ""
    paper: Paper | None = None
    mime_type: str = ""
    content: bytes = b""


def cards(application: KycApplication) -> list[Card]:
    """What is asked of the person now; five queries at most, one of them for the account."""
    return cards_of(
        application.account,
        list(application.kyc_answers.all()),
        list(application.documents.defer("content")),
        list(application.words.filter(kind=WordKind.REPLY)),
        list(application.staff_requests.filter(answered_at=None)) if application.account else [],
    )


def answer_card(*, application: KycApplication, code: str, reply: Reply, by: User, now: datetime) -> None:
    """Keep what the person answers to one card, and have it sent: answers by PATCH, papers by upload.

    Raises `NotAsked` if the broker does not ask for it any more, and `rules.AnswerRefused` for a paper that
    cannot be taken.
    """
    with transaction.atomic(durable=True):
        locked = KycApplication.objects.select_for_update(of=("self",), no_key=True).get(pk=application.pk)
        card = next((card for card in cards(locked) if card.code == code), None)
        if card is None or not (card.state.is_to_do or card.takes_more):
            raise NotAsked(code)
        asked_as = "reject" if card.request.was_rejected else "indeterminate"
        if reply.paper is not None:
            documents.store_paper(
                application=locked,
                paper=reply.paper,
                mime_type=reply.mime_type,
                content=reply.content,
                answers_to=code,
                asked_as=asked_as,
            )
        if reply.words:
            Word.objects.create(
                application=locked, kind=WordKind.REPLY, code=code, text=reply.words, by_id=by.pk, at=now
            )
        elif code.startswith(STAFF):
            _tell_staff_of_paper(locked, code, by, now)
        if card.request.asks not in (Asks.NOTHING, Asks.WORDS):
            _start(locked, code, asked_as, reply.answers, by, now)


def _tell_staff_of_paper(application: KycApplication, code: str, by: User, now: datetime) -> None:
    text = "A paper was uploaded, without words."
    Word.objects.create(
        application=application, kind=WordKind.REPLY, code=code, text=text, by_id=by.pk, at=now
    )


def _start(
    application: KycApplication, code: str, asked_as: str, answers: Mapping[str, Any], by: User, now: datetime
) -> None:
    answer = KycAnswer(
        application=application,
        user_id=application.user_id,
        code=code,
        asked_as=asked_as,
        answers=payloads.as_json(answers),
        created_at=now,
    )
    state.start(answer, by=by, reason=code)
    jobs.enqueue(SEND, answer_id=answer.pk)


def send_answer(*, answer: KycAnswer, again_by: User | Process | None = None, now: datetime) -> KycAnswer:
    """Send one answer with `PATCH /v1/accounts/{account_id}`, once (`writes.send`).

    Answers of one application go one after the other, in the order in which they were given: each sets the
    whole list of disclosed details, so one that overtook another would take that one's out.
    """
    application = KycApplication.objects.select_related("account").get(pk=answer.application_id)
    earlier = KycAnswer.objects.filter(
        application=application,
        created_at__lt=answer.created_at,
        status__in=(AnswerStatus.SUBMITTING, AnswerStatus.UNKNOWN),
    )
    account = application.account
    if account is None or earlier.exists():
        return answer
    client = get_client(about=answer)
    answer = writes.send(
        answer,
        call=lambda: client.accounts.update(
            account.broker_account_id, payloads.account_change(application, answer.answers)
        ),
        apply=partial(_sent, answer, account, asked_at=now),
        refuse=partial(_refused, answer),
        again_by=again_by,
        now=now,
    )
    _send_next(application)
    return answer


def _send_next(application: KycApplication) -> None:
    waiting = KycAnswer.objects.filter(
        application=application, status=AnswerStatus.SUBMITTING, claimed_at__isnull=True
    )
    following = waiting.order_by("created_at").first()
    if following is not None:
        jobs.enqueue(SEND, answer_id=following.pk)


def _sent(
    answer: KycAnswer,
    account: BrokerageAccount,
    reply: Account,
    asked_at: datetime,
    by: Process = Process.REPLY,
) -> KycAnswer:
    """The broker has it: so does the application, and what the broker says of the account is taken over."""
    with transaction.atomic():
        application = KycApplication.objects.select_for_update(of=("self",), no_key=True).get(
            pk=answer.application_id
        )
        columns = application.keep_answers(payloads.answers_to_keep(application, answer.answers))
        application.save(update_fields=[*columns, "updated_at"])
        writes.conclude(answer, AnswerStatus.SENT, reason="", request_id=reply.request_id)
    apply_account_status(account=account, reply=reply, asked_at=asked_at, by=by)
    return answer


def _refused(answer: KycAnswer, error: BrokerRejected) -> KycAnswer:
    return writes.conclude(answer, AnswerStatus.REFUSED, reason=error.message, request_id=error.request_id)


def settle_answer(*, answer: KycAnswer, by: User | Process = Process.SWEEP, now: datetime) -> None:
    """Ask whether the account has what was answered: there, SENT; absent, sent again (it sets the same)."""
    if writes.release_unsent(answer, now=now):
        jobs.enqueue(SEND, answer_id=answer.pk)
        return
    application = KycApplication.objects.select_related("account").get(pk=answer.application_id)
    account = application.account
    assert account is not None, "only what is asked of an account is answered"
    reply = get_client(about=answer).accounts.get_details(account.broker_account_id)
    if payloads.has_change(reply, payloads.account_change(application, answer.answers)):
        found = Account.from_reply(reply.said, reply.request_id)
        _sent(answer, account, found, now, by=by if isinstance(by, Process) else Process.REPLY)
        _send_next(application)
        return
    send_answer(answer=answer, again_by=by, now=now)


def settle_answers(*, now: datetime) -> None:
    """Send what waits and settle what is unknown."""
    sweeps.sweep_calls(
        "KYC answers",
        writes.waiting_to_be_sent(KycAnswer, now),
        writes.without_outcome(KycAnswer, now),
        send=lambda answer: send_answer(answer=answer, now=now),
        settle=lambda answer: settle_answer(answer=answer, now=now),
        failed=partial(writes.put_off, now=now),
    )


class CannotAppeal(Exception):
    """There is nothing to appeal against, or an appeal is with our staff already."""


def appeal(*, application: KycApplication, reply: Reply, by: User, now: datetime) -> Word:
    """Keep why a rejected application should be looked at again, for staff; a paper goes to the broker.

    Raises `CannotAppeal`, and `rules.AnswerRefused` for a paper that cannot be taken.
    """
    with transaction.atomic():
        locked = (
            KycApplication.objects.select_for_update(of=("self",), no_key=True)
            .select_related("account")
            .get(pk=application.pk)
        )
        if not may_appeal(locked):
            raise CannotAppeal
        if reply.paper is not None:
            documents.store_paper(
                application=locked,
                paper=reply.paper,
                mime_type=reply.mime_type,
                content=reply.content,
                answers_to=WordKind.APPEAL,
                asked_as="reject",
            )
        return Word.objects.create(
            application=locked, kind=WordKind.APPEAL, text=reply.words, by_id=by.pk, at=now
        )


def may_appeal(application: KycApplication) -> bool:
    """Whether it was rejected and no appeal waits for our staff."""
    is_open = application.words.filter(kind=WordKind.APPEAL, settled_at=None).exists()
    return is_rejected(application, application.account) and not is_open
