"""Proposing a decision that takes two, and another person's word on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, models, transaction

from brokerapp.decisions.models import DecisionStatus, StaffDecision
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow import state

CONFIRM = "decisions.confirm_staffdecision"
PROPOSE = "decisions.propose_staffdecision"


class AlreadyProposed(state.IllegalMove):
    """The same is proposed about this row already, and waits for a second person."""


class SamePerson(state.IllegalMove):
    """Who proposes does not confirm."""


@dataclass(frozen=True)
class Registered:
    """What can be decided: in words, whether it can be about a row now, and how it is done.

    `check` and `do` raise `IllegalMove` where the row is past it. `do` makes no call to the broker: it runs
    in the transaction that confirms the decision. With `takes_value` it is given the decision's value too.
    """

    label: str
    check: Callable[[Any], None]
    do: Callable[..., object]
    takes_value: bool = False


_registered: dict[str, Registered] = {}


def register(what: str, decision: Registered) -> None:
    """Let `what` be decided; called when the apps are ready."""
    _registered[what] = decision


def label_of(what: str) -> str:
    """How a decision is said."""
    return _registered[what].label if what in _registered else what


def propose(
    *, what: str, row: models.Model, by: AbstractBaseUser, reason: str, value: str = ""
) -> StaffDecision:
    """Write down what a member of staff proposes to do about a row, for another to decide.

    `value` is what the decision names besides the row: the id of which of several, say.

    Raises `AlreadyProposed`, and `IllegalMove` if the row is past it.
    """
    _registered[what].check(row)
    decision = StaffDecision(
        what=what,
        row_type=row._meta.label,
        row_id=str(row.pk),
        person_id=_person_of(row),
        value=value,
        reason=reason[:500],
        proposed_by_id=by.pk,
    )
    try:
        with transaction.atomic():
            state.start(decision, by=by, reason=reason)
            record(Kind.DECISION_PROPOSED, **_about(decision), staff=by, obj=row, reason=reason)
    except IntegrityError:
        raise AlreadyProposed("It is proposed already, and waits for somebody else.") from None
    return decision


def confirm(*, decision: StaffDecision, by: AbstractBaseUser, reason: str) -> StaffDecision:
    """A second person agrees, and it is done, both or neither.

    Raises `SamePerson`, and `IllegalMove` or `LostRace` if the decision or its row is past it.
    """
    if by.pk == decision.proposed_by_id:
        raise SamePerson("You proposed this: somebody else has to confirm it.")
    if by.pk == decision.person_id:
        raise SamePerson("This is about yourself: somebody else has to confirm it.")
    with transaction.atomic():
        row = apps.get_model(decision.row_type)._default_manager.get(pk=decision.row_id)
        confirmed = state.move(decision, DecisionStatus.CONFIRMED, by=by, reason=reason, decided_by_id=by.pk)
        registered = _registered[decision.what]
        said = f"Proposed by person {decision.proposed_by_id}: {decision.reason}"
        registered.do(row, by, said, *([decision.value] if registered.takes_value else []))
        record(Kind.DECISION_CONFIRMED, **_about(decision), staff=by, obj=row, reason=reason)
    return confirmed


def turn_down(*, decision: StaffDecision, by: AbstractBaseUser, reason: str) -> StaffDecision:
    """It is not done: somebody else says no, or who proposed it takes it back.

    Raises `IllegalMove` or `LostRace` if it is decided already.
    """
    with transaction.atomic():
        row = apps.get_model(decision.row_type)._default_manager.get(pk=decision.row_id)
        turned_down = state.move(
            decision, DecisionStatus.TURNED_DOWN, by=by, reason=reason, decided_by_id=by.pk
        )
        record(Kind.DECISION_TURNED_DOWN, **_about(decision), staff=by, obj=row, reason=reason)
    return turned_down


def _person_of(row: models.Model) -> int | None:
    """Whom a row is about: its `user_id`, or itself where it is a person."""
    return row.pk if isinstance(row, AbstractBaseUser) else getattr(row, "user_id", None)


def _about(decision: StaffDecision) -> dict[str, Any]:
    detail = {"what": decision.what, "decision": decision.pk, "proposed_by": decision.proposed_by_id}
    return {"person": decision.person_id, "detail": detail}
